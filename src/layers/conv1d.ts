// Conv1D: a convolution over sequences, computed as one over pictures of height 1.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { asPicture, BaseConv, type ConvOptions, fromPicture, pictureWindow } from './conv-base.ts'
import { toFloat } from './layer.ts'

export interface Conv1DOptions extends Omit<ConvOptions, 'padding'> {
  /** `valid` (default), `same`, or `causal`: output t sees nothing after input t. */
  readonly padding?: 'valid' | 'same' | 'causal'
}

/** Input [N, L, C]; weights: kernel [k, C / groups, filters], bias [filters]. */
export class Conv1D extends BaseConv {
  static override readonly className: string = 'Conv1D'

  constructor(options: Conv1DOptions) {
    super(1, options, ['valid', 'same', 'causal'])
  }

  protected convolve(inputs: Tensor, kernel: Tensor): Tensor {
    const { kernelSize, padding, dilationRate } = this.window
    const before = dilationRate[0]! * (kernelSize[0]! - 1)
    const product = ops.conv(asPicture(toFloat(inputs)), ops.expandDims(kernel, 0), {
      ...pictureWindow(this.window),
      padding:
        padding === 'causal'
          ? [
              [0, 0],
              [before, 0],
            ]
          : padding,
      groups: this.groups,
    })
    return fromPicture(product, 1)
  }
}
