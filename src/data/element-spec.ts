// What the elements of a dataset are made of: shapes, with null where a size varies, and dtypes.
import { ArgumentError, problem } from '../errors.ts'
import type { DType } from '../graph/types.ts'
import { Tensor } from '../ops/index.ts'
import { checkValue, oneOf, type OptionRule } from '../platform/option-rules.ts'
import type { Padding } from './structure.ts'

const dtypeRule = oneOf(...(['float32', 'int32', 'uint8', 'bool'] satisfies readonly DType[]))
const openShape: OptionRule = {
  expected: 'a shape: a list of whole numbers, and null where a size varies',
  fits: (value) =>
    Array.isArray(value) &&
    value.every((size) => size === null || (Number.isSafeInteger(size) && (size as number) >= 0)),
}

/** @throws ArgumentError for what is no shape, in which sizes may be open, or no dtype. */
export function checkSpec(where: string, shape: readonly (number | null)[], dtype: DType): void {
  checkValue(where, 'shape', shape, openShape)
  checkValue(where, 'dtype', dtype, dtypeRule)
}

/** Shape and dtype of one tensor in the elements. @throws ArgumentError for others. */
export class TensorSpec {
  /** null where the size varies or is not known. */
  readonly shape: readonly (number | null)[]
  readonly dtype: DType
  constructor(shape: readonly (number | null)[], dtype: DType) {
    checkSpec('TensorSpec', shape, dtype)
    this.shape = shape
    this.dtype = dtype
  }
}
/** The structure of the elements with a TensorSpec for each tensor. */
export type ElementSpec = TensorSpec | readonly ElementSpec[] | { readonly [key: string]: ElementSpec }

/** The specification of one element. @throws ArgumentError for parts that are not tensors. */
export function specOf(element: unknown): ElementSpec {
  if (element instanceof Tensor) return new TensorSpec(element.shape, element.dtype)
  if (Array.isArray(element)) return element.map(specOf)
  if (typeof element === 'object' && element !== null && Object.getPrototypeOf(element) === Object.prototype)
    return Object.fromEntries(Object.entries(element).map(([key, part]) => [key, specOf(part)]))
  throw new ArgumentError(problem({ where: 'Dataset.elementSpec', expected: 'elements of tensors', received: element }))
}

/** The same structure with other shapes. */
export function mapSpec(
  spec: ElementSpec,
  shape: (shape: TensorSpec['shape']) => readonly (number | null)[],
): ElementSpec {
  if (spec instanceof TensorSpec) return new TensorSpec(shape(spec.shape), spec.dtype)
  if (Array.isArray(spec)) return (spec as readonly ElementSpec[]).map((part) => mapSpec(part, shape))
  return Object.fromEntries(Object.entries(spec).map(([key, part]) => [key, mapSpec(part as ElementSpec, shape)]))
}

/**
 * The specification after a map, of which one element was `seen` before and was `after`: a first size that varied before, and came
 * through as it was, varies.
 */
export function mappedSpec(before: ElementSpec | null, seen: ElementSpec | null, after: ElementSpec): ElementSpec {
  if (before === null || seen === null) return after
  const firsts = shapesOf(before).map((shape) => shape[0])
  const varying = shapesOf(seen).find((_, i) => firsts[i] === null)?.[0]
  if (varying === undefined) return after
  return mapSpec(after, (shape) => (shape[0] === varying ? [null, ...shape.slice(1)] : shape))
}

/** The specification of padded batches' rows: the given shapes, else nothing but the rank is known. */
export function paddedSpec(spec: ElementSpec, { shapes }: Padding): ElementSpec {
  const perLeaf = shapes !== undefined && Array.isArray(shapes[0])
  let leaf = 0
  return mapSpec(spec, (shape) => {
    const own = (perLeaf ? shapes[leaf++] : shapes) as readonly (number | null)[] | undefined
    return own ?? shape.map(() => null)
  })
}

function shapesOf(spec: ElementSpec): TensorSpec['shape'][] {
  const shapes: TensorSpec['shape'][] = []
  mapSpec(spec, (shape) => {
    shapes.push(shape)
    return shape
  })
  return shapes
}

/** Sizes on which two specifications of one structure disagree become null. */
export function commonSpec(a: ElementSpec, b: ElementSpec): ElementSpec {
  if (a instanceof TensorSpec) {
    if (!(b instanceof TensorSpec) || a.dtype !== b.dtype || a.shape.length !== b.shape.length) return disagree(a, b)
    return new TensorSpec(
      a.shape.map((size, axis) => (size === b.shape[axis] ? size : null)),
      a.dtype,
    )
  }
  if (b instanceof TensorSpec || Array.isArray(a) !== Array.isArray(b)) return disagree(a, b)
  const [left, right] = [a, b] as Readonly<Record<string, ElementSpec>>[]
  const keys = Object.keys(left!)
  if (keys.length !== Object.keys(right!).length || !keys.every((key) => Object.hasOwn(right!, key)))
    return disagree(a, b)
  const merged = keys.map((key) => [key, commonSpec(left![key]!, right![key]!)] as const)
  return Array.isArray(a) ? merged.map(([, part]) => part) : Object.fromEntries(merged)
}

function disagree(a: ElementSpec, b: ElementSpec): never {
  const where = 'Dataset.elementSpec'
  throw new ArgumentError(problem({ where, expected: `elements like ${JSON.stringify(a)} everywhere`, received: b }))
}
