// Losses: what training makes small. Classes, and lower-case functions that make instances of them.
import { BinaryCrossentropy, BinaryFocalCrossentropy } from './binary.ts'
import type { BinaryCrossentropyOptions, BinaryFocalCrossentropyOptions } from './binary.ts'
import { CategoricalCrossentropy, CategoricalFocalCrossentropy } from './categorical.ts'
import type { CategoricalCrossentropyOptions, CategoricalFocalCrossentropyOptions } from './categorical.ts'
import { Circle } from './circle.ts'
import type { CircleOptions } from './circle.ts'
import { CTC } from './ctc.ts'
import { KLDivergence, Poisson } from './distributions.ts'
import { CategoricalGeneralizedCrossEntropy } from './generalized.ts'
import type { CategoricalGeneralizedCrossEntropyOptions } from './generalized.ts'
import { CategoricalHinge, Hinge, SquaredHinge } from './hinge.ts'
import type { LossOptions } from './loss.ts'
import { makeChecked } from '../initializers/make-checked.ts'
import {
  Huber,
  LogCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
} from './regression.ts'
import type { HuberOptions } from './regression.ts'
import { Dice, Tversky } from './segmentation.ts'
import type { DiceOptions, TverskyOptions } from './segmentation.ts'
import { CosineSimilarity } from './similarity.ts'
import type { CosineSimilarityOptions } from './similarity.ts'
import { SparseCategoricalCrossentropy } from './sparse-categorical.ts'
import type { SparseCategoricalCrossentropyOptions } from './sparse-categorical.ts'

export { alignPair, alignRanks } from './align.ts'
export * from './binary.ts'
export * from './categorical.ts'
export * from './circle.ts'
export * from './ctc.ts'
export * from './distributions.ts'
export * from './generalized.ts'
export * from './hinge.ts'
export * from './loss.ts'
export { applyMask, divideNoNan, type Reduction, reductions, reduceWeighted } from './reduction.ts'
export * from './regression.ts'
export * from './registry.ts'
export * from './segmentation.ts'
export * from './similarity.ts'
export {
  SparseCategoricalCrossentropy,
  type SparseCategoricalCrossentropyOptions,
  sparseCategoricalCrossentropyValues,
} from './sparse-categorical.ts'

const extra = ['dtype']

/** Crossentropy of yes-or-no labels, e.g. `losses.binaryCrossentropy({ fromLogits: true })`. */
export const binaryCrossentropy = (options: BinaryCrossentropyOptions = {}): BinaryCrossentropy =>
  makeChecked((given) => new BinaryCrossentropy(given), options, extra, 'losses.binaryCrossentropy')
export const binaryFocalCrossentropy = (options: BinaryFocalCrossentropyOptions = {}): BinaryFocalCrossentropy =>
  makeChecked((given) => new BinaryFocalCrossentropy(given), options, extra, 'losses.binaryFocalCrossentropy')
/** Crossentropy of one-hot labels. */
export const categoricalCrossentropy = (options: CategoricalCrossentropyOptions = {}): CategoricalCrossentropy =>
  makeChecked((given) => new CategoricalCrossentropy(given), options, extra, 'losses.categoricalCrossentropy')
export const categoricalFocalCrossentropy = (
  options: CategoricalFocalCrossentropyOptions = {},
): CategoricalFocalCrossentropy =>
  makeChecked((given) => new CategoricalFocalCrossentropy(given), options, extra, 'losses.categoricalFocalCrossentropy')
/** Crossentropy of integer labels that forgives wrong ones. */
export const categoricalGeneralizedCrossEntropy = (
  options: CategoricalGeneralizedCrossEntropyOptions = {},
): CategoricalGeneralizedCrossEntropy =>
  makeChecked(
    (given) => new CategoricalGeneralizedCrossEntropy(given),
    options,
    extra,
    'losses.categoricalGeneralizedCrossEntropy',
  )
export const categoricalHinge = (options: LossOptions = {}): CategoricalHinge =>
  makeChecked((given) => new CategoricalHinge(given), options, extra, 'losses.categoricalHinge')
/** For embeddings of unit length, by class number. */
export const circle = (options: CircleOptions = {}): Circle =>
  makeChecked((given) => new Circle(given), options, extra, 'losses.circle')
export const cosineSimilarity = (options: CosineSimilarityOptions = {}): CosineSimilarity =>
  makeChecked((given) => new CosineSimilarity(given), options, extra, 'losses.cosineSimilarity')
/** For sequences of labels without their places in time. */
export const ctc = (options: LossOptions = {}): CTC =>
  makeChecked((given) => new CTC(given), options, extra, 'losses.ctc')
export const dice = (options: DiceOptions = {}): Dice =>
  makeChecked((given) => new Dice(given), options, extra, 'losses.dice')
export const hinge = (options: LossOptions = {}): Hinge =>
  makeChecked((given) => new Hinge(given), options, extra, 'losses.hinge')
export const huber = (options: HuberOptions = {}): Huber =>
  makeChecked((given) => new Huber(given), options, extra, 'losses.huber')
export const klDivergence = (options: LossOptions = {}): KLDivergence =>
  makeChecked((given) => new KLDivergence(given), options, extra, 'losses.klDivergence')
export const logCosh = (options: LossOptions = {}): LogCosh =>
  makeChecked((given) => new LogCosh(given), options, extra, 'losses.logCosh')
export const meanAbsoluteError = (options: LossOptions = {}): MeanAbsoluteError =>
  makeChecked((given) => new MeanAbsoluteError(given), options, extra, 'losses.meanAbsoluteError')
export const meanAbsolutePercentageError = (options: LossOptions = {}): MeanAbsolutePercentageError =>
  makeChecked((given) => new MeanAbsolutePercentageError(given), options, extra, 'losses.meanAbsolutePercentageError')
export const meanSquaredError = (options: LossOptions = {}): MeanSquaredError =>
  makeChecked((given) => new MeanSquaredError(given), options, extra, 'losses.meanSquaredError')
export const meanSquaredLogarithmicError = (options: LossOptions = {}): MeanSquaredLogarithmicError =>
  makeChecked((given) => new MeanSquaredLogarithmicError(given), options, extra, 'losses.meanSquaredLogarithmicError')
export const poisson = (options: LossOptions = {}): Poisson =>
  makeChecked((given) => new Poisson(given), options, extra, 'losses.poisson')
/** Crossentropy of integer labels. */
export const sparseCategoricalCrossentropy = (
  options: SparseCategoricalCrossentropyOptions = {},
): SparseCategoricalCrossentropy =>
  makeChecked(
    (given) => new SparseCategoricalCrossentropy(given),
    options,
    ['dtype', 'axis'],
    'losses.sparseCategoricalCrossentropy',
  )
export const squaredHinge = (options: LossOptions = {}): SquaredHinge =>
  makeChecked((given) => new SquaredHinge(given), options, extra, 'losses.squaredHinge')
export const tversky = (options: TverskyOptions = {}): Tversky =>
  makeChecked((given) => new Tversky(given), options, extra, 'losses.tversky')
