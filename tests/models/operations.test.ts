// Operations in stored graphs: what Keras stored is computed as Keras does, and written again word for word. The file is made by
// scripts/goldens/operations.py.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ArgumentError, FormatError, ShapeError } from '../../src/errors.ts'
import { applyOperation, cloneModel, input, layers, loadModel, type Model, model, modelFromJSON, Operation, ops, pythonSlice, type Tensor } from '../../src/index.ts' // prettier-ignore
import type { SymbolicTensor } from '../../src/layers/symbolic.ts'
import { flatten } from '../../src/models/tree.ts'
import type { Nested } from '../../src/models/tree.ts'

interface Case {
  readonly name: string
  readonly json: { readonly config: { readonly layers: readonly Record<string, unknown>[] } }
  readonly weights: readonly (readonly number[])[]
  readonly outputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[]
}
interface Group {
  readonly shape: readonly number[]
  readonly inputs: readonly (readonly number[])[]
  readonly cases: readonly Case[]
}
const book = JSON.parse(readFileSync(join(import.meta.dirname, 'files/operations.json'), 'utf8')) as { groups: Group[] }
const folder = mkdtempSync(join(tmpdir(), 'tanuki-operations-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function expectOutputs(net: Model, group: Group, golden: Case): Promise<void> {
  const inputs = group.inputs.map((data) => ops.tensor(Float32Array.from(data), { shape: group.shape }))
  const outputs = flatten(net.applyNested(inputs, { training: false }) as Nested<Tensor>)
  expect(outputs.map(({ shape }) => shape)).toEqual(golden.outputs.map(({ shape }) => shape))
  for (const [i, output] of outputs.entries()) {
    const found = Array.from(await output.data(), Number)
    const wrong = golden.outputs[i]!.data.filter((value, k) => !(Math.abs(found[k]! - value) <= 1e-5 * Math.max(1, Math.abs(value)))) // prettier-ignore
    expect(wrong).toEqual([])
  }
}

/** The stored operations of a model, as far as they are operations. */
function operationsOf(stored: Case['json']): unknown[] {
  return stored.config.layers.filter(({ module }) => /^keras\.src\./.test(String(module)))
}

for (const group of book.groups) {
  describe(`of Keras on ${group.shape.join(' x ')}`, () => {
    test.each(group.cases.map((golden) => [golden.name, golden] as const))('%s', async (name, golden) => {
      const net = modelFromJSON(JSON.stringify(golden.json))
      net.weights.forEach((weight, i) => weight.assign(ops.tensor(Float32Array.from(golden.weights[i]!), { shape: weight.shape }))) // prettier-ignore
      await expectOutputs(net, group, golden)
      expect(operationsOf(JSON.parse(net.toJSON()) as Case['json'])).toEqual(operationsOf(golden.json))
      const path = join(folder, `${name}.keras`)
      await net.save(path)
      await expectOutputs(await loadModel(path), group, golden)
    })
  })
}

describe('made here', () => {
  const x = (): SymbolicTensor => input({ shape: [3, 4], name: 'x' })
  const values = ops.tensor(
    Float32Array.from({ length: 24 }, (_, i) => i),
    { shape: [2, 3, 4] },
  )
  const item = (key: unknown): Model => {
    const inputs = x()
    return model({ inputs, outputs: applyOperation('GetItem', [inputs, key]) })
  }

  test.each([
    [
      [pythonSlice(), 0],
      [2, 4],
      [0, 1, 2, 3, 12, 13, 14, 15],
    ],
    [
      [pythonSlice(), -1, pythonSlice(null, null, -2)],
      [2, 2],
      [11, 9, 23, 21],
    ],
    [
      [{ class_name: '__ellipsis__', config: {} }, -1],
      [2, 3],
      [3, 7, 11, 15, 19, 23],
    ],
    [
      [pythonSlice(), pythonSlice(1, 2), null, pythonSlice(-1)],
      [2, 1, 1, 1],
      [7, 19],
    ],
    [-1, [3, 4], [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]],
    [[pythonSlice(), pythonSlice(5)], [2, 0, 4], []],
  ])('GetItem by %j', async (key, shape, expected) => {
    for (const net of [item(key), cloneModel(item(key))]) {
      const result = net.apply(values)
      expect(result.shape).toEqual(shape)
      expect([...(await result.data())]).toEqual(expected)
    }
  })

  test('GetItem refuses keys that do not fit', () => {
    expect(() => item([pythonSlice(), 3])).toThrow(ShapeError)
    expect(() => item([pythonSlice(), 3])).toThrow(/an index from -3 to 2 for axis 1/)
    expect(() => item([0, 0, 0, 0])).toThrow(/at most 3 indices/)
    expect(() => item([pythonSlice(), 'a'])).toThrow(ArgumentError)
    expect(() => item([pythonSlice(0.5)])).toThrow(ArgumentError)
  })

  test('an operation of several results returns them all', () => {
    const inputs = x()
    const halves = new Operation({ className: 'Split', attributes: { indices_or_sections: 2, axis: -1 } }).applyTo([inputs]) // prettier-ignore
    expect(flatten(halves).map(({ shape }) => shape)).toEqual([[null, 3, 2], [null, 3, 2]]) // prettier-ignore
    expect(() => applyOperation('Split', [inputs], { attributes: { indices_or_sections: 2, axis: -1 } })).toThrow(
      /applyTo/,
    )
  })

  test('a concrete tensor computes, but cannot be written', async () => {
    const inputs = x()
    const net = model({ inputs, outputs: applyOperation('Add', [inputs, ops.ones([4])]) })
    expect((await net.apply(values).data())[0]).toBe(1)
    expect(() => net.toJSON()).toThrow(FormatError)
    expect(() => net.toJSON()).toThrow(/__tensor__/)
  })

  test('they stay in models that are cut from others', async () => {
    const inputs = x()
    const hidden = layers.rescaling({ scale: 2 }).apply(inputs)
    const outputs = applyOperation('GetItem', [applyOperation('Multiply', [hidden, 0.5]), [pythonSlice(), 1]])
    const cut = model({ inputs: hidden, outputs })
    expect([...(await cut.apply(values).data())]).toEqual([2, 2.5, 3, 3.5, 8, 8.5, 9, 9.5])
  })
})
