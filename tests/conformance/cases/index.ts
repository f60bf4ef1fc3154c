// All cases: a primitive without an entry does not compile.
import type { PrimitiveName } from '../../../src/graph/primitives.ts'
import type { Case } from '../case.ts'
import { elementwiseCases } from './elementwise.ts'
import { fusedCases } from './fused.ts'
import { imageCases } from './images.ts'
import { leafCases } from './leaves.ts'
import { linearCases } from './linear.ts'
import { movementCases } from './movement.ts'
import { poolingCases } from './pooling.ts'
import { reductionCases } from './reductions.ts'

export const cases: { readonly [P in PrimitiveName]: readonly Case[] } = {
  ...leafCases,
  ...elementwiseCases,
  ...fusedCases,
  ...reductionCases,
  ...movementCases,
  ...linearCases,
  ...poolingCases,
  ...imageCases,
}
