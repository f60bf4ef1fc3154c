// Regularizers: penalties on weights (and activations), added to the loss.
import { ArgumentError, problem } from '../errors.ts'
import {
  type CamelName, classNameOf, type Config, type Configured, isSerializedObject, ObjectRegistry, type SerializedObject,
  requireClass,
} from '../initializers/objects.ts' // prettier-ignore
import { isClass } from '../platform/arguments.ts'
import { checkedMaker } from '../initializers/make-checked.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'

/** A penalty: a value gives a scalar. */
export abstract class Regularizer implements Configured {
  static readonly className: string = 'Regularizer'
  get className(): string {
    const own = this.constructor as typeof Regularizer
    return Object.hasOwn(own, 'className') ? own.className : own.name
  }
  /** The scalar penalty of `value`. */
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

function factor(where: string, name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw new ArgumentError(problem({ where, expected: `\`${name}\` to be a number >= 0`, received: value }))
}

/** `l1 * sum(|x|) + l2 * sum(x^2)`; both default to 0. */
export class L1L2 extends Regularizer {
  static override readonly className: string = 'L1L2'
  readonly l1: number
  readonly l2: number
  constructor(options: { readonly l1?: number | null; readonly l2?: number | null } = {}) {
    super()
    this.l1 = factor('regularizers.l1L2', 'l1', options.l1 ?? 0)
    this.l2 = factor('regularizers.l1L2', 'l2', options.l2 ?? 0)
  }
  call(value: Tensor): Tensor {
    const terms: Tensor[] = []
    if (this.l1 !== 0) terms.push(ops.multiply(ops.sum(ops.abs(value)), this.l1))
    if (this.l2 !== 0) terms.push(ops.multiply(ops.sum(ops.square(value)), this.l2))
    return terms.reduce((a, b) => ops.add(a, b), terms.shift() ?? ops.tensor(0))
  }
  override getConfig(): Config {
    return { l1: this.l1, l2: this.l2 }
  }
}

/** `l1 * sum(|x|)`; default 0.01. */
export class L1 extends Regularizer {
  static override readonly className: string = 'L1'
  readonly l1: number
  constructor(options: { readonly l1?: number | null } = {}) {
    super()
    this.l1 = factor('regularizers.l1', 'l1', options.l1 ?? 0.01)
  }
  call(value: Tensor): Tensor {
    return ops.multiply(ops.sum(ops.abs(value)), this.l1)
  }
  override getConfig(): Config {
    return { l1: this.l1 }
  }
}

/** `l2 * sum(x^2)`; default 0.01. */
export class L2 extends Regularizer {
  static override readonly className: string = 'L2'
  readonly l2: number
  constructor(options: { readonly l2?: number | null } = {}) {
    super()
    this.l2 = factor('regularizers.l2', 'l2', options.l2 ?? 0.01)
  }
  call(value: Tensor): Tensor {
    return ops.multiply(ops.sum(ops.square(value)), this.l2)
  }
  override getConfig(): Config {
    return { l2: this.l2 }
  }
}

/** `factor` times the mean |cosine| over the pairs of rows (or columns) of a matrix. */
export class OrthogonalRegularizer extends Regularizer {
  static override readonly className: string = 'OrthogonalRegularizer'
  readonly factor: number
  readonly mode: 'rows' | 'columns'
  constructor(options: { readonly factor?: number; readonly mode?: 'rows' | 'columns' } = {}) {
    super()
    const where = 'regularizers.orthogonalRegularizer'
    this.factor = factor(where, 'factor', options.factor ?? 0.01)
    this.mode = options.mode ?? 'rows'
    if (this.mode !== 'rows' && this.mode !== 'columns')
      throw new ArgumentError(problem({ where, expected: '`mode` to be "rows" or "columns"', received: this.mode }))
  }
  call(value: Tensor): Tensor {
    if (value.rank !== 2)
      throw new ArgumentError(problem({ where: this.className, expected: 'a weight of rank 2', received: value.shape }))
    const rows = this.mode === 'rows'
    const squares = ops.sum(ops.square(value), { axis: rows ? 1 : 0, keepdims: true })
    // Keras's l2_normalize: the norm is kept away from zero.
    const unit = ops.multiply(value, ops.rsqrt(ops.maximum(squares, 1e-12)))
    const cosines = rows ? ops.matmul(unit, unit, { transposeB: true }) : ops.matmul(unit, unit, { transposeA: true })
    const count = value.shape[rows ? 0 : 1]!
    const off = ops.multiply(cosines, ops.subtract(1, ops.eye(count)))
    // Every pair stands in the matrix twice.
    const pairs = Math.max(1, (count * (count - 1)) / 2)
    return ops.multiply(ops.sum(ops.abs(off)), (this.factor * 0.5) / pairs)
  }
  override getConfig(): Config {
    return { factor: this.factor, mode: this.mode }
  }
}

/** A function that acts as a regularizer; it cannot be stored. */
class FunctionRegularizer extends Regularizer {
  readonly penalty: (value: Tensor) => Tensor
  constructor(penalty: (value: Tensor) => Tensor) {
    super()
    this.penalty = penalty
  }
  call(value: Tensor): Tensor {
    return this.penalty(value)
  }
  override serialize(): SerializedObject {
    throw new ArgumentError(
      problem({
        where: 'regularizer',
        expected: 'a Regularizer, to be stored in a config',
        received: this.penalty,
        hint: 'Extend Regularizer and register it',
      }),
    )
  }
}

const registry = new ObjectRegistry<Regularizer>('regularizer', 'keras.regularizers')
registry.addBuiltin(['L1', 'l1'], (options) => new L1(options))
registry.addBuiltin(['L2', 'l2'], (options) => new L2(options))
registry.addBuiltin(['L1L2', 'l1_l2', 'l1L2'], (options) => new L1L2(options))
registry.addBuiltin(
  ['OrthogonalRegularizer', 'orthogonal_regularizer', 'orthogonalRegularizer'],
  (options) => new OrthogonalRegularizer(options),
)

type SnakeName = 'l1' | 'l2' | 'l1_l2' | 'orthogonal_regularizer'
/** What a regularizer is called here: `l2`, `l1_l2`, `l1L2` or `L1L2`. */
export type RegularizerName = SnakeName | CamelName<SnakeName> | Capitalize<CamelName<SnakeName>>
/** An object, a name, a stored config, or a function. */
export type RegularizerLike = Regularizer | ((value: Tensor) => Tensor) | RegularizerName | SerializedObject

/** The regularizer object, or null. @throws ArgumentError for an unknown name or kind. */
export function get(identifier: RegularizerLike | null | undefined): Regularizer | null {
  if (identifier === null || identifier === undefined) return null
  if (identifier instanceof Regularizer) return identifier
  if (typeof identifier === 'function' && !isClass(identifier)) return new FunctionRegularizer(identifier)
  if (typeof identifier === 'string' || isSerializedObject(identifier)) return registry.make(identifier)
  throw new ArgumentError(
    problem({
      where: 'regularizer',
      expected: 'a name, a regularizer, a function or null',
      received: identifier,
      hint: 'For example "l2" or regularizers.l2({ l2: 0.001 })',
    }),
  )
}

/** Makes a class of your own readable from stored configs. */
export function register(
  cls: (new (options: never) => Regularizer) & { readonly className: string; readonly name: string },
): void {
  requireClass('regularizers.register', cls, Regularizer)
  registry.register(classNameOf(cls), (options) => new (cls as unknown as new (o: object) => Regularizer)(options))
}

export const l1 = checkedMaker('regularizers.l1', L1)
export const l2 = checkedMaker('regularizers.l2', L2)
export const l1L2 = checkedMaker('regularizers.l1L2', L1L2)
export const orthogonalRegularizer = checkedMaker('regularizers.orthogonalRegularizer', OrthogonalRegularizer)
