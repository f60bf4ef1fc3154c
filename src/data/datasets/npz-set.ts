// Sets in one .npz file with x_train, y_train, x_test, y_test, the layout of keras.datasets.
import { basename } from 'node:path'
import { FormatError, problem } from '../../errors.ts'
import { decodeNpz } from '../../formats/npy.ts'
import type { NpyArray, NpzOptions } from '../../formats/npy.ts'
import { arraySource } from './array-source.ts'
import type { ExampleArray, SplitArrays } from './array-source.ts'
import { classLabel, image, tensorFeature } from './features.ts'
import type { FeatureSpec } from './features.ts'
import type { ExampleSource } from './source.ts'

export interface NpzSetOptions extends NpzOptions {
  /** Default: as many classes as the largest label needs, without names. */
  readonly classNames?: readonly string[]
}

/** A part of the examples, for all splits: what it is, and the shape of one. */
interface Part {
  readonly key: string
  readonly spec: FeatureSpec
  readonly shape: readonly number[]
}

/**
 * The splits of a .npz file: each pair `x_<split>`, `y_<split>` of arrays with one example along their first axis, in their order.
 * uint8 arrays of pictures are `image` (height, width, channels; grey ones get their axis), other inputs `features`. Whole numbers, one for
 * each example, are classes, `label`; other targets keep their shape. @throws FormatError for arrays that do not belong together.
 */
export async function openNpzSet(path: string, options: NpzSetOptions = {}): Promise<ExampleSource> {
  const { classNames, ...limits } = options
  const arrays = await decodeNpz(path, path, limits)
  const fail = (expected: string, received: unknown): never => {
    throw new FormatError(problem({ where: path, expected, received }))
  }
  const names = [...arrays.keys()].flatMap((name) => /^x_([\p{L}\p{N}_]+)$/u.exec(name)?.[1] ?? [])
  const pairs = names.map((split) => {
    const [x, y] = [arrays.get(`x_${split}`)!, arrays.get(`y_${split}`)]
    if (y === undefined) return fail(`an array y_${split} beside x_${split}`, [...arrays.keys()])
    if (x.shape.length === 0 || y.shape.length === 0 || x.shape[0] !== y.shape[0])
      return fail(`one example of y_${split} for each of x_${split}`, [x.shape, y.shape])
    return { split, x, y }
  })
  const [first] = pairs
  if (first === undefined) return fail('arrays x_train and y_train, or of other splits', [...arrays.keys()])
  for (const [part, { x, y }] of pairs.entries())
    for (const [array, model] of [[x, first.x], [y, first.y]] as const) // prettier-ignore
      if (array.dtype !== model.dtype || array.shape.slice(1).join() !== model.shape.slice(1).join())
        fail(`splits of one shape and dtype: ${model.dtype} [${model.shape.slice(1).join(', ')}]`, [pairs[part]!.split, array.dtype, array.shape.slice(1)]) // prettier-ignore
  const input = inputPart(first.x)
  const labels = pairs.map(({ y }) => y)
  const target = targetPart(labels, classNames, fail)
  const splits = new Map<string, SplitArrays>()
  for (const { split, x, y } of pairs) {
    const order = Array.from({ length: x.shape[0]! }, (_, i) => i)
    splits.set(split, { input: slicesOf(x, input), target: slicesOf(y, target), order })
  }
  const features = { [input.key]: input.spec, [target.key]: target.spec }
  const supervisedKeys = [input.key, target.key] as const
  return arraySource({ name: basename(path, '.npz'), version: '1.0.0', features, supervisedKeys }, splits)
}

function slicesOf({ data, dtype }: NpyArray, { shape, spec }: Part): ExampleArray {
  return spec.kind === 'label' ? { data: new Int32Array(data), shape, dtype: 'int32' } : { data, shape, dtype }
}

function inputPart({ dtype, shape: [, ...shape] }: NpyArray): Part {
  const channels = shape.length === 2 ? 1 : shape[2]
  const picture = dtype === 'uint8' && (shape.length === 2 || shape.length === 3)
  if (picture && (channels === 1 || channels === 3 || channels === 4))
    return { key: 'image', spec: image({ channels }), shape: [shape[0]!, shape[1]!, channels] }
  return { key: 'features', spec: tensorFeature(dtype, shape), shape }
}

function targetPart(
  arrays: readonly NpyArray[],
  classNames: readonly string[] | undefined,
  fail: (expected: string, received: unknown) => never,
): Part {
  const { dtype, shape: [, ...shape] } = arrays[0]! // prettier-ignore
  // CIFAR's labels have an axis of one.
  if (dtype === 'float32' || shape.some((size) => size !== 1)) {
    if (classNames !== undefined) fail('whole numbers as labels, because classNames are given', [dtype, ...shape])
    return { key: 'label', spec: tensorFeature(dtype, shape), shape }
  }
  let largest = 0
  for (const { data } of arrays)
    for (const label of data) {
      if (label < 0 || (classNames !== undefined && label >= classNames.length))
        fail(`classes from 0 to ${(classNames?.length ?? Infinity) - 1}`, label)
      largest = Math.max(largest, label)
    }
  return { key: 'label', spec: classLabel(classNames ?? largest + 1), shape: [] }
}
