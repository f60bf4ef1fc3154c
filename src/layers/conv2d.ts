// Conv2D: a convolution (cross-correlation) over pictures.
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { BaseConv, type ConvOptions } from './conv-base.ts'
import { toFloat } from './layer.ts'
import type { Pair } from './pairs.ts'

/** Input [N, H, W, C]; weights: kernel [kh, kw, C / groups, filters], bias [filters]. */
export class Conv2D extends BaseConv {
  static override readonly className: string = 'Conv2D'

  constructor(options: ConvOptions) {
    super(2, options)
  }

  protected convolve(inputs: Tensor, kernel: Tensor): Tensor {
    return ops.conv(toFloat(inputs), kernel, {
      strides: this.window.strides as Pair,
      padding: this.window.padding as 'valid' | 'same',
      dilationRate: this.window.dilationRate as Pair,
      groups: this.groups,
    })
  }
}
