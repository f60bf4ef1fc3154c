// Batches of pictures from files, decoded straight to their places: stacking them afterwards would copy all of it.
import { tensor } from '../ops/index.ts'
import { mapOrdered, type Elements } from './concurrency.ts'
import { Dataset, type IterationOptions } from './dataset.ts'
import { decodeResized } from './decode-image.ts'
import { type ElementSpec, mapSpec } from './element-spec.ts'
import type { Settings } from './image-options.ts'
import { pictureAddon, readPicture } from './picture-addon.ts'
import { grouped } from './stages.ts'
import type { Element } from './structure.ts'

export type PixelArray = Uint8Array | Float32Array

/** Room for `count` pictures, of undefined content. As in TensorFlow, pixels that are only picked keep their type. */
export async function pixelArray(
  { uint8, interpolation, size, channels }: Settings,
  count: number,
): Promise<PixelArray> {
  const length = count * size[0] * size[1] * channels
  const bytes = uint8 || interpolation === 'nearest'
  const addon = await pictureAddon()
  if (addon === null) return bytes ? new Uint8Array(length) : new Float32Array(length)
  const memory = addon.functions.pixelBuffer(bytes ? length : length * 4)
  return bytes ? new Uint8Array(memory) : new Float32Array(memory)
}

/** Decodes a file to `target`, at the size that the settings want. */
export async function loadInto(path: string, settings: Settings, target: PixelArray): Promise<void> {
  const { size, channels, interpolation, fit, dct, maxPixels } = settings
  const plan = { size, method: interpolation, fit }
  const limits = maxPixels === undefined ? {} : { maxPixels }
  await decodeResized(await readPicture(path), { channels, dct, source: path, plan, ...limits }, target)
}

/** [n, 1] of numbers, or [n, classes] of ones and zeros, flat. */
function labelRows(mode: 'binary' | 'categorical', labels: readonly number[], classes: number): Float32Array {
  if (mode === 'binary') return Float32Array.from(labels)
  const rows = new Float32Array(labels.length * classes)
  labels.forEach((label, i) => {
    if (label >= 0 && label < classes) rows[i * classes + label] = 1
  })
  return rows
}

/** Pictures of one batch that are loaded at the same time. */
const loadsAtOnce = 4

/** `spec`: of one picture. */
export function pictureBatches(
  files: Dataset<[string, number]>,
  batchSize: number,
  classes: number,
  settings: Settings,
  spec: ElementSpec,
): Dataset {
  const { size, channels, labelMode } = settings
  const load = async (group: readonly [string, number][], stopped: () => boolean): Promise<Element> => {
    const pixels = await pixelArray(settings, group.length)
    const length = pixels.length / group.length
    let next = 0
    let failed = false
    const worker = async (): Promise<void> => {
      while (next < group.length && !failed && !stopped()) {
        const i = next++
        const place = pixels.subarray(i * length, (i + 1) * length)
        await loadInto(group[i]![0], settings, place).catch((error: unknown) => {
          failed = true
          throw error
        })
      }
    }
    await Promise.all(Array.from({ length: loadsAtOnce }, worker))
    const images = tensor(pixels, { shape: [group.length, ...size, channels] })
    if (labelMode === null) return images
    const labels = group.map(([, label]) => label)
    if (labelMode === 'int') return [images, tensor(Int32Array.from(labels))]
    const rows = labelRows(labelMode, labels, classes)
    return [images, tensor(rows, { shape: [group.length, rows.length / group.length] })]
  }
  const source = async function* (options: IterationOptions): Elements<Element> {
    let left = false
    try {
      const groups = grouped(files.iterate(options), batchSize, false)
      // Two at a time: while the last pictures of one are decoded, threads begin with the next.
      yield* mapOrdered(groups, (group) => load(group, () => left || options.signal?.aborted === true), 2)
    } finally {
      left = true
    }
  }
  const count = Math.ceil(files.cardinality() / batchSize)
  return new Dataset(source, count, () => mapSpec(spec, (shape) => [null, ...shape]))
}
