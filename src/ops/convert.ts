// Whatever is accepted where a tensor is wanted, to a tensor; and two operands to one dtype.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { makeNode } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { showShape, sizeOf } from '../graph/types.ts'
import type { OutsideMemory } from '../engines/engine.ts'
import type { DType, Shape, TensorType, TypedArray } from '../graph/types.ts'
import { requireOptions } from '../platform/arguments.ts'
import { requireDType, requireShape } from './checks.ts'
import { castNode, promoteTypes, weakType } from './dtypes.ts'
import { flattenNested, hostArray } from './host.ts'
import type { NestedData } from './host.ts'
import { Tensor } from './tensor.ts'
import { leafOf, Value } from './values.ts'

/** A Variable, as far as conversion needs to know it. */
interface Readable {
  value(): Tensor
}

/** A value, or a Variable whose current value is meant, or plain JavaScript data. */
export type TensorLike = Tensor | Readable | NestedData

/** Numbers that are part of the recorded graph rather than data given to it. */
const longestConstant = 16

export interface TensorOptions {
  shape?: Shape
  dtype?: DType
}

/**
 * Makes a tensor. Numbers and nested arrays of numbers give float32 unless `dtype` says otherwise; booleans bool; a
 * Float32Array float32, an Int32Array int32, a Uint8Array uint8. A typed array is not copied before its first use: do not
 * change it until then. `shape` gives flat data a shape.
 * @throws ArgumentError for other data (Float64Array too: there is no float64); ShapeError for ragged or ill-fitting data.
 */
export function tensor(value: TensorLike, options: TensorOptions = {}): Tensor {
  const example = 'tensor(values, { shape: [...], dtype: "int32" })'
  requireOptions('tensor', options, ['shape', 'dtype'], example)
  const { shape, dtype } = options
  requireDType('tensor', dtype)
  if (shape !== undefined) requireShape('tensor', shape)
  if (shape !== undefined && ArrayBuffer.isView(value)) {
    const host = hostArray(value, undefined, 'tensor')
    // No reshape to compute: the data is given its shape.
    if ((dtype ?? host.dtype) === host.dtype && sizeOf(shape) === host.data.length)
      return leafTensor(host.data, [...shape], host.dtype)
  }
  const made = toTensor(value, dtype)
  const cast = dtype === undefined ? made : castTensor(made, dtype)
  if (shape === undefined) return cast
  if (sizeOf(shape) !== cast.size) {
    throw new ShapeError(
      problem({
        where: 'tensor',
        expected: `${sizeOf(shape)} elements for shape ${showShape(shape)}`,
        received: `${cast.size} elements`,
      }),
    )
  }
  if (showShape(shape) === showShape(cast.shape)) return cast
  return new Tensor(makeNode('reshape', [cast.node], { shape: [...shape] }))
}

/** A tensor of anything like one. `dtype` is that of plain JavaScript numbers and booleans only, not a cast. */
export function toTensor(value: TensorLike, dtype?: DType, where = 'tensor'): Tensor {
  if (value instanceof Tensor) return value
  if (typeof value === 'number' || typeof value === 'boolean') return new Tensor(scalarNode(value, dtype))
  if (ArrayBuffer.isView(value)) {
    const host = hostArray(value, undefined, where)
    return leafTensor(host.data, [host.data.length], host.dtype)
  }
  if (Array.isArray(value)) {
    const { data, dtype: own, shape } = flattenNested(value as readonly NestedData[], undefined, where)
    const plain = own === 'float32' && dtype !== undefined ? weakArray(data, dtype) : { data, dtype: own }
    if (data.length > longestConstant) return leafTensor(plain.data, shape, plain.dtype)
    return new Tensor(makeNode('constant', [], { ...plain, shape }))
  }
  if (typeof value === 'object' && value !== null && 'value' in value && typeof value.value === 'function') {
    return value.value()
  }
  const expected = 'a tensor, a Variable, a number, a typed array or nested arrays'
  throw new ArgumentError(problem({ where, expected, received: value, ...hintFor(value) }))
}

/** What stands for a tensor of a model to be (layers know the class) has no values to compute with. */
function hintFor(value: unknown): { hint?: string } {
  if (typeof value !== 'object' || value === null || !('history' in value)) return {}
  const ways = "a layer such as layers.add(), layers.lambda((x) => …), or applyOperation('Add', [x, 1])"
  return { hint: `It stands for values that a model will have; to compute with it, use ${ways}` }
}

/** Array data that was written as plain numbers, in `dtype` if that holds them all. */
function weakArray(data: TypedArray, dtype: DType): { data: TypedArray; dtype: DType } {
  if (dtype === 'float32') return { data, dtype }
  const exact =
    dtype === 'bool' ? data.every((x) => x === 0 || x === 1) : data.every((x) => weakType(x, dtype) === dtype)
  return exact ? hostArray(data, dtype, 'tensor') : { data, dtype: 'float32' }
}

/** A tensor of what is in memory already, without a copy. */
export function tensorOfMemory(memory: OutsideMemory, { shape, dtype }: TensorType): Tensor {
  return new Tensor(leafOf(Value.ofHost(memory, { shape, dtype }), 'data'))
}

function leafTensor(data: TypedArray, shape: Shape, dtype: DType): Tensor {
  return new Tensor(leafOf(Value.ofHost(data, { shape, dtype }), 'data'))
}

/** A constant of shape (). A number that `dtype` cannot hold becomes float32. */
export function scalarNode(value: number | boolean, dtype?: DType): Node {
  if (typeof value === 'boolean') {
    return castConstant(Number(value), dtype ?? 'bool')
  }
  if (dtype === undefined || dtype === 'float32') return castConstant(value, 'float32')
  if (dtype === 'bool' && (value === 0 || value === 1)) return castConstant(value, 'bool')
  return castConstant(value, weakType(value, dtype))
}

function castConstant(value: number, dtype: DType): Node {
  const { data } = hostArray(dtype === 'int32' ? Int32Array.of(value) : Float32Array.of(value), dtype, 'tensor')
  return makeNode('constant', [], { data, shape: [], dtype })
}

export function castTensor(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : new Tensor(castNode(x.node, dtype))
}

/** Operands brought to one dtype: JavaScript numbers follow the others, the rest promote bool < uint8 < int32 < float32. */
export function promote(where: string, ...values: readonly TensorLike[]): Node[] {
  const strong = values.map((value) => (typeof value === 'number' ? null : toTensor(value, undefined, where)))
  let dtype: DType | null = null
  for (const tensor of strong) {
    if (tensor !== null) dtype = dtype === null ? tensor.dtype : promoteTypes(dtype, tensor.dtype)
  }
  let common: DType = dtype ?? 'float32'
  for (const value of values) {
    if (typeof value === 'number') common = promoteTypes(common, weakType(value, dtype ?? 'float32'))
  }
  return values.map((value, i) =>
    typeof value === 'number' ? scalarNode(value, common) : castNode(strong[i]!.node, common),
  )
}

/** A float32 node of anything like a tensor. */
export function floatNode(value: TensorLike, where: string): Node {
  return castNode(toTensor(value, undefined, where).node, 'float32')
}
