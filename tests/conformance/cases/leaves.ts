// Cases of leaves: what enters a graph or is made from attributes.
import { makeNode } from '../../../src/graph/node.ts'
import { bool, bytes, caseOf, float, int, random } from '../case.ts'
import type { Case, Tensor } from '../case.ts'

type Name = 'input' | 'constant' | 'iota' | 'randomUniform'

const tensors: readonly (readonly [string, Tensor])[] = [
  ['scalar', float([], [2.5])],
  ['float32', random([3, 5], 1)],
  ['special values', float([4], [NaN, Infinity, -Infinity, -0])],
  ['int32', int([3], [-(2 ** 31), 16777217, 2 ** 31 - 1])],
  ['uint8', bytes([2, 2], [0, 127, 128, 255])],
  ['bool', bool([3], [1, 0, 1])],
  ['empty', float([2, 0], [])],
]

const seed = (a: number, b: number): Tensor => int([2], [a, b])

export const leafCases: Readonly<Record<Name, readonly Case[]>> = {
  // An input that is an output as it stands.
  input: tensors.map(([name, tensor]) => ({
    name,
    inputs: [tensor],
    build: (leaves) => [leaves[0]!],
    expected: [tensor.data],
    type: tensor,
    gradients: [],
  })),
  constant: tensors.map(([name, { data, shape, dtype }]) =>
    caseOf(name, 'constant', [], { data, shape, dtype }, { expected: [data], type: { shape, dtype } }),
  ),
  iota: [
    caseOf('float32', 'iota', [], { shape: [5], axis: 0, dtype: 'float32' }, { expected: [[0, 1, 2, 3, 4]] }),
    caseOf('int32, rows', 'iota', [], { shape: [2, 3], axis: 0, dtype: 'int32' }, { expected: [[0, 0, 0, 1, 1, 1]] }),
    caseOf('columns', 'iota', [], { shape: [2, 3], axis: 1, dtype: 'float32' }, { expected: [[0, 1, 2, 0, 1, 2]] }),
    caseOf('the middle axis', 'iota', [], { shape: [1, 3, 2], axis: 1, dtype: 'int32' }, { expected: [[0, 0, 1, 1, 2, 2]] }), // prettier-ignore
    caseOf('empty', 'iota', [], { shape: [0], axis: 0, dtype: 'int32' }, { expected: [[]] }),
    caseOf('long', 'iota', [], { shape: [3, 1025], axis: 1, dtype: 'int32' }),
  ],
  randomUniform: [
    // Known answers of Philox4x32-10 (Random123, kat_vectors): counter 0 and key 0.
    caseOf('key 0', 'randomUniform', [seed(0, 0)], { shape: [4] }, { expected: [[0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8].map((word) => (word >>> 8) / 2 ** 24)] }), // prettier-ignore
    ...([[[], 1], [[0], 2], [[1], 3], [[5], 4], [[2, 3, 7], 5], [[33], -6], [[4099], 7]] as const).map(([shape, key]) =>
      caseOf(`[${shape.join()}]`, 'randomUniform', [seed(key, 100 - key)], { shape }),
    ), // prettier-ignore
    // One stream: a longer draw begins with the shorter one. Two seeds: two streams.
    {
      name: 'several draws in a graph',
      inputs: [seed(1, 2), seed(1, 3)],
      build: ([a, b]) => [
        makeNode('randomUniform', [a!], { shape: [7] }),
        makeNode('randomUniform', [a!], { shape: [3, 5] }),
        makeNode('randomUniform', [b!], { shape: [7] }),
      ],
    },
  ],
}
