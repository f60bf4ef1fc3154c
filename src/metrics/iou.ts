// Intersection over union of predicted and labelled classes, from a confusion matrix.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { type DType, showShape } from '../graph/types.ts'
import type { Config } from '../initializers/objects.ts'
import { epsilon } from '../losses/binary.ts'
import { explained, inputOf, requireWeights } from '../losses/inputs.ts'
import * as ops from '../ops/index.ts'
import type { Tensor, TensorLike, Variable } from '../ops/index.ts'
import { type Direction, Metric } from './metric.ts'

export interface MeanIoUOptions {
  numClasses: number
  name?: string
  /**
   * dtype of the counts. Default int64 (kept as int32 here), which drops the fraction of sample weights; use float32 for
   * weights that are not whole numbers.
   */
  dtype?: 'int64' | 'int32' | 'float32'
  /** Labels of this class do not count. Default null. */
  ignoreClass?: number | null
  /** Whether labels are class numbers rather than one score a class. Default true. */
  sparseYTrue?: boolean
  /** Whether predictions are class numbers rather than one score a class. Default true. */
  sparseYPred?: boolean
  /** The axis of the classes, where they have one. Default -1. */
  axis?: number
}

export interface IoUOptions extends MeanIoUOptions {
  /** The classes whose mean is taken. */
  targetClassIds: readonly number[]
}

/** Mean over `targetClassIds` of TP / (TP + FP + FN); classes that occur neither in labels nor in predictions are left out. */
export class IoU extends Metric {
  static readonly className: string = 'IoU'
  override readonly direction: Direction = 'up'
  override readonly dtype: string
  readonly numClasses: number
  readonly targetClassIds: readonly number[]
  readonly ignoreClass: number | null
  readonly sparseYTrue: boolean
  readonly sparseYPred: boolean
  readonly axis: number
  readonly #countType: DType
  readonly #matrix: Variable

  /** @throws ArgumentError for classes that do not exist. */
  constructor(options: IoUOptions) {
    const { numClasses, targetClassIds, name, dtype = 'int64', ignoreClass = null } = options
    super(name === undefined ? {} : { name })
    const { sparseYTrue = true, sparseYPred = true, axis = -1 } = options
    if (!['int64', 'int32', 'float32'].includes(dtype)) {
      throw new ArgumentError(
        problem({ where: this.className, expected: 'dtype int64, int32 or float32', received: dtype }),
      )
    }
    if (!Number.isInteger(numClasses) || numClasses < 1) {
      throw new ArgumentError(
        problem({ where: this.className, expected: 'numClasses: an integer of at least 1', received: numClasses }),
      )
    }
    const axisFits = Number.isInteger(axis)
    if (!axisFits || typeof sparseYTrue !== 'boolean' || typeof sparseYPred !== 'boolean') {
      const received = { axis, sparseYTrue, sparseYPred }
      const expected = '`axis` to be an integer, `sparseYTrue` and `sparseYPred` true or false'
      throw new ArgumentError(problem({ where: this.className, expected, received }))
    }
    if (
      !Array.isArray(targetClassIds as unknown) ||
      targetClassIds.length === 0 ||
      !targetClassIds.every((id) => Number.isInteger(id) && id >= 0 && id < numClasses)
    ) {
      throw new ArgumentError(
        problem({ where: this.className, expected: `targetClassIds below ${numClasses}`, received: targetClassIds }),
      )
    }
    this.dtype = dtype
    this.numClasses = numClasses
    this.targetClassIds = [...targetClassIds]
    this.ignoreClass = ignoreClass
    this.sparseYTrue = sparseYTrue
    this.sparseYPred = sparseYPred
    this.axis = axis
    this.#countType = dtype === 'float32' ? 'float32' : 'int32'
    this.#matrix = this.addVariable('total_confusion_matrix', [numClasses, numClasses], this.#countType)
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    const n = this.numClasses
    const where = this.name
    const given = {
      labels: inputOf(where, 'labels', yTrue, this.sparseYTrue ? 'int32' : 'float32'),
      predictions: inputOf(where, 'predictions', yPred, this.sparseYPred ? 'int32' : 'float32'),
    }
    const flat = (x: Tensor, sparse: boolean): Tensor =>
      ops.reshape(sparse ? x : ops.cast(ops.argmax(x, { axis: this.axis }), 'int32'), [-1])
    const [labels, predictions] = explained(where, given, () => [
      flat(given.labels, this.sparseYTrue),
      flat(given.predictions, this.sparseYPred),
    ])
    if (labels.size !== predictions.size) {
      throw new ShapeError(
        problem({
          where,
          expected: 'as many labels as predictions',
          received: `labels ${showShape(given.labels.shape)} and predictions ${showShape(given.predictions.shape)}`,
          hint: 'Class numbers, or one score a class? `sparseYTrue` and `sparseYPred` say which',
        }),
      )
    }
    const inside = (x: Tensor): Tensor => ops.logicalAnd(ops.greaterEqual(x, 0), ops.less(x, n))
    let counts = ops.logicalAnd(inside(labels), inside(predictions))
    if (this.ignoreClass !== null) counts = ops.logicalAnd(counts, ops.notEqual(labels, this.ignoreClass))
    const ofSamples = inputOf(where, 'sample weights', sampleWeight ?? 1, this.#countType)
    const flatWeights = ofSamples.rank > 1 ? ops.reshape(ofSamples, [-1]) : ofSamples
    requireWeights(where, flatWeights, labels.shape, 'labels')
    const weights = ops.broadcastTo(flatWeights, labels.shape)
    const kept = ops.where(counts, ops.cast(weights, 'float32'), 0)
    const cell = ops.where(counts, ops.add(ops.multiply(labels, n), predictions), 0)
    const batch = ops.reshape(ops.scatterAdd(cell, kept, n * n), [n, n])
    this.#matrix.assignAdd(ops.cast(batch, this.#countType))
  }

  override result(): Tensor {
    const matrix = ops.cast(this.#matrix, 'float32')
    const hits = ops.sum(ops.multiply(matrix, ops.eye(this.numClasses)), { axis: 0 })
    const union = ops.subtract(ops.add(ops.sum(matrix, { axis: 0 }), ops.sum(matrix, { axis: 1 })), hits)
    const wanted = ops.tensor(Int32Array.from(this.targetClassIds))
    const ofTarget = (x: Tensor): Tensor => ops.take(x, wanted, 0)
    const present = ops.greater(ofTarget(union), 1e-9)
    const ratios = ops.where(present, ops.divide(ofTarget(hits), ops.add(ofTarget(union), epsilon)), 0)
    return ops.divide(ops.sum(ratios), ops.add(ops.sum(ops.cast(present, 'float32')), epsilon))
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      num_classes: this.numClasses,
      target_class_ids: [...this.targetClassIds],
      ignore_class: this.ignoreClass,
      sparse_y_true: this.sparseYTrue,
      sparse_y_pred: this.sparseYPred,
      axis: this.axis,
    }
  }
}

function without(config: Config, ...keys: readonly string[]): Config {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)))
}

function allClasses(numClasses: number): number[] {
  return Array.from({ length: numClasses }, (_, i) => i)
}

/** IoU, averaged over all classes. */
export class MeanIoU extends IoU {
  static override readonly className: string = 'MeanIoU'
  constructor(options: MeanIoUOptions) {
    super({ ...options, targetClassIds: allClasses(options.numClasses) })
  }
  override getConfig(): Config {
    return without(super.getConfig(), 'target_class_ids')
  }
}

export interface BinaryIoUOptions {
  /** Default [0, 1]: the mean of both. */
  targetClassIds?: readonly number[]
  /** Predictions at or above it are class 1. Default 0.5. */
  threshold?: number
  name?: string
  dtype?: 'int64' | 'int32' | 'float32'
}

/** IoU of two classes told apart by a threshold. */
export class BinaryIoU extends IoU {
  static override readonly className: string = 'BinaryIoU'
  readonly threshold: number
  constructor({ targetClassIds = [0, 1], threshold = 0.5, ...common }: BinaryIoUOptions = {}) {
    super({ ...common, numClasses: 2, targetClassIds })
    this.threshold = threshold
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    const positive = ops.greaterEqual(inputOf(this.name, 'predictions', yPred), this.threshold)
    super.updateState(yTrue, ops.cast(positive, 'int32'), sampleWeight)
  }
  override getConfig(): Config {
    const { name, dtype, target_class_ids } = super.getConfig()
    return { target_class_ids, threshold: this.threshold, name, dtype }
  }
}

/** IoU of one-hot labels, and of predictions with one score a class. */
export class OneHotIoU extends IoU {
  static override readonly className: string = 'OneHotIoU'
  constructor({ sparseYPred = false, ...options }: Omit<IoUOptions, 'sparseYTrue'>) {
    super({ ...options, sparseYPred, sparseYTrue: false })
  }
  override getConfig(): Config {
    return without(super.getConfig(), 'sparse_y_true')
  }
}

/** The same, averaged over all classes. */
export class OneHotMeanIoU extends IoU {
  static override readonly className: string = 'OneHotMeanIoU'
  constructor({ sparseYPred = false, ...options }: Omit<MeanIoUOptions, 'sparseYTrue'>) {
    super({ ...options, sparseYPred, sparseYTrue: false, targetClassIds: allClasses(options.numClasses) })
  }
  override getConfig(): Config {
    return without(super.getConfig(), 'sparse_y_true', 'target_class_ids')
  }
}
