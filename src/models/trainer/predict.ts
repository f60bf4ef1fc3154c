// Predictions for arrays or datasets, batch by batch, put together at the end.
import { problem, ShapeError } from '../../errors.ts'
import { allocate, sameShape, showShape, sizeOf } from '../../graph/types.ts'
import type { DType, Shape, TypedArray } from '../../graph/types.ts'
import { tensor } from '../../ops/index.ts'
import type { Tensor } from '../../ops/index.ts'
import type { Callback } from '../callbacks/callback.ts'
import { CallbackList } from '../callbacks/list.ts'
import type { Model } from '../model.ts'
import { flatten, pack, structureOf } from '../tree.ts'
import type { Nested } from '../tree.ts'
import { throwIfAborted } from './abort.ts'
import { Epochs } from './epochs.ts'
import { checkOptions } from './option-values.ts'
import { verbosity } from './options.ts'
import type { Verbose } from './options.ts'
import { makeSources } from './sources.ts'
import { fetchAhead } from './test-loop.ts'

export interface PredictOptions {
  /** Samples a batch, for arrays; default 32. */
  readonly batchSize?: number | null
  readonly verbose?: Verbose
  /** Batches to use; default all. */
  readonly steps?: number | null
  readonly callbacks?: readonly Callback[]
  readonly signal?: AbortSignal
}

const optionNames = ['batchSize', 'verbose', 'steps', 'callbacks', 'signal']

/** Predictions in the structure of the model's outputs, samples first. See `Model.predict`. */
export async function predict(model: Model, x: unknown, options: PredictOptions): Promise<Nested<Tensor>> {
  checkOptions('predict', options, optionNames)
  const { batchSize, steps, signal } = options
  const { main } = await makeSources({
    where: 'predict',
    x,
    batchSize,
    steps,
    inputs: model.inputCount,
    outputs: model.outputCount,
  })
  const epochs = new Epochs('predict', main, steps ?? null)
  try {
    model.prepareToPredict(await epochs.peek())
    const params = { verbose: verbosity('predict', options.verbose), epochs: 1, steps: epochs.steps }
    const callbacks = new CallbackList('predict', options.callbacks ?? [], model, params, false)
    await callbacks.each((callback) => callback.onPredictBegin())
    await epochs.begin(0)
    const collector = new Collector()
    let batch = await epochs.next()
    for (let step = 0; batch !== null; step++) {
      const { x: inputs } = batch
      await callbacks.each((callback) => callback.onPredictBatchBegin(step))
      const run = model.predictFunction.run({ x: inputs })
      const following = fetchAhead(epochs)
      await run.done
      await collector.add(run.outputs)
      await callbacks.each((callback) => callback.onPredictBatchEnd(step, { outputs: run.outputs }))
      await callbacks.progress?.batchDone(null)
      throwIfAborted('predict', signal)
      batch = await following
    }
    await callbacks.each((callback) => callback.onPredictEnd())
    return collector.result()
  } finally {
    await epochs.close()
  }
}

interface Part {
  readonly shape: Shape
  readonly dtype: DType
  readonly data: TypedArray
}

/** Gathers the outputs of batches on the host. */
class Collector {
  #structure: Nested<Tensor> | null = null
  readonly #parts: Part[][] = []

  async add(outputs: Nested<Tensor>): Promise<void> {
    this.#structure ??= outputs
    const parts = await Promise.all(
      flatten(outputs).map(async (output) => ({ shape: output.shape, dtype: output.dtype, data: await output.data() })),
    )
    parts.forEach((part, i) => (this.#parts[i] ??= []).push(part))
  }

  result(): Nested<Tensor> {
    const joined = this.#parts.map(join)
    return pack(structureOf(this.#structure), joined)!
  }
}

/** Rows of all parts one after the other. @throws ShapeError if a batch gave rows of another shape. */
function join(parts: readonly Part[]): Tensor {
  const first = parts[0]!
  const row = first.shape.slice(1)
  let rows = 0
  for (const { shape } of parts) {
    if (shape.length > 0 && sameShape(shape.slice(1), row)) {
      rows += shape[0]!
      continue
    }
    const expected = `predictions of shape ${showShape([null, ...row])} from every batch`
    throw new ShapeError(
      problem({ where: 'predict', expected, received: showShape(shape), hint: 'Use predictOnBatch' }),
    )
  }
  const data = allocate(first.dtype, rows * sizeOf(row))
  let offset = 0
  for (const part of parts) {
    data.set(part.data, offset)
    offset += part.data.length
  }
  return tensor(data, { shape: [rows, ...row], dtype: first.dtype })
}
