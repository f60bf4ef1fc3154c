// Goldens of single steps: trajectories of trainOnBatch, and the transfer flow pretrain, freeze, train, unfreeze, fine-tune.
import { expect } from 'vitest'
import { Dense, GlobalAveragePooling2D, input } from '../../src/layers/index.ts'
import * as losses from '../../src/losses/index.ts'
import * as metrics from '../../src/metrics/index.ts'
import * as optimizers from '../../src/optimizers/index.ts'
import { Functional, type Logs, model as makeModel, type Model } from '../../src/models/index.ts'
import { type Book, difference } from './read.ts'
import {
  build, compareWeights, compile, expectLists, expectLogs, freelyDrifting, type GoldenLists, type GoldenWeight, rows, setWeights, type Stored, tensorOf,
} from './training-helpers.ts' // prettier-ignore

interface Trajectory {
  readonly name: string
  readonly model: Stored
  readonly compile: Record<string, unknown>
  readonly trainable_lists: GoldenLists
  readonly initial_weights: readonly GoldenWeight[]
  readonly batches: readonly { readonly x: string; readonly y: string }[]
  readonly steps: readonly Logs[]
  readonly snapshots?: readonly { readonly after_step: number; readonly weights: readonly string[] }[]
  readonly final_weights: readonly GoldenWeight[]
  readonly optimizer_variables_final: readonly {
    readonly path: string
    readonly shape: readonly number[]
    readonly tensor: string
  }[]
  readonly predict_after: { readonly x: string; readonly y: string }
  readonly evaluate_after: Logs
}

export async function runTrajectory(book: Book<Trajectory>, golden: Trajectory): Promise<void> {
  const model = build(golden.model)
  expectLists(model, golden.trainable_lists)
  setWeights(book, model, golden.initial_weights)
  compile(model, golden.compile)
  const drifting = freelyDrifting(model, golden.compile)
  const skip = (path: string): boolean => drifting.has(path)
  for (const [step, expected] of golden.steps.entries()) {
    const { x, y } = golden.batches[step % golden.batches.length]!
    const logs = await model.trainOnBatch(tensorOf(book, x), tensorOf(book, y), { returnDict: true })
    expectLogs(logs, expected, step < 20 ? 1e-4 : 1e-3, `step ${step + 1}`)
    const snapshot = golden.snapshots?.find(({ after_step }) => after_step === step + 1)
    if (snapshot !== undefined) {
      expect(await compareWeights(book, model, snapshot.weights, { relative: 1e-3 }, skip)).toBeNull()
    }
  }
  const finals = golden.final_weights.map(({ tensor }) => tensor)
  expect(await compareWeights(book, model, finals, { relative: 1e-3 }, skip)).toBeNull()
  expect(model.weights.map(({ trainable }) => trainable)).toEqual(
    golden.final_weights.map(({ trainable }) => trainable),
  )
  const state = model.optimizer!.variables
  // The paths of slots hold those of their weights.
  const flat = (path: string): string => path.replaceAll('/', '_')
  const renamed = golden.final_weights.map(
    ({ path }, i) => [`/${flat(path)}_`, `/${flat(model.weights[i]!.path)}_`] as const,
  )
  const stateIn = (path: string): string => {
    const [from, to] = renamed.find(([each]) => path.includes(each)) ?? ['', '']
    return path.replace(from, to)
  }
  expect(state.map(({ path, shape }) => ({ path, shape }))).toEqual(
    golden.optimizer_variables_final.map(({ path, shape }) => ({ path: stateIn(path), shape })),
  )
  const predicted = await model.predictOnBatch(tensorOf(book, golden.predict_after.x))
  const expected = book.tensor(golden.predict_after.y).data
  // Weights that drift freely show in inference, where the moving statistics lag behind. Lion moves them by its whole rate each step.
  const { class_name: optimizer } = golden.compile.optimizer as { class_name: string }
  const drift = optimizer === 'Lion' ? (model.optimizer!.learningRate as number) * golden.steps.length : 5e-3
  const relative = drifting.size > 0 ? Math.max(5e-3, drift) : 1e-3
  expect(difference(await predicted.data(), expected, { relative })).toBeNull()
  const first = golden.batches[0]!
  const logs = await model.testOnBatch(tensorOf(book, first.x), tensorOf(book, first.y), { returnDict: true })
  expectLogs(logs, golden.evaluate_after, relative, 'evaluate')
}

interface Phase {
  readonly phase: string
  readonly compile: Record<string, unknown>
  readonly steps: readonly Logs[]
  readonly weights_after: readonly GoldenWeight[]
  readonly optimizer_variable_count: number
  readonly predictions: string
  readonly unchanged_weights: readonly string[]
}
interface Transfer {
  readonly name: string
  readonly notes: string
  readonly pretrain: {
    readonly optimizer: { readonly class_name: string; readonly config: Record<string, unknown> }
    readonly steps: readonly number[]
    readonly head_initial_weights: readonly string[]
    readonly x: string
    readonly y: string
  }
  readonly phases: readonly Phase[]
  readonly base_initial_weights: readonly GoldenWeight[]
  readonly base_pretrained_weights: readonly GoldenWeight[]
  readonly x: string
  readonly y: string
  readonly batches: readonly (readonly [number, number])[]
  readonly lists_before_freeze: GoldenLists
  readonly lists_frozen: GoldenLists
  readonly lists_unfrozen: GoldenLists
  readonly initial_weights: readonly GoldenWeight[]
  readonly model_frozen: Stored
}

export async function runTransfer(book: Book<Transfer>, golden: Transfer): Promise<void> {
  const model = build(golden.model_frozen)
  const base = model.layers.find((layer): layer is Functional => layer instanceof Functional)!
  base.trainable = true
  setWeights(book, base, golden.base_initial_weights)
  await pretrain(book, golden, base)
  expect(
    await compareWeights(
      book,
      base,
      golden.base_pretrained_weights.map(({ tensor }) => tensor),
      { relative: 1e-4 },
    ),
  ).toBeNull()

  expectLists(model, golden.lists_before_freeze)
  base.trainable = false
  expectLists(model, golden.lists_frozen)
  setWeights(book, model, golden.initial_weights)
  // What Keras 3.15's own Functional does with a baked `training=False` is not a target beyond the first phase.
  const phases = golden.notes.startsWith('NOT the documented semantics') ? golden.phases.slice(0, 1) : golden.phases
  for (const phase of phases) {
    if (phase.phase === 'fine_tune') {
      base.trainable = true
      expectLists(model, golden.lists_unfrozen)
    } else if (phase.phase !== 'head') throw new Error(`phase ${phase.phase} is not known`)
    await runPhase(book, golden, model, phase)
  }
}

async function pretrain(book: Book<Transfer>, golden: Transfer, base: Functional): Promise<void> {
  const { optimizer, steps, head_initial_weights: head, x, y } = golden.pretrain
  const inputs = input({ shape: base.inputs[0]!.shape.slice(1) })
  const units = book.tensor(head[1]!).shape[0]!
  const features = new GlobalAveragePooling2D().apply(base.apply(inputs))
  const dense = new Dense({ units, name: 'pre_head' })
  const model = makeModel({ inputs, outputs: dense.apply(features) })
  dense.setWeights(head.map((key) => tensorOf(book, key)))
  compile(model, { optimizer, loss: golden.phases[0]!.compile.loss })
  for (const [step, expected] of steps.entries()) {
    const loss = (await model.trainOnBatch(tensorOf(book, x), tensorOf(book, y))) as number
    expectLogs({ loss }, { loss: expected }, 1e-4, `pretraining step ${step + 1}`)
  }
}

async function runPhase(book: Book<Transfer>, golden: Transfer, model: Model, phase: Phase): Promise<void> {
  compile(model, phase.compile)
  const before = await Promise.all(model.weights.map((weight) => weight.data()))
  for (const [step, expected] of phase.steps.entries()) {
    const [from, to] = golden.batches[step % golden.batches.length]!
    const logs = await model.trainOnBatch(rows(book, golden.x, from, to), rows(book, golden.y, from, to), {
      returnDict: true,
    })
    expectLogs(logs, expected, step < 20 ? 1e-4 : 1e-3, `${phase.phase} step ${step + 1}`)
  }
  const relative = phase.phase === 'fine_tune' && usesTinyRate(phase) ? 1e-5 : 1e-3
  // The fine-tuning begins at weights that differ in the last digits already.
  const slack = golden.phases[0] === phase ? relative : Math.max(relative, 1e-4)
  expect(
    await compareWeights(
      book,
      model,
      phase.weights_after.map(({ tensor }) => tensor),
      { relative: slack },
    ),
  ).toBeNull()
  expect(model.optimizer!.variables.length).toBe(phase.optimizer_variable_count)
  const predicted = await model.predictOnBatch(tensorOf(book, golden.x))
  expect(difference(await predicted.data(), book.tensor(phase.predictions).data, { relative: 1e-3 })).toBeNull()
  const unchanged = new Set(phase.unchanged_weights)
  for (const [i, weight] of model.weights.entries()) {
    if (!unchanged.has(weight.path)) continue
    expect([weight.path, difference(await weight.data(), before[i]!, { absolute: 0 })]).toEqual([weight.path, null])
  }
}

function usesTinyRate(phase: Phase): boolean {
  const { config } = phase.compile.optimizer as { config: { learning_rate: number } }
  return config.learning_rate < 2e-5
}

interface TfKerasTransfer {
  readonly name: string
  readonly notes: string
  readonly model_config: Stored
  readonly x: string
  readonly y: string
  readonly weights: readonly { readonly name: string; readonly tensor: string }[]
  readonly phases: readonly {
    readonly phase: string
    readonly learning_rate: number
    readonly trainable_weights: readonly string[]
    readonly steps: readonly Logs[]
    readonly weights_after: readonly { readonly name: string; readonly tensor: string }[]
    readonly predictions: string
  }[]
}

export async function runTfKerasTransfer(book: Book<TfKerasTransfer>, golden: TfKerasTransfer): Promise<void> {
  const model = build(golden.model_config)
  const base = model.layers.find((layer): layer is Functional => layer instanceof Functional)!
  const byName = new Map(model.weights.map((weight) => [`${weight.path}:0`, weight]))
  for (const { name, tensor } of golden.weights) byName.get(name)!.assign(tensorOf(book, tensor))
  const samples = book.tensor(golden.x).shape[0]!
  const size = Number(/batches of (\d+)/.exec(golden.notes)?.[1])
  const starts = Array.from({ length: Math.ceil(samples / size) }, (_, i) => i * size)
  // The flow that the README describes; its loss is that of one yes-or-no output, or of classes.
  const isBinary = (model as Functional).outputs[0]!.shape.at(-1) === 1
  for (const phase of golden.phases) {
    base.trainable = phase.phase === 'fine_tune'
    model.compile({
      optimizer: optimizers.adam({ learningRate: phase.learning_rate }),
      loss: isBinary
        ? losses.binaryCrossentropy({ fromLogits: true })
        : losses.sparseCategoricalCrossentropy({ fromLogits: true }),
      metrics: isBinary ? [metrics.binaryAccuracy()] : ['accuracy'],
    })
    expect(model.trainableWeights.map(({ path }) => `${path}:0`)).toEqual(phase.trainable_weights)
    for (const [step, expected] of phase.steps.entries()) {
      const from = starts[step % starts.length]!
      const to = Math.min(samples, from + size)
      const logs = await model.trainOnBatch(rows(book, golden.x, from, to), rows(book, golden.y, from, to), {
        returnDict: true,
      })
      expectLogs(logs, expected, step < 20 ? 1e-4 : 1e-3, `${phase.phase} step ${step + 1}`)
    }
    for (const { name, tensor } of phase.weights_after) {
      const found = difference(await byName.get(name)!.data(), book.tensor(tensor).data, { relative: 1e-3 })
      expect([name, found]).toEqual([name, null])
    }
    const predicted = await model.predictOnBatch(tensorOf(book, golden.x))
    expect(difference(await predicted.data(), book.tensor(phase.predictions).data, { relative: 1e-3 })).toBeNull()
  }
}
