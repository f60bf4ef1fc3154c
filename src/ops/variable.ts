// Variables: named, mutable tensors. Assignments are recorded like everything else, and evaluated together.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { FilledMemory } from '../engines/filled.ts'
import { isOp, topologicalOrder } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { sameShape, showShape, sizeOf } from '../graph/types.ts'
import type { DType, Shape, TypedArray } from '../graph/types.ts'
import { isClass } from '../platform/arguments.ts'
import { checkRules, flag, type OptionRules, text } from '../platform/option-rules.ts'
import { requireBroadcast, requireDType, requireShape } from './checks.ts'
import { toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import { canPromote, castNode } from './dtypes.ts'
import { add, subtract } from './elementwise.ts'
import {
  addPending,
  flushIsAsked,
  flushNow,
  longestPending,
  recordedSoFar,
  start,
  throwFormerFailure,
} from './evaluate.ts'
import { hostArray } from './host.ts'
import { autoName } from './naming.ts'
import { nest, onlyElement, Tensor } from './tensor.ts'
import type { NestedNumbers } from './tensor.ts'
import { currentScope, inTrace, noteRead } from './trace.ts'
import { leafOf, Value, valueOf } from './values.ts'

export interface VariableOptions {
  /** Default: the initial value's shape; for a number, it is filled with that number. */
  shape?: Shape
  /** Default: the initial value's dtype; float32 for numbers. */
  dtype?: DType
  /** Default true. */
  trainable?: boolean
  /** Default: `variable`, `variable_1`, … */
  name?: string
}

const variableRules: OptionRules = {
  shape: { expected: 'a shape', fits: () => true },
  dtype: { expected: 'a dtype', fits: () => true },
  trainable: flag,
  name: text,
}

function requireInitial(initial: unknown): void {
  const isKnown = initial instanceof Tensor || initial instanceof Variable || typeof initial === 'number'
  if (isKnown || (typeof initial === 'function' && !isClass(initial))) return
  if (ArrayBuffer.isView(initial)) return
  const expected = 'a tensor, a Variable, a number, a typed array or a function that makes one'
  const hint = Array.isArray(initial) ? { hint: 'Write new Variable(tensor([...]))' } : {}
  throw new ArgumentError(problem({ where: 'Variable', expected, received: initial, ...hint }))
}

/** A mutable tensor of fixed shape and dtype: a weight, an optimizer's slot, a metric's total, a generator's state. */
export class Variable {
  readonly shape: Shape
  readonly dtype: DType
  name: string
  /** The name with those of the layers around it; layers set it. */
  path: string
  /** Whether tapes watch it by themselves and optimizers update it. */
  trainable: boolean
  /** A penalty on the value, added to the loss by layers. */
  regularizer: ((value: Tensor) => Tensor) | null = null
  /** What an optimizer replaces the value by after each update. */
  constraint: ((value: Tensor) => Tensor) | null = null

  #value: Value | null = null
  /** Makes the initial value; null once it is made, or can no longer be asked for. */
  #initial: (() => Value) | null = null
  /** Former values, as long as the runs that make the later ones may fail. */
  #former: Value[] = []
  #pending: Node | null = null
  /** How much had been recorded when the first of the pending assignments was made. */
  #pendingSince = 0
  #leaf: WeakRef<Node<'input'>> | null = null

  /**
   * `initial` may be a function that makes the values, row-major: it is called at the first use, and never if something is
   * assigned before. It needs `shape`; the dtype is `options.dtype`, or else float32.
   * @throws ShapeError if the initial value does not have `shape`; ArgumentError for a dtype that would lose digits, or, in
   * a traced function, for an initial value that depends on traced tensors.
   */
  constructor(initial: Tensor | Variable | TypedArray | number | (() => TypedArray), options: VariableOptions = {}) {
    checkRules('Variable', options, variableRules, 'new Variable(values, { trainable: false })')
    if (options.shape !== undefined) requireShape('Variable', options.shape)
    requireDType('Variable', options.dtype)
    requireInitial(initial)
    this.name = options.name ?? autoName('variable')
    this.path = this.name
    this.trainable = options.trainable ?? true
    if (initial instanceof Tensor || initial instanceof Variable) {
      const tensor = initial instanceof Variable ? initial.value() : initial
      this.shape = options.shape ?? tensor.shape
      this.dtype = options.dtype ?? tensor.dtype
      const node = this.#checked(tensor, 'initial value')
      if (inTrace()) this.#refuseTraced(node)
      const value = valueOf(node)
      if (value === undefined) this.#pending = node
      else this.#own(value)
      return
    }
    if (typeof initial === 'function') {
      const { shape, dtype = 'float32' } = options
      if (shape === undefined) {
        throw new ArgumentError(
          problem({
            where: this.#where('initial value'),
            expected: 'a `shape` beside a function that makes the values',
            received: shape,
          }),
        )
      }
      this.shape = Object.freeze([...shape])
      this.dtype = dtype
      this.#initial = () => this.#ofHost(initial())
      return
    }
    const single = typeof initial === 'number'
    this.shape = Object.freeze([...(options.shape ?? (single ? [] : [initial.length]))])
    this.dtype = options.dtype ?? (single ? 'float32' : hostArray(initial, undefined, 'Variable').dtype)
    this.#own(single ? this.#filledWith(initial) : this.#ofHost(initial))
  }

  #filledWith(initial: number): Value {
    const { data } = hostArray(Float32Array.of(initial), this.dtype, this.#where('initial value'))
    return Value.ofHost(new FilledMemory(data[0]!), this)
  }
  #ofHost(values: TypedArray): Value {
    if (values.length !== sizeOf(this.shape)) {
      throw new ShapeError(
        problem({
          where: this.#where('initial value'),
          expected: `${sizeOf(this.shape)} values for shape ${showShape(this.shape)}`,
          received: `${values.length} values`,
        }),
      )
    }
    return Value.ofHost(hostArray(values, this.dtype, this.#where('initial value')).data, this)
  }

  get rank(): number {
    return this.shape.length
  }
  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape)
  }

  /** The current value: a snapshot, which later assignments do not change. */
  value(): Tensor {
    const node = this.currentNode()
    noteRead(this, node)
    return new Tensor(node)
  }

  /**
   * Replaces the value. Lazy: evaluated with `flush()`, or when it is read.
   * @throws ShapeError for another shape; ArgumentError for a dtype that would lose digits (cast it first).
   */
  assign(value: TensorLike): void {
    const node = this.#checked(toTensor(value, this.dtype, this.#where('assign')), 'assign')
    const scope = currentScope()
    if (scope !== null) {
      scope.write(this, node)
      return
    }
    // Steps that follow each other without a pause must not pile up into one ever larger graph.
    if (this.#pending !== null && (flushIsAsked() || recordedSoFar() - this.#pendingSince > longestPending)) flushNow()
    if (this.#pending === null) this.#pendingSince = recordedSoFar()
    this.#pending = node
    addPending(this)
  }
  /** Adds to the value, as `assign` does. */
  assignAdd(value: TensorLike): void {
    this.assign(add(this.#unwatched(), this.#fitting(value, 'assignAdd')))
  }
  /** Subtracts from the value, as `assign` does. */
  assignSub(value: TensorLike): void {
    this.assign(subtract(this.#unwatched(), this.#fitting(value, 'assignSub')))
  }
  #fitting(value: TensorLike, what: string): Tensor {
    const tensor = toTensor(value, this.dtype, this.#where(what))
    requireBroadcast(this.#where(what), this.shape, tensor.shape)
    return tensor
  }

  /** A copy of the current value, row-major. @throws EngineError if its computation fails. */
  async data(): Promise<TypedArray> {
    if (inTrace()) {
      throw new ArgumentError(
        problem({
          where: this.#where('data'),
          expected: 'a call outside of traced functions',
          received: 'one inside',
          hint: 'Inside, values exist only as tensors: use value()',
        }),
      )
    }
    start([], [this])
    throwFormerFailure()
    return this.current().read()
  }
  async array(): Promise<NestedNumbers> {
    return nest(await this.data(), this.shape)
  }
  async item(): Promise<number> {
    return onlyElement(await this.data(), this.shape)
  }

  toString(): string {
    return `Variable ${this.path} ${this.dtype} ${showShape(this.shape)}`
  }

  /** @internal The node that stands for the current value, here or in the traced function: the same until the next assignment. */
  currentNode(): Node {
    const scope = currentScope()
    if (scope !== null) return scope.read(this)
    if (this.#pending !== null) return this.#pending
    const value = this.current()
    let leaf = this.#leaf?.deref()
    if (leaf === undefined || valueOf(leaf) !== value) {
      leaf = leafOf(value, this.name)
      this.#leaf = new WeakRef(leaf)
    }
    return leaf
  }

  /** @internal */
  get pendingNode(): Node | null {
    return this.#pending
  }
  /** @internal The value, evaluated or about to be; a former one if the run that should have made it has failed. */
  current(): Value {
    while (this.#value?.failed === true && this.#former.length > 0) this.#own(this.#former.pop()!)
    if (this.#initial !== null && this.#value?.failed !== false) {
      this.#own(this.#initial())
      this.#initial = null
    }
    return this.#value!
  }
  /** @internal Takes the value that was made for the pending assignment. */
  adopt(value: Value): void {
    this.#pending = null
    this.replace(value)
  }
  /** @internal Forgets the pending assignment, which cannot be evaluated. */
  abandon(): void {
    this.#pending = null
  }
  /** @internal Takes a new value; returns to the present one if the run that makes it fails. */
  replace(value: Value): void {
    if (value === this.#value) return
    // An initial value that nobody has asked for is not made now either: only should `value` fail.
    if (this.#value !== null) this.#former.push(this.current())
    this.#own(value)
    value.whenSettled(() => this.#forgetFormer())
  }

  #forgetFormer(): void {
    if (this.#former.some((value) => value.settled) || this.#value!.settled) this.#initial = null
    if (this.#value!.settled) this.#former = []
    else this.#former = this.#former.slice(this.#former.findLastIndex((value) => value.settled))
  }

  #own(value: Value): void {
    if (this.#value !== null) this.#value.owners--
    value.owners++
    this.#value = value
  }

  /** Reading in order to assign is not a use that a tape should know of. */
  #unwatched(): Tensor {
    return new Tensor(this.currentNode())
  }

  #where(what: string): string {
    return `Variable "${this.path}", ${what}`
  }

  #checked(tensor: Tensor, what: string): Node {
    if (!sameShape(tensor.shape, this.shape)) {
      throw new ShapeError(
        problem({
          where: this.#where(what),
          expected: `shape ${showShape(this.shape)}`,
          received: showShape(tensor.shape),
        }),
      )
    }
    if (!canPromote(tensor.dtype, this.dtype)) {
      throw new ArgumentError(
        problem({
          where: this.#where(what),
          expected: `dtype ${this.dtype}`,
          received: tensor.dtype,
          hint: `Use cast(x, "${this.dtype}") if digits may be lost`,
        }),
      )
    }
    return castNode(tensor.node, this.dtype)
  }

  #refuseTraced(node: Node): void {
    for (const below of topologicalOrder([node], (n) => valueOf(n) !== undefined)) {
      if (!isOp(below, 'input') || valueOf(below) !== undefined) continue
      throw new ArgumentError(
        problem({
          where: this.#where('initial value'),
          expected: 'a value that does not depend on tensors of the traced function around',
          received: `one that depends on "${below.attrs.name}"`,
          hint: 'Create the Variable before, or from plain numbers',
        }),
      )
    }
  }
}
