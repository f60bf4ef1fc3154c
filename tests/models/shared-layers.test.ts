// Layers that stand in several nested models stay one layer in descriptions, clones and files.
import { describe, expect, test } from 'vitest'
import { FormatError } from '../../src/errors.ts'
import { cloneModel, input, layers, type Model, model, modelFromJSON, sequential } from '../../src/index.ts'

function inner(name: string, shared: ReturnType<typeof layers.dense>): Model {
  const inputs = input({ shape: [4], name: `${name}_in` })
  return model({ inputs, outputs: layers.dense({ units: 4, name: `${name}_d` }).apply(shared.apply(inputs)), name })
}

/** Two pairs of models; the models of a pair share a layer, the pairs share nothing. */
function twoPairs(): Model {
  const x = input({ shape: [4], name: 'x' })
  const pair = (name: string): Model => {
    const shared = layers.dense({ units: 4, name: 'shared' })
    const y = input({ shape: [4], name: `${name}_x` })
    const outputs = layers.add({ name: `${name}_add` }).apply([inner(`${name}1`, shared).apply(y), inner(`${name}2`, shared).apply(y)]) // prettier-ignore
    return model({ inputs: y, outputs, name })
  }
  return model({ inputs: x, outputs: pair('b').apply(pair('a').apply(x)), name: 'outer' })
}

const idsOf = (text: string): string[] => [...text.matchAll(/"shared_object_id":(\d+)/g)].map(([, id]) => id!)

describe('a layer in several nested models', () => {
  test('is one layer in clones and in what comes back from JSON and configs', () => {
    const a = twoPairs()
    expect(a.weights.length).toBe(12)
    const config = a.getConfig()
    expect(new Set(idsOf(JSON.stringify(config))).size).toBe(2)
    for (const b of [cloneModel(a), modelFromJSON(a.toJSON()), modelFromJSON(cloneModel(a).toJSON())]) {
      expect(b.weights.map(({ path }) => path)).toEqual(a.weights.map(({ path }) => path))
      expect(b.getConfig()).toEqual(config)
    }
  })

  test('has an id only where it is needed', () => {
    const x = input({ shape: [4] })
    const plain = model({ inputs: x, outputs: layers.dense({ units: 2 }).apply(x) })
    expect(idsOf(plain.toJSON())).toEqual([])
    expect(idsOf(JSON.stringify(sequential([layers.dense({ units: 1 })]).getConfig()))).toEqual([])
    // The scope is closed after each model, also after one that cannot be written.
    expect(() => sequential([layers.lambda((value: unknown) => value as never)]).toJSON()).toThrow(/Lambda/i)
    expect(idsOf(plain.toJSON())).toEqual([])
  })

  test('is refused where one object is listed under two names', () => {
    const x = input({ shape: [4], name: 'x' })
    const net = model({ inputs: x, outputs: layers.dense({ units: 4, name: 'b' }).apply(layers.dense({ units: 4, name: 'a' }).apply(x)) }) // prettier-ignore
    const stored = JSON.parse(net.toJSON()) as { config: { layers: Record<string, unknown>[] } }
    for (const entry of stored.config.layers.slice(1)) entry.shared_object_id = 1
    expect(() => modelFromJSON(JSON.stringify(stored))).toThrow(FormatError)
    expect(() => modelFromJSON(JSON.stringify(stored))).toThrow(/each layer once/)
  })
})
