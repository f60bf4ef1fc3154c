// Files that real Keras wrote: weights, whole models and archives give its outputs, and training goes on where Keras stopped;
// what is written here again holds the same.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Hdf5File, type Hdf5Node } from '../../src/formats/hdf5.ts'
import { loadModel, type Model, modelFromJSON } from '../../src/models/index.ts'
import { flatten } from '../../src/models/tree.ts'
import type { Nested } from '../../src/models/tree.ts'
import { type Tensor, zeros } from '../../src/ops/index.ts'
import { setWarningHandler } from '../../src/platform/warn.ts'
import { type Book, bookNames, difference, goldensRoot, type Json, readBook } from './read.ts'
import {
  asIn,
  compareWeights,
  expectLists,
  expectLogs,
  freelyDrifting,
  type GoldenLists,
  tensorOf,
} from './training-helpers.ts'

interface Stored {
  readonly path?: string
  readonly name?: string
  readonly shape: readonly number[]
  readonly tensor: string
}
interface FileCase {
  readonly name: string
  readonly notes: string
  readonly files: Readonly<Record<string, string>>
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly weights: readonly Stored[]
  readonly lists?: GoldenLists
  readonly optimizer_variables?: readonly Stored[] | null
  readonly next_step?: {
    readonly x: string
    readonly y: string
    readonly logs: Record<string, Json>
    readonly weights_after: readonly string[]
  }
  readonly weights_h5_tree?: readonly TreeEntry[]
  readonly layers?: readonly { readonly name: string; readonly class: string; readonly trainable: boolean }[]
  readonly trained_steps?: number
}
interface TreeEntry {
  readonly path: string
  readonly kind: string
  readonly shape: readonly number[] | null
  readonly dtype: string | null
  readonly attrs: Record<string, unknown>
}

const tolerance = { relative: 1e-5 }
let folder = ''
const warnings: string[] = []
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanuki-files-'))
  setWarningHandler((text) => warnings.push(text))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
  setWarningHandler(null)
})

const pathOf = (file: string): string => join(goldensRoot, 'files', file)

async function outputs(book: Book<FileCase>, golden: FileCase, model: Model): Promise<ArrayLike<number>[]> {
  const inputs = golden.inputs.map((key) => tensorOf(book, key))
  const result = model.applyNested(inputs.length === 1 ? inputs[0]! : inputs, { training: false })
  return Promise.all(flatten(result as Nested<Tensor>).map((output) => output.data()))
}

async function expectOutputs(book: Book<FileCase>, golden: FileCase, model: Model): Promise<void> {
  const found = await outputs(book, golden, model)
  expect(found.length).toBe(golden.outputs.length)
  golden.outputs.forEach((key, i) => expect(difference(found[i]!, book.tensor(key).data, tolerance)).toBeNull())
}

async function expectWeights(book: Book<FileCase>, golden: FileCase, model: Model): Promise<void> {
  const tensors = golden.weights.map((weight) => weight.tensor)
  expect(await compareWeights(book, model, tensors, { absolute: 0 })).toBeNull()
}

/** The optimizer's variables, if the file holds them, are the golden's. */
async function expectOptimizer(book: Book<FileCase>, golden: FileCase, model: Model): Promise<void> {
  const stored = golden.optimizer_variables ?? []
  const { optimizer } = model
  expect(optimizer!.variables.map(({ shape }) => [...shape])).toEqual(stored.map(({ shape }) => shape))
  for (const [i, variable] of optimizer!.variables.entries())
    expect([stored[i]!.path, difference(await variable.data(), book.tensor(stored[i]!.tensor).data, tolerance)]).toEqual([stored[i]!.path, null]) // prettier-ignore
}

/** One more training step gives what Keras got. */
async function expectNextStep(book: Book<FileCase>, golden: FileCase, model: Model): Promise<void> {
  const { x, y, logs, weights_after: after } = golden.next_step!
  const compileConfig = model.getCompileConfig() as Record<string, Record<string, unknown>>
  const random = JSON.stringify(model.getConfig()).match(/"rate":0\.[0-9]*[1-9]|"class_name":"Random/) !== null
  const result = await model.trainOnBatch(tensorOf(book, x), tensorOf(book, y), { returnDict: true })
  // Random layers draw other numbers than Keras does.
  if (random) {
    expect(Object.keys(result).sort()).toEqual(Object.keys(logs).sort())
    return
  }
  expectLogs(result, logs, 1e-4, golden.name)
  const drifting = freelyDrifting(model, compileConfig)
  expect(await compareWeights(book, model, after, { relative: 1e-4 }, (path) => drifting.has(path))).toBeNull()
}

/** Sets all weights to zero. */
function forget(model: Model): void {
  for (const variable of model.weights) variable.assign(zeros(variable.shape, variable.dtype))
}

async function tree(path: string): Promise<TreeEntry[]> {
  const file = await Hdf5File.open(path, path)
  await file.close()
  const entries: TreeEntry[] = []
  const visit = (node: Hdf5Node): void => {
    const attrs = Object.fromEntries([...node.attributes].map(([key, value]) => [key, [value].flat()]))
    if (node.kind === 'dataset')
      entries.push({ path: node.path, kind: 'dataset', shape: node.shape, dtype: node.type, attrs }) // prettier-ignore
    else {
      entries.push({ path: node.path, kind: 'group', shape: null, dtype: null, attrs })
      for (const child of node.children.values()) visit(child)
    }
  }
  visit(file.root)
  return entries
}

/** Datasets and the groups that hold them: what a reader looks for. */
function withValues(entries: readonly TreeEntry[]): TreeEntry[] {
  const datasets = entries.filter(({ kind }) => kind === 'dataset').map(({ path }) => path)
  return entries.filter(({ path }) => datasets.some((dataset) => dataset.startsWith(path))).sort(byPath)
}

const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

for (const name of bookNames('files').filter((each) => !each.endsWith('summaries'))) {
  const book = readBook<FileCase>(name)
  for (const golden of book.cases) {
    describe(`${name}: ${golden.name}`, () => {
      for (const [kind, file] of Object.entries(golden.files)) {
        const whole = kind === 'keras' || kind === 'legacy_h5_by_keras3' || kind === 'whole_model_h5'
        if (kind === 'to_json') {
          test('to_json', async () => {
            const text = readFileSync(pathOf(file), 'utf8')
            const model = modelFromJSON(text)
            const paths = golden.weights.map(({ path }) => path!)
            expect(model.weights.map(({ path }) => path)).toEqual(asIn(model, paths))
            const again = modelFromJSON(model.toJSON())
            expect(again.getConfig()).toEqual(model.getConfig())
          })
        } else if (whole) {
          test(`${kind}: the model comes back`, async () => {
            const model = await loadModel(pathOf(file))
            await expectWeights(book, golden, model)
            await expectOutputs(book, golden, model)
            if (golden.lists !== undefined) expectLists(model, golden.lists)
            for (const layer of golden.layers ?? []) {
              const found = model.getLayer(layer.name.replaceAll('/', '_'))
              expect([layer.name, found.className, found.trainable]).toEqual([layer.name, layer.class, layer.trainable])
            }
            const trained = golden.optimizer_variables !== undefined && golden.optimizer_variables !== null
            expect(model.compiled).toBe(trained)
            if (trained && kind !== 'whole_model_h5') await expectOptimizer(book, golden, model)
            if (golden.next_step !== undefined) await expectNextStep(book, golden, model)
          })
          test(`${kind}: without compiling`, async () => {
            const model = await loadModel(pathOf(file), { compile: false })
            expect(model.compiled).toBe(false)
            await expectOutputs(book, golden, model)
          })
          for (const ending of ['.keras', '.h5', '.safetensors']) {
            test(`${kind}: saved again as ${ending}`, async () => {
              const path = join(folder, `${golden.name}-${kind}${ending}`)
              const model = await loadModel(pathOf(file))
              await model.save(path)
              const again = await loadModel(path)
              await expectWeights(book, golden, again)
              await expectOutputs(book, golden, again)
              expect(again.weights.map((each) => each.trainable)).toEqual(model.weights.map((each) => each.trainable))
              expect(again.compiled).toBe(model.compiled)
              if (golden.optimizer_variables && kind !== 'whole_model_h5') await expectOptimizer(book, golden, again)
              if (golden.next_step !== undefined) await expectNextStep(book, golden, again)
            })
          }
        } else if (kind === 'weights_h5' || kind === 'weights_h5_legacy') {
          test(`${kind}: weights alone`, async () => {
            const source = golden.files.keras ?? golden.files.whole_model_h5
            const model = await loadModel(pathOf(source!))
            forget(model)
            const report = await model.loadWeights(pathOf(file))
            expect(report.skipped).toEqual([])
            expect(report.loaded.length).toBe(golden.weights.length)
            await expectWeights(book, golden, model)
            await expectOutputs(book, golden, model)
            const path = join(folder, `${golden.name}.${kind === 'weights_h5' ? 'weights.h5' : 'h5'}`)
            await model.saveWeights(path)
            forget(model)
            await model.loadWeights(path)
            await expectWeights(book, golden, model)
            if (golden.weights_h5_tree !== undefined && kind === 'weights_h5')
              expect(withValues(await tree(path))).toEqual(withValues(golden.weights_h5_tree))
          })
        } else {
          test(`${kind}: a kind of file that these tests know`, () => expect(kind).toBe('known'))
        }
      }
    })
  }
}
