// Elements of several datasets in turn: at random or by a list of choices.
import { ArgumentError, problem } from '../errors.ts'
import type { Tensor } from '../ops/index.ts'
import { whole } from '../platform/option-rules.ts'
import type { Elements } from './concurrency.ts'
import { requireArgument } from './dataset-arguments.ts'

/** Names the iteration whose turn it is; null: the end. */
export type Choice = (open: readonly boolean[]) => Promise<number | null> | number | null

/**
 * Elements of several iterations, from the one that `choose` names each time (null: the end). Of an iteration that has ended, and with
 * `stopOnEmpty` of all, nothing comes any more.
 */
export async function* picked<T>(
  iterations: readonly Elements<T>[],
  choose: Choice,
  stopOnEmpty: boolean,
): Elements<T> {
  const open = iterations.map(() => true)
  try {
    while (open.includes(true)) {
      const index = await choose(open)
      if (index === null) return
      if (open[index] !== true) continue
      const next = await iterations[index]!.next()
      if (!next.done) yield next.value
      else if (stopOnEmpty) return
      else open[index] = false
    }
  } finally {
    await Promise.all(iterations.map((iteration) => iteration.return()))
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Makes choices with these probabilities (default: equal) among the iterations that are open. @throws ArgumentError for wrong weights. */
export function weightedChoice(count: number, weights: readonly number[] = Array.from({ length: count }, () => 1)) {
  if (weights.length !== count || !weights.every((weight) => weight >= 0) || !(sum(weights) > 0)) {
    const expected = `a weight for each of ${count} datasets, not all 0`
    throw new ArgumentError(problem({ where: 'Dataset.sampleFromDatasets', expected, received: weights }))
  }
  return (random: { uniform(): number }): Choice =>
    (open) => {
      const shares = weights.map((weight, i) => (open[i] ? weight : 0))
      // What is left has no weight.
      if (sum(shares) === 0) return null
      let rest = random.uniform() * sum(shares)
      const chosen = shares.findIndex((share) => (rest -= share) < 0)
      return chosen >= 0 ? chosen : shares.findIndex((share) => share > 0)
    }
}

/** The indices that an iteration gives. */
export function givenChoice(count: number, order: Elements<Tensor>): Choice {
  return async () => {
    const next = await order.next()
    if (next.done) return null
    const index = await next.value.item()
    requireArgument('chooseFromDatasets', 'choices', index, whole(0, count - 1))
    return index
  }
}
