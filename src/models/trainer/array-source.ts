// Cuts host arrays into batches, in order or shuffled anew each epoch.
import { hostRandom } from '../../ops/index.ts'
import { sliceRows, takeRows, toTensors } from './data.ts'
import type { Batch, BatchSource, HostArray } from './data.ts'
import type { Nested } from '../tree.ts'

export interface SourceArrays {
  readonly x: Nested<HostArray>
  readonly y: Nested<HostArray> | undefined
  readonly sampleWeight: Nested<HostArray> | undefined
}

export interface ArraySourceOptions {
  readonly samples: number
  readonly batchSize: number
  /** `batch`: whole batches change places, samples stay together. */
  readonly shuffle: boolean | 'batch'
  /** Chooses the orders; epoch e of equal seeds is shuffled equally. */
  readonly seed: number
}

export class ArraySource implements BatchSource {
  readonly restartable = true
  readonly cardinality: number
  shuffleSeed: number
  readonly #arrays: SourceArrays
  readonly #options: ArraySourceOptions

  constructor(arrays: SourceArrays, options: ArraySourceOptions) {
    this.#arrays = arrays
    this.#options = options
    this.shuffleSeed = options.seed
    this.cardinality = Math.ceil(options.samples / options.batchSize)
  }

  async *pass(epoch: number): AsyncGenerator<Batch, void, undefined> {
    const { samples, batchSize, shuffle } = this.#options
    const order = shuffle === false ? null : this.#order(epoch)
    for (let from = 0; from < samples; from += batchSize) {
      const to = Math.min(from + batchSize, samples)
      const cut = (arrays: Nested<HostArray> | undefined) => {
        if (arrays === undefined) return undefined
        return order === null ? toTensors(sliceRows(arrays, from, to)) : takeRows(arrays, order, from, to)
      }
      yield { x: cut(this.#arrays.x)!, y: cut(this.#arrays.y), sampleWeight: cut(this.#arrays.sampleWeight) }
    }
  }

  #order(epoch: number): Int32Array {
    const { samples, batchSize, shuffle } = this.#options
    const random = hostRandom((this.shuffleSeed + epoch) | 0)
    if (shuffle !== 'batch') return permutation(samples, (n) => random.int(n))
    // The last, smaller batch keeps its place, so that the others stay whole.
    const whole = Math.floor(samples / batchSize)
    const order = new Int32Array(samples)
    permutation(whole, (n) => random.int(n)).forEach((batch, place) => {
      for (let i = 0; i < batchSize; i++) order[place * batchSize + i] = batch * batchSize + i
    })
    for (let i = whole * batchSize; i < samples; i++) order[i] = i
    return order
  }
}

/** Fisher-Yates. */
function permutation(size: number, below: (n: number) => number): Int32Array {
  const order = Int32Array.from({ length: size }, (_, i) => i)
  for (let i = size - 1; i > 0; i--) {
    const j = below(i + 1)
    const moved = order[i]!
    order[i] = order[j]!
    order[j] = moved
  }
  return order
}
