// What the training goldens share: models from stored JSON, compile arguments, weights in and out, comparisons.
import { expect } from 'vitest'
import { sizeOf } from '../../src/graph/types.ts'
import { deserializeAny, Callback, compileFromConfig, type Logs, type Model } from '../../src/models/index.ts'
import type { Tensor } from '../../src/ops/index.ts'
import { tensor } from '../../src/ops/index.ts'
import { type Book, difference, type Json, numberOf, type Tolerance } from './read.ts'

export type Stored = Parameters<typeof deserializeAny>[0]

export interface GoldenWeight {
  readonly path: string
  readonly shape: readonly number[]
  readonly trainable: boolean
  readonly tensor: string
}

export interface GoldenLists {
  readonly layers?: readonly string[]
  readonly weights: readonly string[]
  readonly trainable_weights: readonly string[]
  readonly non_trainable_weights: readonly string[]
  readonly count_params?: number
}

/** A golden tensor as a tensor of the library. */
export function tensorOf<C>(book: Book<C>, key: string): Tensor {
  const { data, shape, dtype } = book.tensor(key)
  return tensor(dtype === 'bool' ? data.slice() : data, { shape, dtype })
}

export function build(stored: Stored): Model {
  return deserializeAny({ ...stored, compile_config: undefined } as Stored) as Model
}

/** Compiles as stored; Keras' own metric and loss classes may stand there by name alone. */
export function compile(model: Model, stored: Record<string, unknown>): void {
  compileFromConfig(model, stored)
}

/**
 * Paths as the model has them. What is built while it is read has no name of a model before its path: Keras, too, gives such weights
 * other paths than those of the model that was saved.
 */
export function asIn(model: { weights: Model['weights'] }, paths: readonly string[]): string[] {
  const own = model.weights.map(({ path }) => path)
  return paths.map((path) => own.find((each) => each === path) ?? own.find((each) => path.endsWith(`/${each}`)) ?? path)
}

/** Sets weights by position, after checking their paths. */
export function setWeights<C>(
  book: Book<C>,
  model: { weights: Model['weights']; setWeights: Model['setWeights'] },
  weights: readonly GoldenWeight[],
): void {
  const paths = weights.map(({ path }) => path)
  expect(model.weights.map(({ path }) => path)).toEqual(asIn(model, paths))
  model.setWeights(weights.map((weight) => tensorOf(book, weight.tensor)))
}

/** Null if all weights are within tolerance, else what is wrong. */
export async function compareWeights<C>(
  book: Book<C>,
  model: { weights: Model['weights'] },
  tensors: readonly string[],
  tolerance: Tolerance,
  skip: (path: string) => boolean = () => false,
): Promise<string | null> {
  const { weights } = model
  if (weights.length !== tensors.length) return `${weights.length} weights instead of ${tensors.length}`
  const wrong: string[] = []
  for (const [i, weight] of weights.entries()) {
    if (skip(weight.path)) continue
    const found = difference(await weight.data(), book.tensor(tensors[i]!).data, tolerance)
    if (found !== null) wrong.push(`${weight.path}: ${found}`)
  }
  return wrong.length === 0 ? null : wrong.join('\n')
}

/**
 * Paths of weights that drift freely: Adam and its kin divide each gradient by its own size, and the gradient of a bias before
 * a BatchNormalization is rounding noise. The mean that the normalization keeps follows it. Training is blind to both, and to the
 * bias of an attention's keys, which a softmax does not see.
 */
export function freelyDrifting(model: Model, compileConfig: Record<string, unknown>): Set<string> {
  const found = new Set<string>()
  const { class_name: name } = compileConfig.optimizer as { class_name: string }
  if (!/^(Ada|Nadam|Lion|Lamb|RMSprop|Muon)/.test(name)) return found
  for (const layer of model.layers) {
    if (layer.className === 'MultiHeadAttention')
      for (const { path } of layer.weights) if (path.endsWith('/key/bias')) found.add(path)
    if (layer.className !== 'BatchNormalization') continue
    const before = layer.inboundNodes[0]!.inputs[0]!.history.operation
    const bias = before.weights.find(({ path, trainable }) => trainable && path.endsWith('/bias'))
    if (bias !== undefined) for (const path of [bias.path, `${layer.name}/moving_mean`]) found.add(path)
  }
  return found
}

export function expectLists(model: Model, lists: GoldenLists): void {
  if (lists.layers !== undefined) expect(model.layers.map(({ name }) => name)).toEqual(lists.layers)
  expect(model.weights.map(({ path }) => path)).toEqual(asIn(model, lists.weights))
  expect(model.trainableWeights.map(({ path }) => path)).toEqual(asIn(model, lists.trainable_weights))
  expect(model.nonTrainableWeights.map(({ path }) => path)).toEqual(asIn(model, lists.non_trainable_weights))
  if (lists.count_params !== undefined) expect(model.countParams()).toBe(lists.count_params)
}

/** Values by name within a relative tolerance (to max(1, |expected|)); NaN equals NaN. */
export function expectLogs(received: Logs, expected: Record<string, Json>, relative: number, where: string): void {
  expect([where, Object.keys(received).sort()]).toEqual([where, Object.keys(expected).sort()])
  for (const [name, value] of Object.entries(expected)) {
    const found = difference([received[name]!], [numberOf(value)], { relative })
    expect(found === null ? null : `${where}, ${name}: ${found}`).toBeNull()
  }
}

/** A batched dataset over rows of golden tensors, as `from_tensor_slices(parts).batch(size)` gives it. */
export function batched<C>(
  book: Book<C>,
  keys: readonly string[],
  size: number,
): AsyncIterable<Tensor[]> & { cardinality(): number } {
  const parts = keys.map((key) => book.tensor(key))
  const samples = parts[0]!.shape[0]!
  return {
    cardinality: () => Math.ceil(samples / size),
    async *[Symbol.asyncIterator]() {
      for (let from = 0; from < samples; from += size) {
        await Promise.resolve()
        const to = Math.min(samples, from + size)
        yield parts.map(({ data, shape, dtype }) => {
          const row = sizeOf(shape.slice(1))
          return tensor(data.slice(from * row, to * row), { shape: [to - from, ...shape.slice(1)], dtype })
        })
      }
    },
  }
}

/** Rows [from, to) of a golden tensor. */
export function rows<C>(book: Book<C>, key: string, from: number, to: number): Tensor {
  const { data, shape, dtype } = book.tensor(key)
  const row = sizeOf(shape.slice(1))
  return tensor(data.slice(from * row, to * row), { shape: [to - from, ...shape.slice(1)], dtype })
}

export interface GoldenEvent {
  readonly event: string
  readonly index?: number
  readonly log_keys: readonly string[]
  readonly logs?: Record<string, number>
}

/** Writes down every hook as the goldens do. */
export class EventLog extends Callback {
  readonly events: GoldenEvent[] = []
  #add(event: string, index: number | undefined, logs: Logs | undefined): void {
    const withValues = ['on_epoch_end', 'on_train_end', 'on_test_end', 'on_train_batch_end'].includes(event)
    this.events.push({
      event,
      ...(index === undefined ? {} : { index }),
      log_keys: Object.keys(logs ?? {}),
      ...(withValues ? { logs: { ...logs } } : {}),
    })
  }
  override onTrainBegin(logs?: Logs): void {
    this.#add('on_train_begin', undefined, logs)
  }
  override onTrainEnd(logs?: Logs): void {
    this.#add('on_train_end', undefined, logs)
  }
  override onTestBegin(logs?: Logs): void {
    this.#add('on_test_begin', undefined, logs)
  }
  override onTestEnd(logs?: Logs): void {
    this.#add('on_test_end', undefined, logs)
  }
  override onEpochBegin(epoch: number, logs?: Logs): void {
    this.#add('on_epoch_begin', epoch, logs)
  }
  override onEpochEnd(epoch: number, logs: Logs): void {
    this.#add('on_epoch_end', epoch, logs)
  }
  override onTrainBatchBegin(batch: number, logs?: Logs): void {
    this.#add('on_train_batch_begin', batch, logs)
  }
  override onTrainBatchEnd(batch: number, logs: Logs): void {
    this.#add('on_train_batch_end', batch, logs)
  }
  override onTestBatchBegin(batch: number, logs?: Logs): void {
    this.#add('on_test_batch_begin', batch, logs)
  }
  override onTestBatchEnd(batch: number, logs: Logs): void {
    this.#add('on_test_batch_end', batch, logs)
  }
}
