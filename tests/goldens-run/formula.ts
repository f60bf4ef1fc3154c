// The formula weights and images of the goldens: see "Formula weights" in tests/goldens/README.md.
import { sizeOf } from '../../src/graph/types.ts'
import { tensor } from '../../src/ops/index.ts'
import type { Variable } from '../../src/ops/index.ts'

/** In [0, 1), exact: the 24 upper bits of a hash of tensor k, element i. */
export function uniform(k: number, i: number): number {
  let x = (Math.imul(i, 0x9e3779b1) + Math.imul(k, 0x85ebca77) + 0x01234567) >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  x = (x ^ (x >>> 16)) >>> 0
  return (x >>> 8) / 2 ** 24
}

function rangeOf(name: string, shape: readonly number[], gain: number): readonly [number, number] {
  if (name === 'moving_variance' || name === 'variance') return [0.8, 1.2]
  if (name === 'gamma') return [0.9, 1.1]
  if (['beta', 'moving_mean', 'bias', 'mean'].includes(name)) return [-0.1, 0.1]
  const [height = 1, width = 1] = shape
  const isDepthwise = shape.length === 4 && shape[3] === 1 && height * width > 1
  const a = gain * Math.sqrt(3 / (isDepthwise ? height * width : sizeOf(shape.slice(0, -1))))
  return [-a, a]
}

/** Gives every weight the values of the formula. */
export function fillWithFormula(weights: readonly Variable[], gain: number): void {
  weights.forEach((weight, k) => {
    const { shape, dtype, size } = weight
    const name = weight.path.split('/').at(-1)!
    if (name === 'count') {
      weight.assign(tensor(new Int32Array(size), { shape, dtype: 'int32' }))
      return
    }
    expect32(dtype)
    const [low, high] = rangeOf(name, shape, gain)
    const data = new Float32Array(size)
    for (let i = 0; i < size; i++) data[i] = low + (high - low) * uniform(k, i)
    weight.assign(tensor(data, { shape }))
  })
}

function expect32(dtype: string): void {
  if (dtype !== 'float32') throw new Error(`a weight of type ${dtype}`)
}

/** Images of blocks of 8x8 pixels with some noise, [count, height, width, channels]. */
export function formulaImages(
  count: number,
  [height, width, channels]: readonly [number, number, number],
  low: number,
  high: number,
): Float32Array {
  const images = new Float32Array(count * height * width * channels)
  let at = 0
  for (let j = 0; j < count; j++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < channels; c++) {
          const block = uniform(1_000_000 + j, ((y >> 3) * 1024 + (x >> 3)) * channels + c)
          const pixel = uniform(2_000_000 + j, (y * width + x) * channels + c)
          images[at++] = low + (high - low) * (0.75 * block + 0.25 * pixel)
        }
      }
    }
  }
  return images
}
