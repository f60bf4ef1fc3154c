// Where pretrained weights come from: the record that stands beside each architecture, and the files that the package embeds.
import { readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { ArgumentError, FormatError, problem } from '../errors.ts'
import { decodeSafetensors, toFloat32 } from '../formats/safetensors.ts'
import type { Layer } from '../layers/index.ts'
import { tensor } from '../ops/index.ts'
import { warn } from '../platform/warn.ts'

export interface WeightsRecord {
  /** File in the package's assets/weights. */
  readonly file: string
  readonly sha256: string
  /** Bytes of the file. */
  readonly size: number
  readonly licence: string
  readonly source: string
}

/** Reads an embedded file. @throws FormatError if it is not the file that the record describes. */
export async function readEmbedded(record: WeightsRecord): Promise<Uint8Array> {
  const path = fileURLToPath(new URL(`../../assets/weights/${record.file}`, import.meta.url))
  const bytes = await readFile(path)
  const found = createHash('sha256').update(bytes).digest('hex')
  if (found !== record.sha256)
    throw new FormatError(
      problem({
        where: path,
        expected: `a file with SHA-256 ${record.sha256}`,
        received: found,
        hint: 'Install the package again',
      }),
    )
  return bytes
}

/** Reads a user's weight file. @throws ArgumentError if it cannot be read. */
export async function readWeightsFile(application: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    const expected = 'weights: "imagenet", null or the path of a safetensors file'
    const hint = error instanceof Error ? error.message : String(error)
    throw new ArgumentError(problem({ where: application, expected, received: path, hint }), { cause: error })
  }
}

const floats = ['F64', 'F32', 'F16', 'BF16']

/**
 * Assigns a safetensors file to a model's weights by name: `<layer>/<variable>`. Nothing is assigned unless everything fits.
 * @throws FormatError that lists every weight that is missing, left over or of another shape.
 */
export function assignByName(
  model: { readonly name: string; readonly layers: readonly Layer[] },
  bytes: Uint8Array,
  source: string,
): void {
  const { tensors } = decodeSafetensors(bytes, source)
  const left = new Set(tensors.keys())
  const wrong: string[] = []
  const assign: (() => void)[] = []
  for (const layer of model.layers) {
    for (const variable of layer.weights) {
      const name = `${layer.name}/${variable.name}`
      const stored = tensors.get(name)
      if (!stored) {
        wrong.push(`${name} is missing`)
        continue
      }
      left.delete(name)
      if (stored.shape.join() !== variable.shape.join())
        wrong.push(`${name} is [${stored.shape.join(', ')}] instead of [${variable.shape.join(', ')}]`)
      else if (!floats.includes(stored.dtype)) wrong.push(`${name} is ${stored.dtype} instead of a float type`)
      else assign.push(() => variable.assign(tensor(toFloat32(stored, name), { shape: variable.shape })))
    }
  }
  for (const name of left) wrong.push(`${name} has no place in the model`)
  if (wrong.length > 0) {
    const received = `a file in which ${wrong.length} weights do not fit`
    // In the hint, which is never cut.
    throw new FormatError(
      problem({ where: source, expected: `the weights of ${model.name}`, received, hint: wrong.join('; ') }),
    )
  }
  for (const apply of assign) apply()
}

/** Checks the input shape that applications take. */
export function obtainInputShape(
  application: string,
  inputShape: readonly (number | null)[] | undefined,
  {
    defaultSize,
    minSize,
    includeTop,
    pretrained,
  }: { defaultSize: number; minSize: number; includeTop: boolean; pretrained: boolean },
): (number | null)[] {
  const standard = [defaultSize, defaultSize, 3]
  if (inputShape === undefined) return includeTop ? standard : [null, null, 3]
  const fail = (expected: string): never => {
    throw new ArgumentError(problem({ where: application, expected, received: inputShape }))
  }
  if (inputShape.length !== 3) fail('an inputShape of three: [height, width, channels]')
  const [height, width, channels] = inputShape as [number | null, number | null, number | null]
  if (pretrained && channels !== 3) fail('an inputShape with 3 channels for pretrained weights')
  if (pretrained && includeTop && (height !== defaultSize || width !== defaultSize))
    fail(`the inputShape [${standard.join(', ')}] for pretrained weights with includeTop`)
  if (!pretrained && channels !== 1 && channels !== 3)
    warn(`${application}: an inputShape with ${channels} channels; pictures have 1 or 3`)
  for (const side of [height, width])
    if (side !== null && side < minSize) fail(`an inputShape of at least ${minSize}x${minSize}`)
  if (includeTop && (height === null || width === null)) fail('a known inputShape with includeTop')
  return [...inputShape]
}
