// Metrics against Keras: the result after each update, the state, the direction, the result after a reset, configs.
import { describe, expect, it } from 'vitest'
import * as metrics from '../../src/metrics/index.ts'
import * as ops from '../../src/ops/index.ts'
import { type Book, bookNames, difference, type Json, numberOf, readBook } from './read.ts'

interface MetricCase {
  name: string
  class_name: string
  config: Record<string, unknown>
  metric_name: string
  direction: 'up' | 'down' | null
  updates: { values?: string; y_true?: string; y_pred?: string; sample_weight: string | null; result: Json }[]
  variables: { name: string; shape: number[]; dtype: string; tensor: string }[]
  result_after_reset: Json
}

function numbersOf(value: Json): number[] {
  return Array.isArray(value) ? (value as readonly Json[]).flatMap(numbersOf) : [numberOf(value)]
}

async function compare(metric: metrics.Metric, expected: Json, label: string): Promise<void> {
  const result = metric.result()
  if (!(result instanceof ops.Tensor)) throw new Error('one value expected')
  expect(result.rank, label).toBe(Array.isArray(expected) ? 1 : 0)
  expect(difference(await result.data(), numbersOf(expected), { relative: 1e-5 }), label).toBeNull()
}

function tensorOf(book: Book<MetricCase>, key: string): ops.Tensor {
  const { data, shape, dtype } = book.tensor(key)
  return ops.tensor(data, { shape, dtype })
}

for (const name of bookNames('metrics')) {
  describe(name, () => {
    const book = readBook<MetricCase>(name)
    it.each(book.cases.map((golden) => [golden.name, golden] as const))('%s', async (_, golden) => {
      const metric = metrics.get({ class_name: golden.class_name, config: golden.config })
      expect(metric.name).toBe(golden.metric_name)
      expect(metric.direction).toBe(golden.direction)
      expect(metric.getConfig()).toMatchObject(golden.config)
      for (const [i, update] of golden.updates.entries()) {
        const weights = update.sample_weight === null ? null : tensorOf(book, update.sample_weight)
        if (update.values !== undefined) {
          if (!(metric instanceof metrics.Mean) && !(metric instanceof metrics.Sum))
            throw new Error('a mean or sum expected')
          metric.updateState(tensorOf(book, update.values), weights)
        } else {
          metric.updateState(tensorOf(book, update.y_true!), tensorOf(book, update.y_pred!), weights)
        }
        await compare(metric, update.result, `update ${i}`)
      }
      expect(metric.variables.map((variable) => [variable.name, variable.shape])).toEqual(
        golden.variables.map((variable) => [variable.name, variable.shape]),
      )
      for (const [i, variable] of metric.variables.entries()) {
        const expected = book.tensor(golden.variables[i]!.tensor)
        expect(variable.dtype).toBe(expected.dtype)
        expect(difference(await variable.data(), expected.data, { relative: 1e-5 }), variable.name).toBeNull()
      }
      metric.resetState()
      await compare(metric, golden.result_after_reset, 'after reset')
    })
  })
}
