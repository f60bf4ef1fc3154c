// Values computed the slow way, element by element from the definition, to judge the reference engine by.
import type { ConvAttrs, PoolAttrs } from '../../src/graph/primitives.ts'
import type { Shape } from '../../src/graph/types.ts'
import { sizeOf } from '../../src/graph/types.ts'
import type { Tensor } from './case.ts'

/** All positions of a shape in row-major order. */
export function positions(shape: Shape): number[][] {
  return Array.from({ length: sizeOf(shape) }, (_, flat) => {
    const position = new Array<number>(shape.length)
    let rest = flat
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = rest % shape[axis]!
      rest = Math.floor(rest / shape[axis]!)
    }
    return position
  })
}

/** The element at a position; along axes of size 1 any index will do, and leading indices may be too many. */
export function at({ shape, data }: Tensor, position: readonly number[]): number {
  const own = position.slice(position.length - shape.length)
  return data[shape.reduce((flat, dim, axis) => flat * dim + (dim === 1 ? 0 : own[axis]!), 0)]!
}

/** One value for each position of `shape`. */
export function fill(shape: Shape, value: (position: number[]) => number): number[] {
  return positions(shape).map(value)
}

/** The element at (n, y, x, c), and `outside` beyond the image. */
function pixel(image: Tensor, n: number, y: number, x: number, c: number, outside: number): number {
  const [, h, w] = image.shape as [number, number, number, number]
  return y < 0 || y >= h || x < 0 || x >= w ? outside : at(image, [n, y, x, c])
}

export function conv(
  x: Tensor,
  kernel: Tensor,
  out: Shape,
  { strides, padding, dilation, groups }: ConvAttrs,
): number[] {
  const [kh, kw, inner] = kernel.shape as [number, number, number, number]
  return fill(out, (position) => {
    const [n, oy, ox, o] = position as [number, number, number, number]
    const group = Math.floor(o / (out[3]! / groups))
    return positions([kh, kw, inner]).reduce((sum, tap) => {
      const [ky, kx, i] = tap as [number, number, number]
      const y = oy * strides[0] + ky * dilation[0] - padding[0][0]
      const x0 = ox * strides[1] + kx * dilation[1] - padding[1][0]
      return sum + pixel(x, n, y, x0, group * inner + i, 0) * at(kernel, [ky, kx, i, o])
    }, 0)
  })
}

export function pool(
  x: Tensor,
  out: Shape,
  { window, strides, padding }: PoolAttrs,
  combine: (values: number[]) => number,
): number[] {
  return fill(out, (position) => {
    const [n, oy, ox, c] = position as [number, number, number, number]
    const values = positions(window).map(([wy, wx]) =>
      pixel(x, n, oy * strides[0] - padding[0][0] + wy!, ox * strides[1] - padding[1][0] + wx!, c, NaN),
    )
    return combine(values.filter((value) => !Number.isNaN(value)))
  })
}

export function matmul(a: Tensor, b: Tensor, out: Shape, transposeA: boolean, transposeB: boolean): number[] {
  const rank = out.length
  const k = a.shape[rank - (transposeA ? 2 : 1)]!
  return fill(out, (position) => {
    const [batch, i, j] = [position.slice(0, -2), position[rank - 2]!, position[rank - 1]!]
    let sum = 0
    for (let t = 0; t < k; t++) {
      sum += at(a, [...batch, ...(transposeA ? [t, i] : [i, t])]) * at(b, [...batch, ...(transposeB ? [j, t] : [t, j])])
    }
    return sum
  })
}

/** Calls `combine` with all the values that a reduction over `axes` puts together, for each result. */
export function reduce(x: Tensor, axes: readonly number[], combine: (values: number[]) => number): number[] {
  const kept = x.shape.filter((_, axis) => !axes.includes(axis))
  const lists = new Map<string, number[]>(fill(kept, () => 0).map((_, i) => [positions(kept)[i]!.join(), []]))
  positions(x.shape).forEach((position, i) => {
    lists.get(position.filter((_, axis) => !axes.includes(axis)).join())!.push(x.data[i]!)
  })
  return [...lists.values()].map(combine)
}
