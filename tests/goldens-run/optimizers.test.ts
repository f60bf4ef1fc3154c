// Optimizers against Keras: weights after each step, the state's order, names, shapes and values, averages at the end, configs.
import { describe, expect, it } from 'vitest'
import * as ops from '../../src/ops/index.ts'
import * as optimizers from '../../src/optimizers/index.ts'
import { type Book, bookNames, difference, type GoldenTensor, readBook, type Tolerance } from './read.ts'

interface OptimizerCase {
  name: string
  class_name: string
  config: Record<string, unknown>
  exclude_from_weight_decay_var_names: string[] | null
  variables: { name: string; shape: number[]; tensor: string }[]
  optimizer_variables: { name: string; path: string; shape: number[]; dtype: string }[]
  steps: {
    gradients: (string | null)[]
    variables: string[]
    learning_rate: number
    iterations_before: number
    set_learning_rate?: number
  }[]
  optimizer_state_after: string[]
  variables_after_finalize: string[]
}

const loose = ['Adadelta', 'Adafactor', 'Lamb']

function asTensor({ data, shape, dtype }: GoldenTensor): ops.Tensor {
  return ops.tensor(data, { shape, dtype })
}

async function run(golden: OptimizerCase, book: Book<OptimizerCase>, apply: Apply): Promise<void> {
  const tolerance: Tolerance = { relative: loose.includes(golden.class_name) ? 1e-4 : 1e-5 }
  const optimizer = optimizers.get({ class_name: golden.class_name, config: golden.config })
  expect(optimizer.getConfig()).toEqual(golden.config)
  const variables = golden.variables.map(
    ({ name, tensor }) => new ops.Variable(asTensor(book.tensor(tensor)), { name }),
  )
  const names = golden.exclude_from_weight_decay_var_names
  if (names !== null) optimizer.excludeFromWeightDecay({ names })
  optimizer.build(variables)
  expect(optimizer.variables.map(({ name, path, shape, dtype }) => ({ name, path, shape, dtype }))).toEqual(
    golden.optimizer_variables.map((state) => ({ ...state, dtype: state.dtype === 'int64' ? 'int32' : state.dtype })),
  )
  const compare = async (
    received: readonly ops.Variable[],
    expected: readonly string[],
    label: string,
  ): Promise<void> => {
    expect(received.length, label).toBe(expected.length)
    for (const [i, variable] of received.entries()) {
      const { data } = book.tensor(expected[i]!)
      expect(difference(await variable.data(), data, tolerance), `${label}, ${variable.path}`).toBeNull()
    }
  }
  for (const [i, step] of golden.steps.entries()) {
    if (step.set_learning_rate !== undefined) optimizer.learningRate = step.set_learning_rate
    expect(await optimizer.updateCount.item(), `step ${i}`).toBe(step.iterations_before)
    const rate = await optimizer.currentLearningRate()
    expect(Math.abs(rate - step.learning_rate), `rate ${i}`).toBeLessThanOrEqual(1e-6 * step.learning_rate)
    const gradients = step.gradients.map((key) => (key === null ? null : asTensor(book.tensor(key))))
    apply(optimizer, variables, gradients)
    await compare(variables, step.variables, `step ${i}`)
  }
  await compare(optimizer.variables, golden.optimizer_state_after, 'state')
  optimizer.finalizeVariableValues(variables)
  await compare(variables, golden.variables_after_finalize, 'finalized')
}

type Apply = (
  optimizer: optimizers.Optimizer,
  variables: readonly ops.Variable[],
  gradients: readonly (ops.Tensor | null)[],
) => void

const eagerly: Apply = (optimizer, variables, gradients) => optimizer.apply(gradients, variables)

/** One compiled function for all steps, as training does it: what a step decides must be in its graph. */
function traced(): Apply {
  let step: ops.CompiledFunction | null = null
  return (optimizer, variables, gradients) => {
    const present = gradients.filter((gradient) => gradient !== null)
    step ??= ops.compileFunction(
      (...given: ops.Tensor[]) => {
        const queue = [...given]
        optimizer.apply(
          gradients.map((gradient) => (gradient === null ? null : queue.shift()!)),
          variables,
        )
        return []
      },
      { label: 'optimizer step' },
    )
    step.run(...present)
  }
}

for (const name of bookNames('optimizers', 'optimizers')) {
  const book = readBook<OptimizerCase>(name)
  const cases = book.cases.map((golden) => [golden.name, golden] as const)
  describe(`${name}, step by step`, () => {
    it.each(cases)('%s', (_, golden) => run(golden, book, eagerly))
  })
  describe(`${name}, compiled`, () => {
    it.each(cases)('%s', (_, golden) => run(golden, book, traced()))
  })
}
