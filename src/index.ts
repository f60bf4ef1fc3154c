// Everything that `import ... from 'tanuki-ml'` gives.
export * from './errors.ts'
export type { DType, Shape, TypedArray } from './graph/types.ts'
export * as activations from './activations/index.ts'
export * as applications from './applications/index.ts'
export * as constraints from './constraints/index.ts'
export * as data from './data/index.ts'
export * as datasets from './data/datasets/index.ts'
export * as initializers from './initializers/index.ts'
export * as layers from './layers/index.ts'
export * as losses from './losses/index.ts'
export * as metrics from './metrics/index.ts'
export * as ops from './ops/index.ts'
export * as optimizers from './optimizers/index.ts'
export * as regularizers from './regularizers/index.ts'
export * as report from './report/index.ts'
export * as schedules from './schedules/index.ts'
export * as utils from './data/utils.ts'
export { input, Layer } from './layers/index.ts'
export * from './models/index.ts'
export {
  clearSession, compileFunction, engine, GradientTape, image, nextSeed, ready, SeedGenerator, setEngine, setRandomSeed, Tensor, tensor, Variable,
} from './ops/index.ts' // prettier-ignore
export { setWarningHandler } from './platform/warn.ts'
