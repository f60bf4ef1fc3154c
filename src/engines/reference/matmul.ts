// Matrix products, accumulated in float64.
import { sizeOf } from '../../graph/types.ts'
import type { TypedArray } from '../../graph/types.ts'
import type { Kernels } from './kernel.ts'
import { allocateResult } from './storage.ts'
import { readStrided } from './strided.ts'

/** The transposes of `count` matrices of rows x columns. */
function transposed(matrices: TypedArray, count: number, rows: number, columns: number): TypedArray {
  return readStrided(matrices, 'float32', [count, columns, rows], [rows * columns, 1, columns])
}

export const matmulKernels: Kernels<'matmul'> = {
  matmul: (node, [a, b]) => {
    const { transposeA, transposeB } = node.attrs
    const shape = node.inputs[0]!.shape
    const batch = sizeOf(shape.slice(0, -2))
    const [m, n] = node.shape.slice(-2) as [number, number]
    const k = shape[shape.length - (transposeA ? 2 : 1)]!
    const left = transposeA ? transposed(a!, batch, k, m) : a!
    const right = transposeB ? transposed(b!, batch, n, k) : b!
    const out = allocateResult('float32', batch * m * n)
    const row = new Float64Array(n)
    for (let i = 0; i < batch * m; i++) {
      row.fill(0)
      const matrix = Math.floor(i / m) * k * n
      // The innermost loop runs along a row of the right matrix and of the result: contiguous in memory.
      for (let inner = 0; inner < k; inner++) {
        const value = left[i * k + inner]!
        const from = matrix + inner * n
        for (let j = 0; j < n; j++) row[j] = row[j]! + value * right[from + j]!
      }
      out.set(row, i * n)
    }
    return out
  },
}
