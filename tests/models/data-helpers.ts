// Datasets for tests: batches that can be iterated again and again, and records of who asked for what.
import { tensor, type Tensor } from '../../src/index.ts'
import { hostRandom } from '../../src/ops/index.ts'

export interface Batches extends AsyncIterable<[Tensor, Tensor]> {
  cardinality(): number
}

/** `samples` random rows with yes-or-no labels that depend on their first values, in batches. */
export function batches(
  samples: number,
  size: number,
  shape: readonly number[],
  scale: (value: number) => number = (value) => value,
): Batches {
  const random = hostRandom(11)
  const row = shape.reduce((a, b) => a * b, 1)
  const x = Float32Array.from({ length: samples * row }, () => scale(random.normal()))
  const y = Float32Array.from({ length: samples }, (_, i) => Number(x[i * row]! > scale(0)))
  return {
    cardinality: () => Math.ceil(samples / size),
    async *[Symbol.asyncIterator]() {
      for (let from = 0; from < samples; from += size) {
        await Promise.resolve()
        const to = Math.min(samples, from + size)
        yield [
          tensor(x.slice(from * row, to * row), { shape: [to - from, ...shape] }),
          tensor(y.slice(from, to), { shape: [to - from, 1] }),
        ]
      }
    },
  }
}
