// ContrastLimitedAdaptiveHistogramEqualization: histogram equalization tile by tile.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { numberOption, sizesOption } from './checks.ts'
import { moveRange } from './color-layer.ts'
import type { Config } from './config.ts'
import { type AutoContrastOptions, LevelsLayer } from './equalization.ts'

export interface ClaheOptions extends AutoContrastOptions {
  /** How much fuller than the average a bin of the histogram may be; the rest is spread over all bins. 0: any. Default 4. */
  readonly clipLimit?: number
  /** Tiles down and across, default [8, 8]. */
  readonly tileGridSize?: readonly number[]
}

/**
 * Equalizes each channel of each picture with the histograms of the tiles around a pixel, interpolated between their centres.
 * Works at inference too, as in Keras.
 */
export class ContrastLimitedAdaptiveHistogramEqualization extends LevelsLayer {
  static override readonly className: string = 'ContrastLimitedAdaptiveHistogramEqualization'
  readonly clipLimit: number
  readonly tileGridSize: readonly [number, number]

  constructor(options: ClaheOptions = {}) {
    super(options)
    this.clipLimit = numberOption(this.where, 'clipLimit', options.clipLimit ?? 4)
    this.tileGridSize = sizesOption(this.where, 'tileGridSize', options.tileGridSize ?? [8, 8], 2) as [number, number]
  }
  protected override get alwaysActive(): boolean {
    return true
  }
  transformImages(images: Tensor): Tensor {
    const [n, height, width, channels] = images.shape as readonly [number, number, number, number]
    const [rows, columns] = this.tileGridSize
    const [tileHeight, tileWidth] = [Math.ceil(height / rows), Math.ceil(width / columns)]
    const [fullHeight, fullWidth] = [tileHeight * rows, tileWidth * columns]
    const values = moveRange(images, this.valueRange, [0, 255])
    const margins = [[0, 0], [0, fullHeight - height], [0, fullWidth - width], [0, 0]] as const // prettier-ignore
    const padded = ops.pad(values, margins, { mode: 'symmetric' })
    const pixels = ops.cast(ops.clip(padded, 0, 255), 'int32')
    const tables = this.#tables(ops.reshape(pixels, [n, rows, tileHeight, columns, tileWidth, channels]))

    const y = between(fullHeight, tileHeight, rows)
    const x = between(fullWidth, tileWidth, columns)
    // Bins of picture b, tile (i, j), channel c begin at (((b rows + i) columns + j) channels + c) 256.
    const picture = ops.reshape(ops.arange(0, n, 1, 'int32'), [n, 1, 1, 1])
    const channel = ops.reshape(ops.arange(0, channels, 1, 'int32'), [1, 1, 1, channels])
    const read = (i: Tensor, j: Tensor): Tensor => {
      const row = ops.add(ops.multiply(picture, rows), ops.reshape(i, [1, fullHeight, 1, 1]))
      const tile = ops.add(ops.multiply(row, columns), ops.reshape(j, [1, 1, fullWidth, 1]))
      const base = ops.multiply(ops.add(ops.multiply(tile, channels), channel), 256)
      return ops.take(tables, ops.add(base, pixels))
    }
    const mix = (a: Tensor, b: Tensor, weight: Tensor) =>
      ops.add(ops.multiply(a, ops.subtract(1, weight)), ops.multiply(b, weight))
    const across = ops.reshape(x.weight, [1, 1, fullWidth, 1])
    const top = mix(read(y.lower, x.lower), read(y.lower, x.upper), across)
    const bottom = mix(read(y.upper, x.lower), read(y.upper, x.upper), across)
    const result = mix(top, bottom, ops.reshape(y.weight, [1, fullHeight, 1, 1]))
    return moveRange(ops.slice(result, [0, 0, 0, 0], [n, height, width, channels]), [0, 255], this.valueRange)
  }

  /** New values of the bins of each tile, flat, from pixels [N, rows, height, columns, width, channels]. */
  #tables(pixels: Tensor): Tensor {
    const [n, rows, height, columns, width, channels] = pixels.shape as readonly number[] as Six
    const count = n * rows * columns * channels
    const starts = ops.arange(0, 256 * count, 256, 'int32')
    const bins = ops.add(pixels, ops.reshape(starts, [n, rows, 1, columns, 1, channels]))
    const flat = ops.reshape(bins, [-1])
    let histogram = ops.reshape(ops.scatterAdd(flat, ops.ones([flat.size]), 256 * count), [count, 256])
    if (this.clipLimit > 0) {
      const clipped = ops.clip(histogram, 0, (this.clipLimit * height * width) / 256)
      const excess = ops.sum(ops.subtract(histogram, clipped), { axis: 1, keepdims: true })
      histogram = ops.add(clipped, ops.divide(excess, 256))
    }
    const sums = ops.cumsum(histogram, { axis: 1 })
    const least = ops.min(sums, { axis: 1, keepdims: true })
    const rest = ops.subtract(height * width, least)
    const divisor = ops.where(ops.equal(rest, 0), 1, rest)
    const table = ops.divide(ops.multiply(ops.subtract(sums, least), 255), divisor)
    return ops.reshape(ops.clip(table, 0, 255), [-1])
  }
  override getConfig(): Config {
    const { clipLimit, tileGridSize } = this
    return { ...super.getConfig(), clip_limit: clipLimit, tile_grid_size: [...tileGridSize] }
  }
}
type Six = readonly [number, number, number, number, number, number]

/** For each of `size` pixels: the tiles whose centres are before and after it, and how near it is to the latter. */
function between(size: number, tile: number, tiles: number): { lower: Tensor; upper: Tensor; weight: Tensor } {
  const at = ops.divide(ops.subtract(ops.arange(0, size, 1, 'float32'), tile / 2), tile)
  const lower = ops.floor(at)
  const limited = (index: Tensor) => ops.cast(ops.clip(index, 0, tiles - 1), 'int32')
  return { lower: limited(lower), upper: limited(ops.add(lower, 1)), weight: ops.subtract(at, lower) }
}
