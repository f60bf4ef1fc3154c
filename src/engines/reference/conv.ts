// Convolution and its two backward directions: one loop over output pixels and kernel taps, channels innermost.
import type { ConvAttrs } from '../../graph/primitives.ts'
import type { Shape, TypedArray } from '../../graph/types.ts'
import { sizeOf } from '../../graph/types.ts'
import type { Kernels } from './kernel.ts'
import { allocateResult } from './storage.ts'

type Dims = readonly [number, number, number, number]

/** Sizes of sum(dy * conv(x, kernel)), of which all three primitives are a part. */
interface Geometry {
  readonly input: Dims
  readonly kernel: Dims
  readonly output: Dims
  readonly attrs: ConvAttrs
}

function geometry(input: Shape, kernel: Shape, output: Shape, attrs: ConvAttrs): Geometry {
  return { input: input as Dims, kernel: kernel as Dims, output: output as Dims, attrs }
}

/**
 * Calls `visit` for each pair of an output pixel and a tap of the kernel that reads a pixel inside the input: with the offsets of
 * the input pixel's channels and of the tap's [in / groups, out] matrix. `finish` follows when a pixel has had its taps.
 */
function forEachTap(
  { input, kernel, output, attrs }: Geometry,
  image: number,
  visit: (inputAt: number, kernelAt: number, outputAt: number) => void,
  finish: (outputAt: number) => void,
): void {
  const [, height, width, channels] = input
  const [kernelHeight, kernelWidth, inner] = kernel
  const [, outputHeight, outputWidth, filters] = output
  const { strides, padding, dilation } = attrs
  for (let oy = 0; oy < outputHeight; oy++) {
    for (let ox = 0; ox < outputWidth; ox++) {
      const outputAt = ((image * outputHeight + oy) * outputWidth + ox) * filters
      for (let ky = 0; ky < kernelHeight; ky++) {
        const y = oy * strides[0] - padding[0][0] + ky * dilation[0]
        if (y < 0 || y >= height) continue
        for (let kx = 0; kx < kernelWidth; kx++) {
          const x = ox * strides[1] - padding[1][0] + kx * dilation[1]
          if (x < 0 || x >= width) continue
          visit(((image * height + y) * width + x) * channels, (ky * kernelWidth + kx) * inner * filters, outputAt)
        }
      }
      finish(outputAt)
    }
  }
}

/** sums[o] += sum over i of x[i] kernel[i, o], group by group. */
function gatherTap(
  sums: Float64Array,
  x: TypedArray,
  xAt: number,
  kernel: TypedArray,
  kernelAt: number,
  inner: number,
  groups: number,
): void {
  const filters = sums.length
  if (inner === 1 && filters === groups) {
    for (let c = 0; c < filters; c++) sums[c] = sums[c]! + x[xAt + c]! * kernel[kernelAt + c]!
    return
  }
  const perGroup = filters / groups
  for (let group = 0; group < groups; group++) {
    const first = group * perGroup
    const last = first + perGroup
    let from = xAt + group * inner
    let row = kernelAt
    let i = 0
    // Four input channels a pass: the sums are loaded and stored a quarter as often.
    for (; i + 4 <= inner; i += 4, from += 4, row += 4 * filters) {
      const [x0, x1, x2, x3] = [x[from]!, x[from + 1]!, x[from + 2]!, x[from + 3]!]
      const [row1, row2, row3] = [row + filters, row + 2 * filters, row + 3 * filters]
      for (let o = first; o < last; o++) {
        sums[o] =
          sums[o]! + x0 * kernel[row + o]! + x1 * kernel[row1 + o]! + x2 * kernel[row2 + o]! + x3 * kernel[row3 + o]!
      }
    }
    for (; i < inner; i++, from++, row += filters) {
      const value = x[from]!
      for (let o = first; o < last; o++) sums[o] = sums[o]! + value * kernel[row + o]!
    }
  }
}

export const convKernels: Kernels<'conv' | 'convInputGrad' | 'convKernelGrad'> = {
  conv: (node, inputs) => {
    const [x, kernel] = inputs as [TypedArray, TypedArray]
    const { epilogue, groups } = node.attrs
    const shapes = geometry(node.inputs[0]!.shape, node.inputs[1]!.shape, node.shape, node.attrs)
    const [images, , , filters] = shapes.output
    const inner = shapes.kernel[2]
    const bias = epilogue?.bias ? inputs[2]! : null
    const residual = epilogue?.residual ? inputs[inputs.length - 1]! : null
    const [low, high] = (epilogue?.clamp ?? [-Infinity, Infinity]).map(Math.fround) as [number, number]
    const out = allocateResult('float32', sizeOf(node.shape))
    const sums = new Float64Array(filters)
    const finish = (outputAt: number): void => {
      for (let o = 0; o < filters; o++) {
        const value = sums[o]! + (bias === null ? 0 : bias[o]!) + (residual === null ? 0 : residual[outputAt + o]!)
        out[outputAt + o] = value < low ? low : value > high ? high : value
      }
      sums.fill(0)
    }
    const visit = (xAt: number, kernelAt: number): void => gatherTap(sums, x, xAt, kernel, kernelAt, inner, groups)
    for (let image = 0; image < images; image++) forEachTap(shapes, image, visit, finish)
    return out
  },
  // dx[i] += sum over o of dy[o] kernel[i, o], at each tap
  convInputGrad: (node, inputs) => {
    const [dy, kernel] = inputs as [TypedArray, TypedArray]
    const { groups } = node.attrs
    const shapes = geometry(node.attrs.inputShape, node.inputs[1]!.shape, node.inputs[0]!.shape, node.attrs)
    const [images, height, width, channels] = shapes.input
    const [, , inner, filters] = shapes.kernel
    const perGroup = filters / groups
    const out = allocateResult('float32', sizeOf(node.shape))
    // One image at a time, so that the float64 sums stay small.
    const pixels = height * width * channels
    const sums = new Float64Array(pixels)
    for (let image = 0; image < images; image++) {
      sums.fill(0)
      const origin = image * pixels
      const visit = (xAt: number, kernelAt: number, outputAt: number): void => {
        for (let c = 0; c < channels; c++) {
          const first = Math.floor(c / inner) * perGroup
          const row = kernelAt + (c % inner) * filters
          let sum = 0
          for (let o = first; o < first + perGroup; o++) sum += dy[outputAt + o]! * kernel[row + o]!
          sums[xAt - origin + c] = sums[xAt - origin + c]! + sum
        }
      }
      forEachTap(shapes, image, visit, () => undefined)
      out.set(sums, origin)
    }
    return out
  },
  // dkernel[i, o] += x[i] dy[o], at each tap
  convKernelGrad: (node, inputs) => {
    const [x, dy] = inputs as [TypedArray, TypedArray]
    const { groups } = node.attrs
    const shapes = geometry(node.inputs[0]!.shape, node.attrs.kernelShape, node.inputs[1]!.shape, node.attrs)
    const [images, , , channels] = shapes.input
    const [, , inner, filters] = shapes.kernel
    const perGroup = filters / groups
    const sums = new Float64Array(sizeOf(node.shape))
    const visit = (xAt: number, kernelAt: number, outputAt: number): void => {
      for (let c = 0; c < channels; c++) {
        const value = x[xAt + c]!
        const first = Math.floor(c / inner) * perGroup
        const row = kernelAt + (c % inner) * filters
        for (let o = first; o < first + perGroup; o++) sums[row + o] = sums[row + o]! + value * dy[outputAt + o]!
      }
    }
    for (let image = 0; image < images; image++) forEachTap(shapes, image, visit, () => undefined)
    const out = allocateResult('float32', sums.length)
    out.set(sums)
    return out
  },
}
