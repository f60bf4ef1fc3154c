// The thousand classes of ImageNet: from predictions to names.
import { readFile } from 'node:fs/promises'
import { FormatError, problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import { toTensor } from '../ops/convert.ts'
import * as ops from '../ops/index.ts'
import type { TensorLike } from '../ops/index.ts'
import { whole, checkRules } from '../platform/option-rules.ts'
import type { OptionRule } from '../platform/option-rules.ts'
import { obtainFile } from './weights.ts'
import type { RemoteFile } from './weights.ts'

/** WordNet's number of the class, its name, and the score. */
export type Prediction = [id: string, name: string, score: number]

/** WordNet's number and the name of each class, by the class's index. */
export type ClassIndex = Readonly<Record<string, readonly [id: string, name: string]>>

export interface DecodeOptions {
  /** How many classes for each row; default 5. */
  readonly top?: number
  /** Default: the file that Keras uses, downloaded once and kept. */
  readonly classIndex?: ClassIndex
}

const classes = 1000
const where = 'decodePredictions'
const isName = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'string')
const optionRules: Readonly<Record<keyof DecodeOptions, OptionRule>> = {
  top: whole(0),
  classIndex: {
    expected: 'an object from the indices 0 to 999 to [WordNet number, name]',
    fits: (value) =>
      typeof value === 'object' &&
      value !== null &&
      Array.from({ length: classes }).every((_, i) => isName((value as Record<number, unknown>)[i])),
  },
}

export const classIndexFile: RemoteFile = {
  fileName: 'imagenet_class_index.json',
  url: 'https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json',
  md5: 'c2c37ea517e94d9795004a39431a14cb',
}

let downloaded: ClassIndex | null = null

/**
 * The best classes of each row of predictions [n, 1000], best first; of equal scores the class with the higher index first.
 * @throws ShapeError for predictions of another shape; ArgumentError for a wrong `top`; DownloadError if the names cannot be had.
 */
export async function decodePredictions(predictions: TensorLike, options: DecodeOptions = {}): Promise<Prediction[][]> {
  checkRules(where, options, optionRules, `${where}(predictions, { top: 3 })`)
  const { shape, ...values } = await read(predictions)
  const { top = 5 } = options
  const names = options.classIndex ?? (downloaded ??= await readClassIndex(await obtainFile(classIndexFile)))
  return Array.from({ length: shape[0]! }, (_, row) => {
    const scores = values.data.subarray(row * classes, (row + 1) * classes)
    return best(scores, top).map((index): Prediction => {
      const [id, name] = names[index]!
      return [id, name, scores[index]!]
    })
  })
}

async function read(predictions: TensorLike): Promise<{ shape: readonly number[]; data: Float32Array }> {
  const tensor = toTensor(predictions, undefined, where)
  const { shape } = tensor
  if (shape.length !== 2 || shape[1] !== classes)
    throw new ShapeError(
      problem({
        where,
        expected: 'predictions of an ImageNet classifier, of shape [n, 1000]',
        received: showShape(shape),
        hint: 'Models with other classes, or without the top, have names of their own',
      }),
    )
  return { shape, data: (await ops.cast(tensor, 'float32').data()) as Float32Array }
}

/** Indices of the greatest scores: what NumPy's stable argsort gives, backwards; NaN counts as greatest. */
function best(scores: Float32Array, count: number): number[] {
  const order = (a: number, b: number): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a))
    return b - a
  }
  return Array.from(scores.keys())
    .sort((i, j) => order(scores[i]!, scores[j]!) || j - i)
    .slice(0, count)
}

/** Reads and checks the file of class names. @throws FormatError if it is not one. */
export async function readClassIndex(path: string): Promise<ClassIndex> {
  const wrong = (received: unknown): never => {
    const expected = 'a JSON object from the indices 0 to 999 to [WordNet number, name]'
    throw new FormatError(problem({ where: path, expected, received, hint: 'Delete the file to download it again' }))
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    return wrong((error as Error).message)
  }
  if (typeof parsed !== 'object' || parsed === null) return wrong(parsed)
  const index = parsed as Record<string, unknown>
  for (let i = 0; i < classes; i++) {
    const entry = index[i]
    if (!isName(entry)) return wrong({ [i]: entry })
  }
  return parsed as ClassIndex
}
