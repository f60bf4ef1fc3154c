// Options that come in threes for each weight (initializer, regularizer, constraint), resolved once and written back to configs.
import type { Constraint, ConstraintLike } from '../constraints/index.ts'
import { get as getConstraint } from '../constraints/index.ts'
import {
  getInitializer,
  type Initializer,
  type InitializerLike,
  type InitializerName,
  serialize,
} from '../initializers/index.ts'
import { get as getRegularizer, type Regularizer, type RegularizerLike } from '../regularizers/index.ts'
import type { Config } from './config.ts'

/** How one weight begins and is held. */
export interface WeightRecipe {
  readonly initializer: Initializer
  readonly regularizer: Regularizer | null
  readonly constraint: Constraint | null
}

/** Resolves names and stored configs. */
export function recipe(
  initializer: InitializerLike | null | undefined,
  byDefault: InitializerName,
  regularizer: RegularizerLike | null | undefined,
  constraint: ConstraintLike | null | undefined,
): WeightRecipe {
  return {
    initializer: getInitializer(initializer ?? byDefault),
    regularizer: getRegularizer(regularizer),
    constraint: getConstraint(constraint),
  }
}

/** `{kernel: recipe}` -> `kernel_initializer`, then every `_regularizer`, then every `_constraint`, as Keras orders them. */
export function recipeConfig(recipes: Readonly<Record<string, WeightRecipe>>, between: Config = {}): Config {
  const config: Config = {}
  const all = Object.entries(recipes)
  for (const [name, { initializer }] of all) config[`${name}_initializer`] = serialize(initializer)
  for (const [name, { regularizer }] of all) config[`${name}_regularizer`] = regularizer?.serialize() ?? null
  Object.assign(config, between)
  for (const [name, { constraint }] of all) config[`${name}_constraint`] = constraint?.serialize() ?? null
  return config
}

/** Options of the kernel and the bias, shared by dense and convolutional layers. */
export interface KernelOptions {
  /** Default `glorot_uniform`. */
  readonly kernelInitializer?: InitializerLike | null
  readonly kernelRegularizer?: RegularizerLike | null
  readonly kernelConstraint?: ConstraintLike | null
}
export interface BiasOptions {
  /** Default true. */
  readonly useBias?: boolean
  /** Default zeros. */
  readonly biasInitializer?: InitializerLike | null
  readonly biasRegularizer?: RegularizerLike | null
  readonly biasConstraint?: ConstraintLike | null
}
