// Single steps on single batches.
import { ArgumentError, problem, ShapeError } from '../../errors.ts'
import { toTensor } from '../../ops/convert.ts'
import { Tensor, Variable } from '../../ops/index.ts'
import type { TensorLike } from '../../ops/index.ts'
import type { Logs } from '../callbacks/callback.ts'
import type { Model } from '../model.ts'
import { flatten, isDict } from '../tree.ts'
import type { Nested } from '../tree.ts'
import { classWeightTable } from './class-weight.ts'
import type { ClassWeight } from './class-weight.ts'
import type { ArrayData, Batch } from './data.ts'
import { readLogs } from './logs.ts'
import { checkOptions } from './option-values.ts'

export interface OnBatchOptions {
  readonly sampleWeight?: ArrayData
  readonly classWeight?: ClassWeight
  /** Values by name instead of a list; default false. */
  readonly returnDict?: boolean
}

/** Arrays as one batch, without copying them to the host. @throws ShapeError if they differ in their number of samples. */
export function oneBatch(
  where: string,
  x: unknown,
  y: unknown,
  sampleWeight: unknown,
  inputs: number | null,
  outputs: number | null,
): Batch {
  if (x === undefined || x === null)
    throw new ArgumentError(problem({ where, expected: 'one batch of data', received: x }))
  const batch: Batch = {
    x: tensorsOf(`${where}, x`, x, inputs)!,
    y: tensorsOf(`${where}, y`, y, outputs),
    sampleWeight: tensorsOf(`${where}, sampleWeight`, sampleWeight, outputs),
  }
  const rows = [batch.x, batch.y, batch.sampleWeight].flatMap((part) => flatten(part).map(({ shape }) => shape[0]))
  if (rows.length > 0 && rows.every((row) => row === rows[0] && row !== undefined)) return batch
  throw new ShapeError(
    problem({ where, expected: 'the same number of samples in all arrays', received: rows.join(', ') }),
  )
}

function tensorsOf(where: string, value: unknown, count: number | null): Nested<Tensor> | undefined {
  if (value === undefined || value === null) return undefined
  if (isDict(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, tensorsOf(`${where}.${key}`, item, null)!]),
    )
  if (Array.isArray(value) && value.length > 0) {
    const tensors = value.every((item) => item instanceof Tensor || item instanceof Variable)
    const several =
      count !== null && count > 1 && value.length === count && value.every((item) => typeof item === 'object')
    if (tensors || several) return value.map((item: unknown, i) => tensorsOf(`${where}[${i}]`, item, null)!)
  }
  return toTensor(value as TensorLike, undefined, where)
}

/** One training or test step; its values alone. */
export async function runOnBatch(
  model: Model,
  where: 'trainOnBatch' | 'testOnBatch',
  x: unknown,
  y: unknown,
  options: OnBatchOptions,
): Promise<Logs> {
  checkOptions(where, options, ['sampleWeight', 'classWeight', 'returnDict'])
  const { sampleWeight, classWeight } = options
  if (classWeight !== undefined && sampleWeight !== undefined) {
    throw new ArgumentError(problem({ where, expected: '`classWeight` or `sampleWeight`', received: 'both' }))
  }
  const batch = oneBatch(where, x, y, sampleWeight, model.inputCount, model.outputCount)
  const compiled = model.requireCompiled(where)
  const training = where === 'trainOnBatch'
  compiled.prepare(batch, training, true)
  // From here to the start of the run nothing waits, so two calls cannot mix their values.
  model.resetMetrics()
  const step = training ? compiled.trainStep : compiled.testStep
  const table = classWeight === undefined ? {} : { classWeights: classWeightTable(where, classWeight) }
  const { outputs, done } = step.run({ ...batch, ...table })
  await done
  return readLogs(outputs)
}
