// Batches of pictures from files, decoded straight to their places: stacking them afterwards would copy all of it.
import { tensor, type Tensor } from '../ops/index.ts'
import { mapOrdered, type Elements } from './concurrency.ts'
import { Dataset, UNKNOWN, type IterationOptions } from './dataset.ts'
import { type ElementSpec, mapSpec } from './element-spec.ts'
import type { Settings } from './image-options.ts'
import { PictureLoader } from './picture-loader.ts'
import type { PictureRoom } from './picture-room.ts'
import type { SkippedPictures } from './skipped-pictures.ts'
import { grouped } from './stages.ts'
import type { Element } from './structure.ts'

/** [n, 1] of numbers, or [n, classes] of ones and zeros, flat. */
function labelRows(mode: 'binary' | 'categorical', labels: readonly number[], classes: number): Float32Array {
  if (mode === 'binary') return Float32Array.from(labels)
  const rows = new Float32Array(labels.length * classes)
  labels.forEach((label, i) => {
    if (label >= 0 && label < classes) rows[i * classes + label] = 1
  })
  return rows
}

/** Batches under way or ready: while the last pictures of one are decoded, threads begin with the next. */
const batchesAhead = 3

/** A picture that was loaded. */
interface Loaded {
  readonly room: PictureRoom
  readonly place: number
  readonly label: number
}
interface Batch {
  readonly room: PictureRoom
  readonly labels: readonly number[]
}

/** `spec`: of one picture; `skipped`: takes pictures that cannot be read, in whose place the next ones come, or null: an error. */
export function pictureBatches(
  files: Dataset<[string, number]>,
  batchSize: number,
  classes: number,
  settings: Settings,
  spec: ElementSpec,
  skipped: SkippedPictures | null,
): Dataset {
  const { labelMode } = settings
  const loader = new PictureLoader(settings)
  const elementOf = (images: Tensor, labels: readonly number[]): Element => {
    if (labelMode === null) return images
    if (labelMode === 'int') return [images, tensor(Int32Array.from(labels))]
    const rows = labelRows(labelMode, labels, classes)
    return [images, tensor(rows, { shape: [labels.length, rows.length / labels.length] })]
  }
  const source = async function* (options: IterationOptions): Elements<Element> {
    let left = false
    const stopped = (): boolean => left || options.signal?.aborted === true
    const rooms = new Set<PictureRoom>()
    const load = async (group: readonly [string, number][]): Promise<Loaded[]> => {
      const paths = group.map(([path]) => path)
      const faults = new Set<number>()
      const onFault = (i: number, error: unknown): void => {
        if (skipped === null) throw error
        skipped.note(paths[i]!, error)
        faults.add(i)
      }
      const room = await loader.load(paths, stopped, onFault)
      rooms.add(room)
      return [...group.entries()].filter(([i]) => !faults.has(i)).map(([place, [, label]]) => ({ room, place, label }))
    }
    const groups = grouped(files.iterate(options), batchSize, false)
    try {
      for await (const { room, labels } of filledUp(mapOrdered(groups, load, batchesAhead), batchSize, loader, rooms)) {
        rooms.delete(room)
        const element = elementOf(room.tensor(), labels)
        let more = false
        try {
          yield element
          more = true
        } finally {
          // Before the tasks under way are waited for, not after.
          left = !more
        }
      }
    } finally {
      for (const room of rooms) room.drop()
    }
  }
  const said = (options: IterationOptions): Elements<Element> => skipped?.said(source(options)) ?? source(options)
  const count = skipped === null ? Math.ceil(files.cardinality() / batchSize) : UNKNOWN
  return new Dataset(said, count, () => mapSpec(spec, (shape) => [null, ...shape]))
}

/** Full batches, but for the last one. Rooms without gaps go through; from a gap on, batches are put together of the pictures of two or more. */
async function* filledUp(
  parts: Elements<Loaded[]>,
  batchSize: number,
  loader: PictureLoader,
  rooms: Set<PictureRoom>,
): Elements<Batch> {
  let waiting: Loaded[] = []
  const taken = async (count: number): Promise<Batch> => {
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    const labels = batch.map(({ label }) => label)
    const { room } = batch[0]!
    // Places ascend: as many pictures as the room has are all of them.
    if (room.pictures === count && batch.every((picture) => picture.room === room)) return { room, labels }
    const joined = await loader.room(count)
    batch.forEach((picture, i) => joined.copy(i, picture.room, picture.place))
    for (const emptied of new Set(batch.map((picture) => picture.room))) {
      if (waiting[0]?.room === emptied) continue
      rooms.delete(emptied)
      emptied.drop()
    }
    return { room: joined, labels }
  }
  for await (const part of parts) {
    waiting.push(...part)
    while (waiting.length >= batchSize) yield await taken(batchSize)
  }
  if (waiting.length > 0) yield await taken(waiting.length)
}
