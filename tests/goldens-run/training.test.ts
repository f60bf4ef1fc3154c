// Training against real Keras: trajectories, transfer learning, fit, multiple outputs, callbacks, weight lists.
import { describe, test } from 'vitest'
import { runCallback } from './training-callbacks.ts'
import { runFitCallback } from './training-fit-callbacks.ts'
import { runFit, runMultiOutput } from './training-fit.ts'
import { runWeightLists } from './training-lists.ts'
import { runTfKerasTransfer, runTrajectory, runTransfer } from './training-steps.ts'
import { type Book, bookNames, readBook } from './read.ts'

interface NamedCase {
  readonly name: string
}
type Runner = (book: Book<never>, golden: never) => Promise<void>

const runners: Record<string, Runner> = {
  trajectories: runTrajectory,
  transfer: runTransfer,
  transfer_tf_keras: runTfKerasTransfer,
  fit: runFit,
  multi_output: runMultiOutput,
  callbacks: runCallback,
  fit_callbacks: runFitCallback,
  weight_lists: runWeightLists,
}

for (const name of bookNames('training')) {
  const book = readBook<NamedCase>(name)
  const category = book.json.category as string
  describe(name, () => {
    for (const golden of book.cases) {
      test(golden.name, async () => {
        const runner = runners[category]
        if (runner === undefined) throw new Error(`no test for category ${category}`)
        await runner(book as unknown as Book<never>, golden as never)
      })
    }
  })
}
