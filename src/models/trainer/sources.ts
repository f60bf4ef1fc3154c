// From what the user gives to fit, evaluate and predict to a source of batches; checks that the options fit the kind of data.
import { ArgumentError, problem } from '../../errors.ts'
import { nextSeed } from '../../ops/index.ts'
import type { Nested } from '../tree.ts'
import { ArraySource } from './array-source.ts'
import type { SourceArrays } from './array-source.ts'
import { countSamples, isBatchData, readArrays, sliceRows } from './data.ts'
import type { BatchSource, HostArray } from './data.ts'
import { IterableSource } from './iterable-source.ts'

export interface DataRequest {
  readonly where: string
  readonly x: unknown
  readonly y?: unknown
  readonly sampleWeight?: unknown
  readonly batchSize?: number | null | undefined
  /** Steps an epoch, as far as given: without a batch size they decide it. */
  readonly steps?: number | null | undefined
  readonly shuffle?: boolean | 'batch'
  readonly validationSplit?: number | undefined
  readonly inputs: number | null
  readonly outputs: number | null
}

export interface Sources {
  readonly main: BatchSource
  /** The part that `validationSplit` holds out. */
  readonly heldOut: BatchSource | null
}

/** @throws ArgumentError for options that do not fit the data. */
export async function makeSources(request: DataRequest): Promise<Sources> {
  const { where, x, batchSize, steps } = request
  requireCount(where, 'batchSize', batchSize)
  requireCount(where, 'steps', steps)
  if (isBatchData(x)) {
    refuseWithBatches(request)
    return { main: new IterableSource(where, x), heldOut: null }
  }
  const arrays = await readAll(request)
  const samples = countSamples(where, { x: arrays.x, y: arrays.y, sampleWeight: arrays.sampleWeight })
  if (samples === 0)
    throw new ArgumentError(problem({ where, expected: 'at least one sample', received: 'empty arrays' }))
  const size = (count: number): number =>
    batchSize ?? (steps === null || steps === undefined ? 32 : Math.ceil(count / steps))
  const { validationSplit = 0, shuffle = false } = request
  const seed = shuffle === false ? 0 : nextSeed()
  if (validationSplit === 0) {
    return { main: new ArraySource(arrays, { samples, batchSize: size(samples), shuffle, seed }), heldOut: null }
  }
  const cut = splitAt(where, samples, validationSplit)
  const part = (from: number, to: number): SourceArrays => ({
    x: sliceRows(arrays.x, from, to),
    y: arrays.y === undefined ? undefined : sliceRows(arrays.y, from, to),
    sampleWeight: arrays.sampleWeight === undefined ? undefined : sliceRows(arrays.sampleWeight, from, to),
  })
  return {
    main: new ArraySource(part(0, cut), { samples: cut, batchSize: size(cut), shuffle, seed }),
    heldOut: new ArraySource(part(cut, samples), {
      samples: samples - cut,
      batchSize: size(cut),
      shuffle: false,
      seed: 0,
    }),
  }
}

/** The first sample that is held out: floor(n * (1 - split)), before any shuffling. */
function splitAt(where: string, samples: number, split: number): number {
  if (!(split > 0 && split < 1)) {
    throw new ArgumentError(problem({ where, expected: '`validationSplit` between 0 and 1', received: split }))
  }
  const cut = Math.floor(samples * (1 - split))
  if (cut > 0 && cut < samples) return cut
  const expected = 'samples on both sides of the split'
  throw new ArgumentError(problem({ where, expected, received: `validationSplit ${split} of ${samples} samples` }))
}

async function readAll({ where, x, y, sampleWeight, inputs, outputs }: DataRequest): Promise<SourceArrays> {
  const read = async (name: string, value: unknown, count: number | null): Promise<Nested<HostArray> | undefined> =>
    value === undefined || value === null ? undefined : await readArrays(`${where}, ${name}`, value, count)
  const arrays = await read('x', x, inputs)
  if (arrays === undefined) {
    throw new ArgumentError(
      problem({ where, expected: 'data', received: x, hint: 'Give arrays, a dataset or a generator' }),
    )
  }
  return {
    x: arrays,
    y: await read('y', y, outputs),
    sampleWeight: await read('sampleWeight', sampleWeight, outputs),
  }
}

function refuseWithBatches({ where, y, sampleWeight, batchSize, validationSplit }: DataRequest): void {
  const refuse = (name: string, hint: string): never => {
    throw new ArgumentError(
      problem({ where, expected: `no \`${name}\` beside a dataset or generator`, received: name, hint }),
    )
  }
  if (y !== undefined && y !== null) refuse('y', 'Let it yield [x, y]')
  if (sampleWeight !== undefined && sampleWeight !== null) refuse('sampleWeight', 'Let it yield [x, y, sampleWeight]')
  if (batchSize !== undefined && batchSize !== null) refuse('batchSize', 'Use batch() on the dataset')
  if (validationSplit !== undefined && validationSplit !== 0)
    refuse('validationSplit', 'Use take() and skip(), and validationData')
}

function requireCount(where: string, name: string, value: number | null | undefined): void {
  if (value === undefined || value === null || (Number.isInteger(value) && value > 0)) return
  throw new ArgumentError(problem({ where, expected: `\`${name}\` to be a whole number above 0`, received: value }))
}
