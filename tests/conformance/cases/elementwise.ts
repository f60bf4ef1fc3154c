// Cases of the elementwise primitives: special values, broadcasting, integer arithmetic, sizes around vector widths.
import type { ElementwiseName } from '../../../src/graph/primitives.ts'
import { broadcastShapes } from '../../../src/graph/types.ts'
import type { Shape } from '../../../src/graph/types.ts'
import { bool, bytes, caseOf, float, int, random, randomInts, vector } from '../case.ts'
import type { Case, Tensor } from '../case.ts'
import { at, fill } from '../naive.ts'

type Table = Readonly<Record<ElementwiseName | 'stopGradient', readonly Case[]>>

const shapes: readonly Shape[] = [[], [0], [3, 0, 2], [1], [7], [8], [15], [16], [17], [2, 3, 5], [1029]]
const { NaN: nan, POSITIVE_INFINITY: inf } = Number

type UnaryName = 'neg' | 'abs' | 'sign' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'rsqrt' | 'tanh' | 'sigmoid' | 'erf' | 'sin' | 'cos' | 'floor' | 'ceil' | 'round' // prettier-ignore

/** `specials`: pairs of an argument and its value. */
function unary(
  op: UnaryName,
  fn: (x: number) => number,
  specials: readonly (readonly [number, number])[],
  [low, high]: readonly [number, number] = [-4, 4],
): Case[] {
  const sized = shapes.map((shape, i) => {
    const x = random(shape, i, low, high)
    return caseOf(`[${shape.join()}]`, op, [x], {}, { expected: [Array.from(x.data, fn)] })
  })
  const x = vector(...specials.map(([argument]) => argument))
  const expected = specials.map(([, value]) => value)
  return [...sized, caseOf('special values', op, [x], {}, { expected: [expected], gradients: [] })]
}

type FloatBinaryName = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'mod' | 'maximum' | 'minimum' | 'equal' | 'notEqual' | 'less' | 'lessEqual' // prettier-ignore

const pairs: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[5, 7], [5, 7]],
  [[], [3, 5]],
  [[3, 5], []],
  [[1], [17]],
  [[2, 3, 4, 5], [5]],
  [[5], [2, 3, 4, 5]],
  [[2, 3, 4, 5], [2, 1, 1, 5]],
  [[4, 1, 3], [2, 1]],
  [[3, 1], [1, 4]],
  [[0, 3], [3]],
  [[1], [0]],
  [[2, 1, 33], [1, 6, 1]],
  [[1, 1, 1], [2, 2]],
] // prettier-ignore

function broadcastCases(
  op: ElementwiseName,
  fn: (a: number, b: number) => number,
  make: (shape: Shape, seed: number) => Tensor,
  label = '',
): Case[] {
  return pairs.map(([shapeA, shapeB], i) => {
    const [a, b] = [make(shapeA, 2 * i), make(shapeB, 2 * i + 1)]
    const expected = fill(broadcastShapes(shapeA, shapeB)!, (position) => fn(at(a, position), at(b, position)))
    return caseOf(`${label}[${shapeA.join()}] and [${shapeB.join()}]`, op, [a, b], {}, { expected: [expected] })
  })
}

function specialPairs(op: FloatBinaryName, table: readonly (readonly [number, number, number])[]): Case {
  const a = vector(...table.map(([first]) => first))
  const b = vector(...table.map(([, second]) => second))
  return caseOf('special values', op, [a, b], {}, { expected: [table.map(([, , value]) => value)], gradients: [] })
}

const positive = (shape: Shape, seed: number): Tensor => random(shape, seed, 0.3, 2)
const awayFromZero = (shape: Shape, seed: number): Tensor => {
  const x = random(shape, seed, -1, 1)
  return float(
    shape,
    Array.from(x.data, (value) => value + (value < 0 ? -0.5 : 0.5)),
  )
}
const uniform = (shape: Shape, seed: number): Tensor => random(shape, seed, -3, 3)
/** Small integers, so that comparisons see equal values. */
const coarse = (shape: Shape, seed: number): Tensor => float(shape, randomInts(shape, -2, 3, seed).data)
const bits = (shape: Shape, seed: number): Tensor => bool(shape, randomInts(shape, 0, 2, seed).data)

/** int32 arithmetic at the ends of the range wraps. */
function ints(op: ElementwiseName, triples: readonly (readonly [number, number, number])[]): Case {
  const a = int(
    [triples.length],
    triples.map(([first]) => first),
  )
  const b = int(
    [triples.length],
    triples.map(([, second]) => second),
  )
  return caseOf('int32', op, [a, b], {}, { expected: [triples.map(([, , value]) => value)] })
}

const least = -(2 ** 31)
const most = 2 ** 31 - 1
const ordered = [[1, 2], [2, 1], [2, 2], [nan, 1], [1, nan], [nan, nan], [inf, inf], [-inf, inf], [0, -0]] as const // prettier-ignore
const comparison = (op: 'equal' | 'notEqual' | 'less' | 'lessEqual', fn: (a: number, b: number) => boolean): Case[] => [
  ...broadcastCases(op, (a, b) => Number(fn(a, b)), coarse),
  specialPairs(
    op,
    ordered.map(([a, b]) => [a, b, Number(fn(a, b))] as const),
  ),
  ints(op, [[1, 2], [2, 1], [2, 2], [least, most], [-1, 0], [16777217, 16777216]].map(([a, b]) => [a!, b!, Number(fn(a!, b!))] as const)), // prettier-ignore
]

export const elementwiseCases: Table = {
  neg: [
    ...unary('neg', (x) => -x, [[inf, -inf], [nan, nan], [0, -0]]), // prettier-ignore
    caseOf('int32', 'neg', [int([4], [1, -7, 0, least])], {}, { expected: [[-1, 7, 0, least]] }),
  ],
  abs: [
    ...unary('abs', Math.abs, [[-inf, inf], [nan, nan], [0, 0]]), // prettier-ignore
    caseOf('int32', 'abs', [int([4], [1, -7, 0, least])], {}, { expected: [[1, 7, 0, least]] }),
  ],
  sign: [
    ...unary('sign', Math.sign, [[-inf, -1], [inf, 1], [nan, nan], [0, 0], [1e-30, 1]]), // prettier-ignore
    caseOf('int32', 'sign', [int([3], [5, -7, 0])], {}, { expected: [[1, -1, 0]] }),
  ],
  exp: unary('exp', Math.exp, [[0, 1], [-inf, 0], [inf, inf], [nan, nan], [89, inf], [-200, 0], [1, Math.E]]), // prettier-ignore
  expm1: unary('expm1', Math.expm1, [[0, 0], [-inf, -1], [inf, inf], [nan, nan], [1e-6, 1e-6], [-50, -1]]), // prettier-ignore
  log: unary('log', Math.log, [[1, 0], [0, -inf], [-1, nan], [inf, inf], [nan, nan], [Math.fround(Math.E), 1]], [0.1, 5]), // prettier-ignore
  log1p: unary('log1p', Math.log1p, [[0, 0], [-1, -inf], [-2, nan], [inf, inf], [nan, nan], [1e-7, 1e-7]], [-0.8, 5]), // prettier-ignore
  sqrt: unary('sqrt', Math.sqrt, [[0, 0], [4, 2], [-1, nan], [inf, inf], [nan, nan]], [0.1, 9]), // prettier-ignore
  rsqrt: unary('rsqrt', (x) => 1 / Math.sqrt(x), [[0, inf], [4, 0.5], [-1, nan], [inf, 0], [nan, nan]], [0.1, 9]), // prettier-ignore
  tanh: unary('tanh', Math.tanh, [[0, 0], [inf, 1], [-inf, -1], [nan, nan], [40, 1], [-40, -1]]), // prettier-ignore
  sigmoid: unary('sigmoid', (x) => 1 / (1 + Math.exp(-x)), [[0, 0.5], [inf, 1], [-inf, 0], [nan, nan], [100, 1], [-100, 0]]), // prettier-ignore
  erf: [
    // Values of Abramowitz and Stegun, table 7.1.
    ...unary('erf', erfBySum, [[0, 0], [0.5, 0.5204998778], [1, 0.8427007929], [-1.5, -0.9661051465], [2, 0.9953222650], [inf, 1], [-inf, -1], [nan, nan], [10, 1]]), // prettier-ignore
  ],
  sin: unary('sin', Math.sin, [[0, 0], [inf, nan], [nan, nan], [100, Math.sin(100)], [-30, Math.sin(-30)]]), // prettier-ignore
  cos: unary('cos', Math.cos, [[0, 1], [inf, nan], [nan, nan], [100, Math.cos(100)], [-30, Math.cos(-30)]]), // prettier-ignore
  floor: unary('floor', Math.floor, [[-0.5, -1], [1.5, 1], [2, 2], [inf, inf], [nan, nan], [1e20, Math.fround(1e20)]]), // prettier-ignore
  ceil: unary('ceil', Math.ceil, [[-1.5, -1], [1.2, 2], [2, 2], [-inf, -inf], [nan, nan], [1e20, Math.fround(1e20)]]), // prettier-ignore
  round: unary('round', nearest, [[0.5, 0], [1.5, 2], [2.5, 2], [-0.5, 0], [-1.5, -2], [-2.5, -2], [inf, inf], [nan, nan], [8388609, 8388609], [1e20, Math.fround(1e20)], [0.49999997, 0]]), // prettier-ignore
  isFinite: [
    caseOf('special values', 'isFinite', [vector(0, inf, -inf, nan, 3e38, -1)], {}, { expected: [[1, 0, 0, 0, 1, 1]] }),
    caseOf('empty', 'isFinite', [vector()], {}, { expected: [[]], type: { shape: [0], dtype: 'bool' } }),
  ],
  not: [
    caseOf('both', 'not', [bool([2], [0, 1])], {}, { expected: [[1, 0]] }),
    caseOf('37', 'not', [bits([37], 5)], {}, { expected: [Array.from(bits([37], 5).data, (x) => 1 - x)] }),
  ],
  clamp: [
    ...shapes.map((shape, i) => caseOf(`[${shape.join()}]`, 'clamp', [uniform(shape, i)], { low: -1, high: 2 })),
    caseOf('special values', 'clamp', [vector(nan, inf, -inf, 0, 6, 7, -1, 3)], { low: 0, high: 6 }, { expected: [[nan, 6, 0, 0, 6, 6, 0, 3]], gradients: [] }), // prettier-ignore
    caseOf('relu', 'clamp', [vector(nan, inf, -inf, -0, 3, -2)], { low: 0, high: inf }, { expected: [[nan, inf, 0, 0, 3, 0]], gradients: [] }), // prettier-ignore
    caseOf('low = high', 'clamp', [vector(-2, 0.5, 2)], { low: 1, high: 1 }, { expected: [[1, 1, 1]] }),
  ],
  cast: [
    caseOf('float32 to int32', 'cast', [vector(1.9, -1.9, 0, 3e9, -3e9, nan, inf, -inf, 0.5)], { dtype: 'int32' }, { expected: [[1, -1, 0, most, least, 0, most, least, 0]] }), // prettier-ignore
    caseOf('float32 to uint8', 'cast', [vector(1.9, -1.9, 255.9, 300, nan, inf)], { dtype: 'uint8' }, { expected: [[1, 0, 255, 255, 0, 255]] }), // prettier-ignore
    caseOf('float32 to bool', 'cast', [vector(0, -0, 1, 0.25, nan, -inf)], { dtype: 'bool' }, { expected: [[0, 0, 1, 1, 1, 1]] }), // prettier-ignore
    caseOf('float32 to float32', 'cast', [uniform([19], 1)], { dtype: 'float32' }),
    caseOf('int32 to float32', 'cast', [int([4], [1, -7, 16777217, most])], { dtype: 'float32' }, { expected: [[1, -7, 16777216, 2147483648]] }), // prettier-ignore
    caseOf(
      'int32 to uint8',
      'cast',
      [int([4], [1, 256, -1, 511])],
      { dtype: 'uint8' },
      { expected: [[1, 0, 255, 255]] },
    ),
    caseOf('int32 to bool', 'cast', [int([4], [0, 256, -1, 1])], { dtype: 'bool' }, { expected: [[0, 1, 1, 1]] }),
    caseOf('uint8 to float32', 'cast', [bytes([33], Array.from({ length: 33 }, (_, i) => i * 7))], { dtype: 'float32' }, { expected: [Array.from({ length: 33 }, (_, i) => i * 7)] }), // prettier-ignore
    caseOf('uint8 to int32', 'cast', [bytes([2, 2], [0, 1, 128, 255])], { dtype: 'int32' }, { expected: [[0, 1, 128, 255]] }), // prettier-ignore
    caseOf('uint8 to bool', 'cast', [bytes([3], [0, 1, 128])], { dtype: 'bool' }, { expected: [[0, 1, 1]] }),
    caseOf('bool to float32', 'cast', [bool([3], [0, 1, 1])], { dtype: 'float32' }, { expected: [[0, 1, 1]] }),
    caseOf('bool to int32', 'cast', [bool([3], [0, 1, 1])], { dtype: 'int32' }, { expected: [[0, 1, 1]] }),
    caseOf('bool to uint8', 'cast', [bool([], [1])], { dtype: 'uint8' }, { expected: [[1]] }),
  ],
  stopGradient: [
    caseOf('float32', 'stopGradient', [vector(1, nan, -2)], {}, { expected: [[1, nan, -2]] }),
    caseOf('uint8', 'stopGradient', [bytes([2], [3, 4])], {}, { expected: [[3, 4]] }),
  ],

  add: [
    ...broadcastCases('add', (a, b) => a + b, uniform),
    specialPairs('add', [[inf, -inf, nan], [inf, 1, inf], [nan, 1, nan], [3e38, 3e38, inf]]), // prettier-ignore
    ints('add', [[1, 2, 3], [most, 1, least], [least, -1, most]]), // prettier-ignore
  ],
  sub: [
    ...broadcastCases('sub', (a, b) => a - b, uniform),
    specialPairs('sub', [[inf, inf, nan], [1, inf, -inf], [1, nan, nan]]), // prettier-ignore
    ints('sub', [[1, 2, -1], [least, 1, most]]), // prettier-ignore
  ],
  mul: [
    ...broadcastCases('mul', (a, b) => a * b, uniform),
    specialPairs('mul', [[inf, 0, nan], [-inf, 2, -inf], [nan, 0, nan], [1e30, 1e30, inf]]), // prettier-ignore
    ints('mul', [[3, -4, -12], [123456789, 987654321, Math.imul(123456789, 987654321)], [least, -1, least]]), // prettier-ignore
  ],
  div: [
    ...broadcastCases('div', (a, b) => a / b, awayFromZero),
    specialPairs('div', [[1, 0, inf], [-1, 0, -inf], [0, 0, nan], [inf, inf, nan], [1, inf, 0], [1, 3, 1 / 3]]), // prettier-ignore
  ],
  pow: [
    ...broadcastCases('pow', Math.pow, positive),
    specialPairs('pow', [[2, 10, 1024], [-2, 3, -8], [-2, 0.5, nan], [0, 0, 1], [nan, 0, 1], [1, nan, 1], [-1, inf, 1], [0, -1, inf], [2, -inf, 0], [inf, -1, 0], [9, 0.5, 3]]), // prettier-ignore
  ],
  mod: [
    ...broadcastCases('mod', (a, b) => a - b * Math.floor(a / b), awayFromZero).map((one) => ({
      ...one,
      gradients: [],
    })),
    caseOf('between steps', 'mod', [vector(5.3, -5.3, 5.3, -5.3), vector(3, 3, -3, -3)], {}, { expected: [[2.3, 0.7, -0.7, -2.3]] }), // prettier-ignore
    specialPairs('mod', [[5, 0, nan], [inf, 2, nan], [5, inf, 5], [nan, 2, nan], [6, 3, 0], [-6, 3, 0]]), // prettier-ignore
    ints('mod', [[5, 3, 2], [-5, 3, 1], [5, -3, -1], [-5, -3, -2], [6, 3, 0], [5, 0, 0], [least, -1, 0]]), // prettier-ignore
  ],
  maximum: [
    ...broadcastCases('maximum', Math.max, uniform),
    specialPairs('maximum', [[nan, 1, nan], [1, nan, nan], [-inf, 2, 2], [inf, 2, inf], [3, 3, 3]]), // prettier-ignore
    ints('maximum', [[1, 2, 2], [least, -5, -5], [16777217, 16777216, 16777217]]), // prettier-ignore
  ],
  minimum: [
    ...broadcastCases('minimum', Math.min, uniform),
    specialPairs('minimum', [[nan, 1, nan], [1, nan, nan], [-inf, 2, -inf], [inf, 2, 2], [3, 3, 3]]), // prettier-ignore
    ints('minimum', [[1, 2, 1], [most, -5, -5], [16777217, 16777216, 16777216]]), // prettier-ignore
  ],
  equal: [
    ...comparison('equal', (a, b) => a === b),
    caseOf('uint8', 'equal', [bytes([3], [1, 2, 255]), bytes([], [255])], {}, { expected: [[0, 0, 1]] }),
    caseOf('bool', 'equal', [bool([2, 1], [0, 1]), bool([2], [0, 1])], {}, { expected: [[1, 0, 0, 1]] }),
  ],
  notEqual: [
    ...comparison('notEqual', (a, b) => a !== b),
    caseOf('bool', 'notEqual', [bool([2], [0, 1]), bool([2], [1, 1])], {}, { expected: [[1, 0]] }),
  ],
  less: comparison('less', (a, b) => a < b),
  lessEqual: comparison('lessEqual', (a, b) => a <= b),
  and: broadcastCases('and', (a, b) => a & b, bits),
  or: broadcastCases('or', (a, b) => a | b, bits),
  select: [
    ...(
      [
        [[], [], []],
        [
          [5, 7],
          [5, 7],
          [5, 7],
        ],
        [[3, 1], [1, 4], []],
        [[2, 1, 33], [33], [6, 1]],
        [[], [3, 5], [3, 5]],
        [[4], [], []],
        [[0], [1], []],
      ] as const
    ).map((trio, i) => {
      const [c, a, b] = [bits(trio[0], i), uniform(trio[1], 50 + i), uniform(trio[2], 90 + i)]
      const shape = broadcastShapes(trio[0], broadcastShapes(trio[1], trio[2])!)!
      const expected = fill(shape, (position) => (at(c, position) ? at(a, position) : at(b, position)))
      return caseOf(trio.map((part) => `[${part.join()}]`).join(' '), 'select', [c, a, b], {}, { expected: [expected] })
    }),
    caseOf('NaN on the other side', 'select', [bool([2], [1, 0]), vector(1, nan), vector(nan, 2)], {}, { expected: [[1, 2]], gradients: [] }), // prettier-ignore
    caseOf('int32', 'select', [bool([2], [1, 0]), int([2], [most, 3]), int([], [16777217])], {}, { expected: [[most, 16777217]] }), // prettier-ignore
    caseOf('uint8', 'select', [bool([2], [1, 0]), bytes([2], [200, 3]), bytes([2], [1, 255])], {}, { expected: [[200, 255]] }), // prettier-ignore
  ],
}

function nearest(x: number): number {
  // Random arguments never lie on a half.
  return Math.round(x)
}

/** Simpson's rule for 2/sqrt(pi) times the integral of exp(-t²): knows nothing of the engine's series. */
function erfBySum(x: number): number {
  const steps = 400
  const h = x / steps
  let sum = 0
  for (let i = 0; i <= steps; i++) sum += (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(-((i * h) ** 2))
  return ((2 / Math.sqrt(Math.PI)) * h * sum) / 3
}
