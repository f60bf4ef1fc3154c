// Rescaling: x * scale + offset, while training and otherwise.
import { ArgumentError, problem } from '../errors.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import type { Config } from './config.ts'
import { Layer, type LayerOptions, toFloat } from './layer.ts'
import type { SymbolicShape } from './nested.ts'

export interface RescalingOptions extends LayerOptions {
  /** One number, or one for each channel. */
  readonly scale: number | readonly number[]
  /** One number, or one for each channel; default 0. */
  readonly offset?: number | readonly number[]
}

/** Values of any type become float32, times `scale`, plus `offset`. `1/127.5` and `-1` map 0..255 to -1..1. */
export class Rescaling extends Layer {
  static override readonly className: string = 'Rescaling'
  readonly scale: number | readonly number[]
  readonly offset: number | readonly number[]

  constructor(options: RescalingOptions) {
    super(options)
    this.scale = this.#numbers('scale', options.scale)
    this.offset = this.#numbers('offset', options.offset ?? 0)
  }

  #numbers(option: string, value: unknown): number | readonly number[] {
    const numbers = (Array.isArray(value) ? value : [value]) as unknown[]
    if (numbers.length > 0 && numbers.every((n) => typeof n === 'number' && Number.isFinite(n)))
      return value as number | readonly number[]
    throw new ArgumentError(
      problem({ where: this.where, expected: `\`${option}\` to be a number or a list of numbers`, received: value }),
    )
  }

  override call(inputs: Tensor): Tensor {
    const scaled = ops.multiply(toFloat(inputs), this.scale)
    // Adding nothing would cost a pass over the picture and could turn -0 into 0.
    return this.offset === 0 ? scaled : ops.add(scaled, this.offset)
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape
  }
  override get recordsBuild(): boolean {
    return true
  }
  override getConfig(): Config {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset }
  }
}
