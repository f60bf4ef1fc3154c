// All that the other folders use of ops: tensors, Variables, functions on them, tapes and traced functions.
import { flush, start, throwFormerFailure } from './evaluate.ts'
import type { TensorLike } from './convert.ts'
import { toTensor } from './convert.ts'
import { Variable } from './variable.ts'

export { engine, ready, setEngine } from '../engines/select.ts'
export type { EngineName } from '../engines/select.ts'
export type { EngineInfo } from '../engines/engine.ts'
export type { DType, Shape, TensorType, TypedArray } from '../graph/types.ts'
export { tensor } from './convert.ts'
export type { TensorLike, TensorOptions } from './convert.ts'
export type { NestedData } from './host.ts'
export { Tensor } from './tensor.ts'
export type { NestedNumbers } from './tensor.ts'
export { Variable } from './variable.ts'
export type { VariableOptions } from './variable.ts'
export * from './elementwise.ts'
export {
  all, any, argmax, argmin, cumsum, l2Normalize, logSoftmax, logsumexp, max, mean, min, moments, norm, prod, softmax, std,
  sum, variance,
} from './reductions.ts' // prettier-ignore
export type { ArgOptions, ReduceOptions } from './reductions.ts'
export {
  broadcastTo, concatenate, expandDims, flip, pad, repeat, reshape, slice, split, squeeze, stack, stridedSlice, tile,
  transpose, unstack,
} from './movement.ts' // prettier-ignore
export type { PadMode, PadOptions, StridedSlice } from './movement.ts'
export { argsort, oneHot, scatterAdd, sort, take, takeAlongAxis, topK } from './indexing.ts'
export type { SortOptions } from './indexing.ts'
export { arange, eye, full, ones, onesLike, zeros, zerosLike } from './creation.ts'
export { matmul } from './linear.ts'
export type { MatmulOptions } from './linear.ts'
export { averagePool, conv, convTranspose, depthwiseConv, maxPool, samePadding, separableConv } from './nn.ts'
export type {
  ConvOptions, ConvTransposeOptions, DepthwiseOptions, Padding, PairLike, PoolOptions,
} from './nn.ts' // prettier-ignore
export { hsvToRgb, rgbToGrayscale, rgbToHsv } from './color.ts'
export { affineTransform, resize } from './image.ts'
export type { AffineOptions, ResizeOptions } from './image.ts'
export * as image from './images.ts'
export { bernoulli, randomInt, randomNormal, randomUniform, truncatedNormal } from './random.ts'
export type { RandomOptions } from './random.ts'
export { randomBeta, randomDirichlet, randomGamma, randomPermutation } from './random-gamma.ts'
export { hostRandom, nextSeed, SeedGenerator, setRandomSeed } from './seeds.ts'
export type { HostRandom } from './seeds.ts'
export { gradients } from './gradient.ts'
export type { GradientSource } from './gradient.ts'
export { GradientTape } from './tape.ts'
export type { Gradients, GradientTapeOptions } from './tape.ts'
export { compileFunction, frozenGraph, shapeOnly } from './function.ts'
export type { CompiledFunction, CompileFunctionOptions } from './function.ts'
export { inTrace } from './trace.ts'
export { autoName, clearSession, toSnakeCase } from './naming.ts'
export { flush }

/**
 * Computes several tensors, and the pending assignments of Variables, as one graph. Resolves when they are there.
 * @throws EngineError if the computation fails.
 */
export async function evaluate(...values: readonly TensorLike[]): Promise<void> {
  const variables = values.filter((value) => value instanceof Variable)
  const tensors = values.filter((value) => !(value instanceof Variable)).map((value) => toTensor(value))
  const results = start(tensors, variables)
  throwFormerFailure()
  await Promise.all([...results, ...variables.map((variable) => variable.current())].map((value) => value.finished()))
}
