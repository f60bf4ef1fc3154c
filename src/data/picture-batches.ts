// Batches of pictures from files, decoded straight to their places: stacking them afterwards would copy all of it.
import { tensor, type Tensor } from '../ops/index.ts'
import { mapOrdered, type Elements } from './concurrency.ts'
import { Dataset, type IterationOptions } from './dataset.ts'
import { type ElementSpec, mapSpec } from './element-spec.ts'
import type { Settings } from './image-options.ts'
import { PictureLoader } from './picture-loader.ts'
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

/** `spec`: of one picture. */
export function pictureBatches(
  files: Dataset<[string, number]>,
  batchSize: number,
  classes: number,
  settings: Settings,
  spec: ElementSpec,
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
    const load = async (group: readonly [string, number][]): Promise<() => Element> => {
      const paths = group.map(([path]) => path)
      const labels = group.map(([, label]) => label)
      const images = await loader.load(paths, stopped)
      return () => elementOf(images(), labels)
    }
    const groups = grouped(files.iterate(options), batchSize, false)
    for await (const element of mapOrdered(groups, load, batchesAhead)) {
      let more = false
      try {
        yield element()
        more = true
      } finally {
        // Before the tasks under way are waited for, not after.
        left = !more
      }
    }
  }
  const count = Math.ceil(files.cardinality() / batchSize)
  return new Dataset(source, count, () => mapSpec(spec, (shape) => [null, ...shape]))
}
