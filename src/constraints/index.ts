// Constraints: what an optimizer replaces a weight by after each update.
import { ArgumentError, problem } from '../errors.ts'
import {
  type CamelName, classNameOf, type Config, type Configured, isSerializedObject, ObjectRegistry, type SerializedObject,
  requireClass,
} from '../initializers/objects.ts' // prettier-ignore
import { isClass } from '../platform/arguments.ts'
import { checkedMaker } from '../initializers/make-checked.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'

/** Keeps a norm away from zero (Keras's epsilon). */
const epsilon = 1e-7

/** A projection: a value gives a value of the same shape. */
export abstract class Constraint implements Configured {
  static readonly className: string = 'Constraint'
  get className(): string {
    const own = this.constructor as typeof Constraint
    return Object.hasOwn(own, 'className') ? own.className : own.name
  }
  abstract call(value: Tensor): Tensor
  getConfig(): Config {
    return {}
  }
  /** As a function, the form that Variables keep. */
  asFunction(): (value: Tensor) => Tensor {
    return (value) => this.call(value)
  }
  /** The form that Keras stores. */
  serialize(): SerializedObject {
    return registry.serialize(this)
  }
}

export interface NormOptions {
  /** Axes over which a norm is taken; default 0 (a dense kernel's inputs). Convolution kernels: [0, 1, 2]. */
  readonly axis?: number | number[]
}

function normOver(value: Tensor, axis: number | number[]): Tensor {
  return ops.sqrt(ops.sum(ops.square(value), { axis, keepdims: true }))
}

/** Norms of at most `maxValue` (default 2). */
export class MaxNorm extends Constraint {
  static override readonly className: string = 'MaxNorm'
  readonly maxValue: number
  readonly axis: number | number[]
  constructor(options: NormOptions & { readonly maxValue?: number } = {}) {
    super()
    this.maxValue = options.maxValue ?? 2
    this.axis = options.axis ?? 0
  }
  call(value: Tensor): Tensor {
    const norms = normOver(value, this.axis)
    return ops.multiply(value, ops.divide(ops.clip(norms, 0, this.maxValue), ops.add(norms, epsilon)))
  }
  override getConfig(): Config {
    return { max_value: this.maxValue, axis: this.axis }
  }
}

/** Values of at least 0. */
export class NonNeg extends Constraint {
  static override readonly className: string = 'NonNeg'
  call(value: Tensor): Tensor {
    return ops.relu(value)
  }
}

/** Norms of 1. */
export class UnitNorm extends Constraint {
  static override readonly className: string = 'UnitNorm'
  readonly axis: number | number[]
  constructor(options: NormOptions = {}) {
    super()
    this.axis = options.axis ?? 0
  }
  call(value: Tensor): Tensor {
    return ops.divide(value, ops.add(normOver(value, this.axis), epsilon))
  }
  override getConfig(): Config {
    return { axis: this.axis }
  }
}

/** Norms within [`minValue` (0), `maxValue` (1)]; `rate` (1) is how far a norm outside of it moves there. */
export class MinMaxNorm extends Constraint {
  static override readonly className: string = 'MinMaxNorm'
  readonly minValue: number
  readonly maxValue: number
  readonly rate: number
  readonly axis: number | number[]
  constructor(
    options: NormOptions & { readonly minValue?: number; readonly maxValue?: number; readonly rate?: number } = {},
  ) {
    super()
    this.minValue = options.minValue ?? 0
    this.maxValue = options.maxValue ?? 1
    this.rate = options.rate ?? 1
    this.axis = options.axis ?? 0
  }
  call(value: Tensor): Tensor {
    const norms = normOver(value, this.axis)
    const wanted = ops.add(
      ops.multiply(ops.clip(norms, this.minValue, this.maxValue), this.rate),
      ops.multiply(norms, 1 - this.rate),
    )
    return ops.multiply(value, ops.divide(wanted, ops.add(norms, epsilon)))
  }
  override getConfig(): Config {
    return { min_value: this.minValue, max_value: this.maxValue, rate: this.rate, axis: this.axis }
  }
}

/** A function that acts as a constraint; it cannot be stored. */
class FunctionConstraint extends Constraint {
  readonly project: (value: Tensor) => Tensor
  constructor(project: (value: Tensor) => Tensor) {
    super()
    this.project = project
  }
  call(value: Tensor): Tensor {
    return this.project(value)
  }
  override serialize(): SerializedObject {
    throw new ArgumentError(
      problem({
        where: 'constraint',
        expected: 'a Constraint, to be stored in a config',
        received: this.project,
        hint: 'Extend Constraint and register it',
      }),
    )
  }
}

const registry = new ObjectRegistry<Constraint>('constraint', 'keras.constraints')
registry.addBuiltin(['MaxNorm', 'max_norm', 'maxNorm'], (options) => new MaxNorm(options))
registry.addBuiltin(['NonNeg', 'non_neg', 'nonNeg'], () => new NonNeg())
registry.addBuiltin(['UnitNorm', 'unit_norm', 'unitNorm'], (options) => new UnitNorm(options))
registry.addBuiltin(['MinMaxNorm', 'min_max_norm', 'minMaxNorm'], (options) => new MinMaxNorm(options))

type SnakeName = 'max_norm' | 'min_max_norm' | 'non_neg' | 'unit_norm'
/** What a constraint is called here: `non_neg`, `nonNeg` or `NonNeg`. */
export type ConstraintName = SnakeName | CamelName<SnakeName> | Capitalize<CamelName<SnakeName>>
/** An object, a name, a stored config, or a function. */
export type ConstraintLike = Constraint | ((value: Tensor) => Tensor) | ConstraintName | SerializedObject

/** The constraint object, or null. @throws ArgumentError for an unknown name or kind. */
export function get(identifier: ConstraintLike | null | undefined): Constraint | null {
  if (identifier === null || identifier === undefined) return null
  if (identifier instanceof Constraint) return identifier
  if (typeof identifier === 'function' && !isClass(identifier)) return new FunctionConstraint(identifier)
  if (typeof identifier === 'string' || isSerializedObject(identifier)) return registry.make(identifier)
  throw new ArgumentError(
    problem({
      where: 'constraint',
      expected: 'a name, a constraint, a function or null',
      received: identifier,
      hint: 'For example "non_neg" or constraints.maxNorm({ maxValue: 2 })',
    }),
  )
}

/** Makes a class of your own readable from stored configs. */
export function register(
  cls: (new (options: never) => Constraint) & { readonly className: string; readonly name: string },
): void {
  requireClass('constraints.register', cls, Constraint)
  registry.register(classNameOf(cls), (options) => new (cls as unknown as new (o: object) => Constraint)(options))
}

export const maxNorm = checkedMaker('constraints.maxNorm', MaxNorm)
export const nonNeg = checkedMaker('constraints.nonNeg', NonNeg)
export const unitNorm = checkedMaker('constraints.unitNorm', UnitNorm)
export const minMaxNorm = checkedMaker('constraints.minMaxNorm', MinMaxNorm)
