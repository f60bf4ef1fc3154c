// What elements of a dataset are, in types: what is written as numbers and arrays becomes tensors, tuples stay tuples.
import type { TypedArray } from '../graph/types.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'

export type Element = Tensor | Element[] | { [key: string]: Element }

/** Like TensorLike, in tuples and records. An array of plain numbers (nested or not) is one tensor, any other array a tuple. */
export type ElementLike = TensorLike | readonly ElementLike[] | { readonly [key: string]: ElementLike }

type Scalar = number | boolean
/** What becomes one tensor; deeper arrays than a batch of pictures are left to the general type. */
type Numbers = Scalar | readonly Scalar[] | readonly (readonly Scalar[])[] | readonly (readonly (readonly Scalar[])[])[]

/** The element that is made of a value of type V; what is no tensor, as text and datasets of a window, stays. */
export type ElementOf<V> = Element extends V
  ? Element
  : V extends Tensor | Numbers | TypedArray | { value(): Tensor }
    ? Tensor
    : V extends string | AsyncIterable<unknown>
      ? V
      : V extends object
        ? { -readonly [K in keyof V]: ElementOf<V[K]> }
        : V

/** What a function is given for an element: the parts of a tuple one by one. Of an element of any kind nothing is known. */
export type Parts<T> = unknown extends T
  ? unknown[]
  : Element extends T
    ? Element[]
    : T extends readonly unknown[]
      ? T
      : [T]

/** A user's function. Its parameters may be narrower than what is known of the elements, as (image: Tensor) => … . */
export type Transform<T, R> = { narrowed(...parts: Parts<T>): R }['narrowed']
