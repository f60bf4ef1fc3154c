// TimeDistributed: one layer applied to every step of a sequence.
import { problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import type { CallOptions } from './layer.ts'
import type { SymbolicShape } from './nested.ts'
import { Wrapper, type WrapperOptions } from './wrapper.ts'

export type TimeDistributedOptions = WrapperOptions

/** [N, T, ...] -> [N, T, ...]: the layer inside sees one step at a time. */
export class TimeDistributed extends Wrapper {
  static override readonly className: string = 'TimeDistributed'

  constructor(options: TimeDistributedOptions) {
    super(options)
    this.inputSpec = { minNdim: 3 }
  }

  #stepShape(inputShape: SymbolicShape): SymbolicShape {
    if (inputShape.length >= 3) return [inputShape[0]!, ...inputShape.slice(2)]
    throw new ShapeError(
      problem({
        where: this.where,
        expected: 'an input of rank 3 or more',
        received: `shape ${showShape(inputShape)}`,
      }),
    )
  }
  override build(inputShape: SymbolicShape): void {
    super.build(this.#stepShape(inputShape))
  }
  override call(inputs: Tensor, { training }: CallOptions): Tensor {
    const [examples, steps, ...rest] = inputs.shape as readonly [number, number, ...number[]]
    // Statistics of the batch (BatchNormalization) are those of one step; without such state all steps can be one batch.
    if (training && this.layer.weights.some((weight) => !weight.trainable) && this.layer.trainable) {
      const outputs = ops.unstack(inputs, 1).map((step) => this.layer.apply(step))
      return ops.stack(outputs, 1)
    }
    const output = this.layer.apply(ops.reshape(inputs, [examples * steps, ...rest]))
    return ops.reshape(output, [examples, steps, ...output.shape.slice(1)])
  }
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const step = this.layer.computeOutputShape(this.#stepShape(inputShape)) as SymbolicShape
    return [inputShape[0]!, inputShape[1]!, ...step.slice(1)]
  }
}
