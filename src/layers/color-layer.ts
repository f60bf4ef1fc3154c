// The range of values that pictures have, for the layers that change colours.
import { ArgumentError, problem } from '../errors.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import type { Config } from './config.ts'
import { RandomImageLayer, type RandomImageOptions, type Range } from './random-image.ts'

export interface ValueRange {
  /** Smallest and largest value of a picture. Default [0, 255]. */
  readonly valueRange?: readonly number[]
}
export interface ColorLayerOptions extends RandomImageOptions, ValueRange {}

/** @throws ArgumentError unless the option is a pair, the smaller first. */
export function valueRangeOption(where: string, range: unknown): Range {
  const [low, high] = Array.isArray(range) ? (range as unknown[]) : []
  if (typeof low === 'number' && typeof high === 'number' && low < high) return [low, high]
  throw new ArgumentError(problem({ where, expected: '`valueRange` to be a pair, the smaller first', received: range }))
}

/**
 * Values of one range as values of another. Keras's order of operations: where values are cut to whole numbers afterwards, the
 * last bit counts.
 */
export function moveRange(images: Tensor, [low, high]: Range, [newLow, newHigh]: Range): Tensor {
  if (low === newLow && high === newHigh) return images
  const unit = ops.divide(ops.subtract(images, low), high - low)
  return ops.add(ops.multiply(unit, newHigh - newLow), newLow)
}

/** A random layer that knows the range of its pictures' values. */
export abstract class ColorLayer<Parameters> extends RandomImageLayer<Parameters> {
  readonly valueRange: Range

  constructor(options: ColorLayerOptions) {
    super(options)
    this.valueRange = valueRangeOption(this.where, options.valueRange ?? [0, 255])
  }
  protected clip(images: Tensor): Tensor {
    return ops.clip(images, ...this.valueRange)
  }
  override getConfig(): Config {
    return { ...super.getConfig(), value_range: [...this.valueRange], seed: this.seed }
  }
}
