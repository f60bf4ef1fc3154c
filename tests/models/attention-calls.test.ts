// MultiHeadAttention in stored models: query, value and key as Keras stores them, there and back.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { deserializeAny, type Functional, input, layers, model } from '../../src/index.ts'
import { randomTensor } from './helpers.ts'

interface StoredCall {
  readonly args: readonly { readonly config: { readonly keras_history: readonly [string, number, number] } }[]
  readonly kwargs: Record<string, unknown>
}

/** What the layer named `attention` is called on, by layer, and how. */
function callOf(json: string): { on: string[]; kwargs: Record<string, unknown> } {
  const { config } = JSON.parse(json) as { config: { layers: { name: string; inbound_nodes: StoredCall[] }[] } }
  const { args, kwargs } = config.layers.find(({ name }) => name === 'attention')!.inbound_nodes[0]!
  return { on: args.map((tensor) => tensor.config.keras_history[0]), kwargs }
}

test('models of Keras, by place and by keyword', async () => {
  const path = 'tests/goldens/training/trajectories_further.json'
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: { name: string; model: never }[] }
  const stored = (name: string): Functional =>
    deserializeAny(cases.find((one) => one.name === name)!.model) as Functional
  expect(callOf(stored('cross_attention').toJSON())).toEqual({ on: ['a_rows', 'fine_rows'], kwargs: {} })
  const byKeyword = stored('cross_attention_keywords')
  expect(callOf(byKeyword.toJSON())).toEqual({
    on: ['a_rows', 'fine_rows', 'fine_rows'],
    kwargs: { use_causal_mask: true },
  })
  const again = deserializeAny(JSON.parse(byKeyword.toJSON()) as never) as Functional
  again.setWeights(byKeyword.getWeights())
  const x = randomTensor([2, 8, 8, 3])
  expect(await (await again.predict(x, { verbose: 0 })).data()).toEqual(
    await (await byKeyword.predict(x, { verbose: 0 })).data(),
  )
})

test('attention of a sequence to itself is stored with the value that Keras wants', () => {
  const inputs = input({ shape: [4, 6], name: 'rows' })
  const attention = layers.multiHeadAttention({ numHeads: 2, keyDim: 3, name: 'attention' })
  const net = model({ inputs, outputs: attention.apply(inputs) })
  expect(callOf(net.toJSON()).on).toEqual(['rows', 'rows'])
  const again = deserializeAny(JSON.parse(net.toJSON()) as never) as Functional
  expect(callOf(again.toJSON()).on).toEqual(['rows', 'rows'])
  expect(again.countParams()).toBe(net.countParams())
})

test('masks of sequences are refused, not forgotten', () => {
  const inputs = input({ shape: [4, 6], name: 'rows' })
  const net = model({
    inputs,
    outputs: layers.multiHeadAttention({ numHeads: 1, keyDim: 2, name: 'attention' }).apply(inputs),
  })
  const stored = JSON.parse(net.toJSON()) as {
    config: { layers: { inbound_nodes: { kwargs: Record<string, unknown> }[] }[] }
  }
  stored.config.layers[1]!.inbound_nodes[0]!.kwargs.query_mask = [true, true, true, false]
  expect(() => deserializeAny(stored as never)).toThrow(/attention.*no `query_mask`/)
})
