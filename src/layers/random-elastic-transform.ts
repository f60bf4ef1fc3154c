// RandomElasticTransform: every pixel is read a little beside its place, neighbours about equally far.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { ColorLayer, type ColorLayerOptions } from './color-layer.ts'
import { choiceOption, numberOption } from './checks.ts'
import type { Config } from './config.ts'
import { type Factor, factorOption, perImage, type Range, type SamplingOptions, within } from './random-image.ts'

export interface RandomElasticTransformOptions extends SamplingOptions, ColorLayerOptions {
  /** Probability that a picture is distorted: a number f draws it from [0, f], a pair from that range. Default 1. */
  readonly factor?: Factor
  /** How strong, the same for all pictures of a batch: a number f draws from [0, f], a pair from that range; within [0, 1]. Default 1. */
  readonly scale?: Factor
}
interface Elastic {
  readonly applyTransform: Tensor
  readonly distortionFactor: Tensor
  readonly noise: Tensor
}

/** Distorts some pictures as if they were printed on rubber. Simard et al. 2003. */
export class RandomElasticTransform extends ColorLayer<Elastic> {
  static override readonly className: string = 'RandomElasticTransform'
  readonly factor: Range
  readonly scale: Range
  readonly interpolation: 'bilinear' | 'nearest'
  readonly fillMode: FillMode
  readonly fillValue: number

  constructor(options: RandomElasticTransformOptions = {}) {
    super(options)
    this.factor = factorOption(this.where, 'factor', options.factor ?? 1, [0, 1])
    this.scale = factorOption(this.where, 'scale', options.scale ?? 1, [0, 1])
    const methods = ['bilinear', 'nearest'] as const
    this.interpolation = choiceOption(this.where, 'interpolation', options.interpolation ?? 'bilinear', methods)
    const modes = ['reflect', 'constant', 'nearest', 'wrap'] as const
    this.fillMode = choiceOption(this.where, 'fillMode', options.fillMode ?? 'reflect', modes)
    this.fillValue = numberOption(this.where, 'fillValue', options.fillValue ?? 0)
  }
  /** `applyTransform`: bool [N]; `distortionFactor`: a scalar; `noise`: normally distributed, [2, N, H, W], across and down. */
  getRandomTransformation(images: Tensor, seeds: ops.SeedGenerator = this.seedGenerator): Elastic {
    const [n, height, width] = images.shape as readonly [number, number, number, number]
    const applyTransform = this.chances(n, this.factor, seeds)
    const [draw] = this.draws(1, 1, seeds)
    const noise = ops.randomNormal([2, n, height, width], { seed: seeds.next() })
    return { applyTransform, distortionFactor: ops.reshape(within(draw!, this.scale), []), noise }
  }
  transformImages(images: Tensor, parameters: Elastic): Tensor {
    return this.clip(this.#distort(images, parameters, this.interpolation))
  }
  override transformSegmentationMasks(masks: Tensor, parameters: Elastic): Tensor {
    return this.#distort(masks, parameters, 'nearest')
  }

  #distort(images: Tensor, parameters: Elastic, interpolation: 'bilinear' | 'nearest'): Tensor {
    const { applyTransform, distortionFactor, noise } = parameters
    const [n, height, width] = images.shape as readonly [number, number, number, number]
    const alpha = ops.multiply(distortionFactor, Math.max(height, width) * 0.1)
    const most = Math.min(height, width) * 0.05
    const sigma = ops.multiply(distortionFactor, most)
    const wide = ops.reshape(ops.multiply(noise, sigma), [2 * n, height, width, 1])
    // Where the strength is drawn the kernel has the largest size, with zeros outside of the size of the strength.
    const kernel = gaussian(sigma, 3 * Math.floor(Math.fround(most * this.scale[1]) + 1e-6))
    const size = kernel.shape[0]!
    const down = ops.conv(wide, ops.reshape(kernel, [size, 1, 1, 1]), { padding: 'same' })
    const smooth = ops.conv(down, ops.reshape(kernel, [1, size, 1, 1]), { padding: 'same' })
    const [dx, dy] = ops.unstack(ops.reshape(smooth, [2, n, height, width])) as [Tensor, Tensor]
    const x = ops.add(ops.reshape(ops.arange(0, width, 1, 'float32'), [1, 1, width]), ops.multiply(alpha, dx))
    const y = ops.add(ops.reshape(ops.arange(0, height, 1, 'float32'), [1, height, 1]), ops.multiply(alpha, dy))
    const distorted = readAt(images, y, x, { interpolation, fillMode: this.fillMode, fillValue: this.fillValue })
    return ops.where(perImage(applyTransform), distorted, images)
  }
  override getConfig(): Config {
    const { factor, scale, interpolation, fillMode, fillValue } = this
    const fill = { fill_mode: fillMode, fill_value: fillValue }
    return { ...super.getConfig(), factor: [...factor], scale: [...scale], interpolation, ...fill }
  }
}
type FillMode = NonNullable<SamplingOptions['fillMode']>

/** exp(-(x / sigma)^2 / 2) at the whole numbers of [-reach, reach] that are within 3 floor(sigma), with sum 1. */
function gaussian(sigma: Tensor, reach: number): Tensor {
  const x = ops.arange(-reach, reach + 1, 1, 'float32')
  const safe = ops.where(ops.greater(sigma, 0), sigma, 1)
  const near = ops.lessEqual(ops.abs(x), ops.multiply(ops.floor(sigma), 3))
  const weights = ops.where(near, ops.exp(ops.multiply(ops.square(ops.divide(x, safe)), -0.5)), 0)
  return ops.divide(weights, ops.sum(weights))
}

interface Reading {
  readonly interpolation: 'bilinear' | 'nearest'
  readonly fillMode: FillMode
  readonly fillValue: number
}

/** Pictures [N, H, W, C] read at rows y and columns x, each [N, H, W]; Keras's `map_coordinates` of each channel. */
function readAt(images: Tensor, y: Tensor, x: Tensor, { interpolation, fillMode, fillValue }: Reading): Tensor {
  const [n, height, width, channels] = images.shape as readonly [number, number, number, number]
  const flat = ops.reshape(images, [n * height * width, channels])
  const first = ops.reshape(ops.arange(0, n * height * width, height * width, 'int32'), [n, 1, 1])
  let result: Tensor | null = null
  for (const row of neighbours(y, interpolation)) {
    for (const column of neighbours(x, interpolation)) {
      const [atRow, rowInside] = placed(row.index, height, fillMode)
      const [atColumn, columnInside] = placed(column.index, width, fillMode)
      const index = ops.add(ops.add(ops.multiply(atRow, width), atColumn), first)
      const read = ops.take(flat, index, 0)
      const inside = ops.expandDims(ops.logicalAnd(rowInside, columnInside), -1)
      const value = fillMode === 'constant' ? ops.where(inside, read, fillValue) : read
      const weighted = ops.multiply(value, ops.expandDims(ops.multiply(row.weight, column.weight), -1))
      result = result === null ? weighted : ops.add(result, weighted)
    }
  }
  return result!
}

function neighbours(at: Tensor, interpolation: 'bilinear' | 'nearest'): { index: Tensor; weight: Tensor }[] {
  if (interpolation === 'nearest') return [{ index: ops.round(at), weight: ops.onesLike(at) }]
  const lower = ops.floor(at)
  const above = ops.subtract(at, lower)
  return [
    { index: lower, weight: ops.subtract(1, above) },
    { index: ops.add(lower, 1), weight: above },
  ]
}

/** A whole number brought into [0, size) by the fill mode, as int32, and whether it was there. */
function placed(index: Tensor, size: number, fillMode: FillMode): [index: Tensor, inside: Tensor] {
  const inside = ops.logicalAnd(ops.greaterEqual(index, 0), ops.less(index, size))
  let at: Tensor
  if (fillMode === 'wrap') at = ops.mod(index, size)
  else if (fillMode === 'reflect') {
    // Keras takes the absolute value first, so that -1 is read at 1; beyond the other border the last pixel comes twice.
    const turn = ops.mod(ops.abs(index), 2 * size)
    at = ops.where(ops.less(turn, size), turn, ops.subtract(2 * size - 1, turn))
  } else at = ops.clip(index, 0, size - 1)
  return [ops.cast(at, 'int32'), inside]
}
