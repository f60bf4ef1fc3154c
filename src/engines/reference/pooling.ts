// Pooling over windows of pixels, and its gradients.
import type { PoolAttrs } from '../../graph/primitives.ts'
import type { Shape } from '../../graph/types.ts'
import { sizeOf } from '../../graph/types.ts'
import type { Kernels } from './kernel.ts'
import { allocateResult } from './storage.ts'

/** Calls `visit` with each window's output offset and the offsets of its pixels inside the input, row-major, at channel 0. */
function forEachWindow(
  input: Shape,
  output: Shape,
  { window, strides, padding }: PoolAttrs,
  visit: (outputAt: number, pixels: readonly number[]) => void,
): void {
  const [images, height, width, channels] = input as [number, number, number, number]
  const [, outputHeight, outputWidth] = output as [number, number, number, number]
  const pixels: number[] = []
  let outputAt = 0
  for (let image = 0; image < images; image++) {
    for (let oy = 0; oy < outputHeight; oy++) {
      const top = oy * strides[0] - padding[0][0]
      for (let ox = 0; ox < outputWidth; ox++) {
        const left = ox * strides[1] - padding[1][0]
        pixels.length = 0
        for (let y = Math.max(top, 0); y < Math.min(top + window[0], height); y++) {
          for (let x = Math.max(left, 0); x < Math.min(left + window[1], width); x++) {
            pixels.push(((image * height + y) * width + x) * channels)
          }
        }
        visit(outputAt, pixels)
        outputAt += channels
      }
    }
  }
}

export const poolingKernels: Kernels<'maxPool' | 'maxPoolGrad' | 'avgPool' | 'avgPoolGrad'> = {
  maxPool: (node, [x]) => {
    const channels = node.shape[3]!
    const out = allocateResult('float32', sizeOf(node.shape)).fill(-Infinity)
    forEachWindow(node.inputs[0]!.shape, node.shape, node.attrs, (outputAt, pixels) => {
      for (const pixel of pixels) {
        for (let c = 0; c < channels; c++) out[outputAt + c] = Math.max(out[outputAt + c]!, x![pixel + c]!)
      }
    })
    return out
  },
  maxPoolGrad: (node, [x, dy]) => {
    const channels = node.shape[3]!
    const sums = new Float64Array(x!.length)
    forEachWindow(node.shape, node.inputs[1]!.shape, node.attrs, (outputAt, pixels) => {
      for (let c = 0; c < channels; c++) {
        let best = pixels[0]!
        for (const pixel of pixels) if (x![pixel + c]! > x![best + c]!) best = pixel
        sums[best + c] = sums[best + c]! + dy![outputAt + c]!
      }
    })
    const out = allocateResult('float32', sums.length)
    out.set(sums)
    return out
  },
  avgPool: (node, [x]) => {
    const channels = node.shape[3]!
    const out = allocateResult('float32', sizeOf(node.shape))
    const sums = new Float64Array(channels)
    forEachWindow(node.inputs[0]!.shape, node.shape, node.attrs, (outputAt, pixels) => {
      sums.fill(0)
      for (const pixel of pixels) for (let c = 0; c < channels; c++) sums[c] = sums[c]! + x![pixel + c]!
      for (let c = 0; c < channels; c++) out[outputAt + c] = sums[c]! / pixels.length
    })
    return out
  },
  avgPoolGrad: (node, [dy]) => {
    const channels = node.shape[3]!
    const sums = new Float64Array(sizeOf(node.shape))
    forEachWindow(node.shape, node.inputs[0]!.shape, node.attrs, (outputAt, pixels) => {
      for (const pixel of pixels) {
        for (let c = 0; c < channels; c++) sums[pixel + c] = sums[pixel + c]! + dy![outputAt + c]! / pixels.length
      }
    })
    const out = allocateResult('float32', sums.length)
    out.set(sums)
    return out
  },
}
