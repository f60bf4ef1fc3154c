// Training against real Keras: trajectories, transfer learning, fit, multiple outputs, callbacks, weight lists.
import { describe, test } from 'vitest'
import { runCallback } from './training-callbacks.ts'
import { runFit, runMultiOutput } from './training-fit.ts'
import { runWeightLists } from './training-lists.ts'
import { runTfKerasTransfer, runTrajectory, runTransfer } from './training-steps.ts'
import { type Book, bookNames, readBook } from './read.ts'

interface NamedCase {
  readonly name: string
}
type Runner = (book: Book<never>, golden: never) => Promise<void>

const runners: Record<string, Runner> = {
  trajectories: runTrajectory as Runner,
  transfer: runTransfer as Runner,
  transfer_tf_keras: runTfKerasTransfer as Runner,
  fit: runFit as Runner,
  multi_output: runMultiOutput as Runner,
  callbacks: runCallback as Runner,
  weight_lists: runWeightLists as Runner,
}

for (const name of bookNames('training')) {
  const book = readBook<NamedCase>(name)
  describe(name, () => {
    for (const golden of book.cases) {
      test(golden.name, async () => {
        const runner = runners[String(book.json.category)]
        if (runner === undefined) throw new Error(`no test for category ${String(book.json.category)}`)
        await runner(book as unknown as Book<never>, golden as never)
      })
    }
  })
}
