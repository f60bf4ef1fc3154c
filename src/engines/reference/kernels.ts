// The table of reference kernels, total over the primitives that compute; leaves and fused nodes are the evaluator's business.
import type { PrimitiveName } from '../../graph/primitives.ts'
import type { TypedArray } from '../../graph/types.ts'
import { philoxUniform } from '../../graph/philox.ts'
import { sizeOf } from '../../graph/types.ts'
import { convKernels } from './conv.ts'
import { elementwiseKernels } from './elementwise.ts'
import { imageKernels } from './images.ts'
import { indexingKernels } from './indexing.ts'
import type { Kernel, Kernels } from './kernel.ts'
import { matmulKernels } from './matmul.ts'
import { movementKernels } from './movement.ts'
import { poolingKernels } from './pooling.ts'
import { reductionKernels } from './reductions.ts'
import { allocateResult } from './storage.ts'

/** Computed by the evaluator: `input` is given, `fused` runs its body by this table, `result` picks one of its results. */
export type StructuralName = 'input' | 'fused' | 'result'
export type KernelName = Exclude<PrimitiveName, StructuralName>

const leafKernels: Kernels<'constant' | 'randomUniform'> = {
  constant: (node): TypedArray => node.attrs.data,
  randomUniform: (node, [seed]) => {
    const out = allocateResult('float32', sizeOf(node.shape)) as Float32Array
    philoxUniform(seed![0]!, seed![1]!, out)
    return out
  },
}

export const kernels: { readonly [P in KernelName]: Kernel<P> } = {
  ...leafKernels,
  ...elementwiseKernels,
  ...reductionKernels,
  ...movementKernels,
  ...indexingKernels,
  ...matmulKernels,
  ...convKernels,
  ...poolingKernels,
  ...imageKernels,
}
