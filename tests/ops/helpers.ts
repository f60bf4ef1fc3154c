// What the tests of ops share: the reference engine (unless TANUKI_ENGINE says otherwise) and comparisons.
import { beforeAll, expect } from 'vitest'
import * as ops from '../../src/ops/index.ts'
import type { NestedNumbers, Tensor, Variable } from '../../src/ops/index.ts'

export { ops }
export type { Tensor, Variable }

export function useReferenceEngine(): void {
  beforeAll(() => ops.setEngine((process.env.TANUKI_ENGINE ?? 'reference') as 'reference'))
}

/** Exactly these numbers, in this structure. */
export async function expectArray(actual: Tensor | Variable, expected: NestedNumbers): Promise<void> {
  expect(await actual.array()).toEqual(expected)
}

/** These numbers to about float32's digits, in this structure. */
export async function expectClose(actual: Tensor | Variable, expected: NestedNumbers, tolerance = 2e-6): Promise<void> {
  const array = await actual.array()
  expect(structure(array)).toEqual(structure(expected))
  const [a, b] = [flat(array), flat(expected)]
  a.forEach((value, i) => {
    const wanted = b[i]!
    const same = Object.is(value, wanted) || Math.abs(value - wanted) <= tolerance * Math.max(1, Math.abs(wanted))
    if (!same) expect(array).toEqual(expected)
  })
}

function flat(value: NestedNumbers): number[] {
  return typeof value === 'number' ? [value] : value.flatMap(flat)
}
function structure(value: NestedNumbers): unknown {
  return typeof value === 'number' ? 0 : value.map(structure)
}

export const i32 = (...values: number[]): Tensor => ops.tensor(Int32Array.from(values))
export const u8 = (...values: number[]): Tensor => ops.tensor(Uint8Array.from(values))
export const f32 = (...values: number[]): Tensor => ops.tensor(Float32Array.from(values))
export const type = (x: Tensor): string => `${x.dtype}(${x.shape.join()})`
