// From pixels of 0..255 to what a model was trained on: the three ways of Keras' imagenet_utils.
import { problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import { isSymbolic } from '../layers/index.ts'
import { applyOperation } from '../models/index.ts'
import { toTensor } from '../ops/convert.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import type { SymbolicTensor } from './parts.ts'

/**
 * - `tf`: x / 127.5 - 1
 * - `torch`: x / 255, minus the mean of ImageNet's channels, by their deviation
 * - `caffe`: BGR instead of RGB, minus the mean of ImageNet's channels, not scaled
 * - `lite`: (x - 127) / 128 (EfficientNet-Lite)
 * - `none`: unchanged; the model scales by itself
 */
export type PreprocessingMode = 'tf' | 'torch' | 'caffe' | 'lite' | 'none'

/** What comes out for 0..255, channels taken together. */
export const valueRanges: Readonly<Record<PreprocessingMode, readonly [number, number] | null>> = {
  tf: [-1, 1],
  torch: null,
  caffe: null,
  lite: [-127 / 128, 1],
  none: [0, 255],
}

const torchMean = [0.485, 0.456, 0.406]
const torchDeviation = [0.229, 0.224, 0.225]
/** Blue, green, red. */
const caffeMean = [103.939, 116.779, 123.68]

type Values = TensorLike | SymbolicTensor

/** The operations that a mode needs, on tensors or on symbolic tensors. */
interface Arithmetic<T> {
  readonly subtract: (x: T, y: number | number[]) => T
  readonly divide: (x: T, y: number | number[]) => T
  readonly reverseChannels: (x: T) => T
}

const eager: Arithmetic<Tensor> = {
  subtract: ops.subtract,
  divide: ops.divide,
  reverseChannels: (x) => ops.flip(x, -1),
}
const symbolic: Arithmetic<SymbolicTensor> = {
  subtract: (x, y) => applyOperation('Subtract', [x, y]),
  divide: (x, y) => applyOperation('TrueDivide', [x, y]),
  reverseChannels: (x) => applyOperation('Flip', [x], { attributes: { axis: -1 } }),
}

function scale<T>(x: T, mode: PreprocessingMode, { subtract, divide, reverseChannels }: Arithmetic<T>): T {
  switch (mode) {
    case 'tf':
      return subtract(divide(x, 127.5), 1)
    case 'torch':
      return divide(subtract(divide(x, 255), torchMean), torchDeviation)
    case 'caffe':
      return subtract(reverseChannels(x), caffeMean)
    case 'lite':
      return divide(subtract(x, 127), 128)
    case 'none':
      return x
  }
}

/**
 * Pixels [height, width, 3] or [n, height, width, 3] in one of the modes; float32, except that `none` gives back its argument as a tensor.
 * @throws ShapeError for another rank, or channels that are not three where they are treated differently.
 */
export function preprocess(where: string, x: Values, mode: PreprocessingMode): Tensor | SymbolicTensor {
  const speaker = `preprocessInput of ${where}`
  const values = isSymbolic(x) ? x : toTensor(x, undefined, speaker)
  const { shape } = values
  const byChannel = mode === 'torch' || mode === 'caffe'
  if ((shape.length !== 3 && shape.length !== 4) || (byChannel && shape.at(-1) !== 3))
    throw new ShapeError(
      problem({
        where: speaker,
        expected: 'pictures of shape [height, width, 3] or [n, height, width, 3]',
        received: showShape(shape),
      }),
    )
  if (isSymbolic(values)) return scale(values, mode, symbolic)
  return mode === 'none' ? values : scale(ops.cast(values, 'float32'), mode, eager)
}
