// Where training stands: the epoch, and the place in the data. What a checkpoint keeps of it, fit takes up again.
import { ArgumentError, problem } from '../../errors.ts'
import { isDict } from '../tree.ts'

/** A place between two batches of a source. */
export interface DataPlace {
  /** How many passes over the data were begun before this one. */
  readonly pass: number
  /** The epoch in which the pass began: it chooses the order of shuffled arrays. */
  readonly passEpoch: number
  /** Batches of the pass that have been trained. */
  readonly taken: number
  /** What arrays are shuffled with; null for data that is not shuffled by fit. */
  readonly shuffleSeed: number | null
}

/** Where training stands, between two steps. `fit(data, { resume: position })` goes on from there. */
export interface TrainingPosition extends DataPlace {
  /** The epoch to go on with, counted from 0. */
  readonly epoch: number
  /** Steps of that epoch that are done. */
  readonly batch: number
}

/** Of a model that has not been trained since it was compiled. */
export const untrained: TrainingPosition = { epoch: 0, batch: 0, pass: 0, passEpoch: 0, taken: 0, shuffleSeed: null }

/** Beyond what training reaches; shuffling adds epochs and seeds, which must stay below 2^31. */
const greatest = 1e9

/** True for a value with all parts of a position, each a possible count. */
export function isPosition(value: unknown): value is TrainingPosition {
  if (!isDict(value)) return false
  const { shuffleSeed, ...counts } = value
  const isCount = (count: unknown): boolean =>
    Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= greatest
  const names = Object.keys(untrained).filter((name) => name !== 'shuffleSeed')
  return (shuffleSeed === null || isCount(shuffleSeed)) && names.every((name) => isCount(counts[name]))
}

/** @throws ArgumentError unless `resume` goes together with the other options of fit. */
export function checkResume(resume: TrainingPosition | undefined, initialEpoch: number | undefined): void {
  if (resume === undefined || initialEpoch === undefined) return
  const hint = 'The position tells the epoch'
  throw new ArgumentError(problem({ where: 'fit', expected: '`resume` or `initialEpoch`', received: 'both', hint }))
}
