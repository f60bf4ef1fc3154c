// Random tensors: functions of a seed alone, so that a step can be repeated exactly.
import { ArgumentError, problem } from '../errors.ts'
import { makeNode } from '../graph/node.ts'
import { requireOptions } from '../platform/arguments.ts'
import type { Node } from '../graph/node.ts'
import { showShape, sizeOf } from '../graph/types.ts'
import type { Shape } from '../graph/types.ts'
import { requireNumber, requireShape } from './checks.ts'
import { floatNode, scalarNode, toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import { castNode } from './dtypes.ts'
import { reshapeNode, sliceNode } from './movement.ts'
import { nextSeed } from './seeds.ts'
import { Tensor } from './tensor.ts'

export interface RandomOptions {
  /** An int32 (2,) tensor, e.g. of a SeedGenerator, or a number; equal seeds give equal tensors. Default: a new seed. */
  seed?: TensorLike
}

function seedNode(seed: TensorLike | undefined, where: string): Node {
  if (seed === undefined || typeof seed === 'number') {
    const data = Int32Array.of(seed ?? nextSeed(), 0)
    return makeNode('constant', [], { data, shape: [2], dtype: 'int32' })
  }
  const { node } = toTensor(seed, 'int32', where)
  if (node.dtype === 'int32' && showShape(node.shape) === '(2,)') return node
  throw new ArgumentError(
    problem({
      where,
      expected: 'a seed: an int32 tensor of shape (2,)',
      received: `${node.dtype} ${showShape(node.shape)}`,
    }),
  )
}
function uniformNode(shape: Shape, seed: TensorLike | undefined, where: string): Node {
  return makeNode('randomUniform', [seedNode(seed, where)], { shape: [...shape] })
}
/** x * scale + offset, without what does nothing. */
function scaled(x: Node, scale: number, offset: number): Node {
  const product = scale === 1 ? x : makeNode('mul', [x, scalarNode(scale)], {})
  return offset === 0 ? product : makeNode('add', [product, scalarNode(offset)], {})
}

/** Shape and options of a distribution. */
export function checkDraw(where: string, shape: Shape, options: object, known: readonly string[]): void {
  requireShape(where, shape)
  requireOptions(where, options, known, `${where}(shape, { ${known[0]!}: ... })`)
}

/** Evenly distributed in [minval, maxval), default [0, 1). */
export function randomUniform(
  shape: Shape,
  options: RandomOptions & { minval?: number; maxval?: number } = {},
): Tensor {
  checkDraw('randomUniform', shape, options, ['minval', 'maxval', 'seed'])
  const { minval = 0, maxval = 1, seed } = options
  requireNumber('randomUniform', 'minval', minval)
  requireNumber('randomUniform', 'maxval', maxval)
  return new Tensor(scaled(uniformNode(shape, seed, 'randomUniform'), maxval - minval, minval))
}

/** Normally distributed: Box and Muller's pairs. Values beyond 5.8 standard deviations do not occur. */
export function randomNormal(shape: Shape, options: RandomOptions & { mean?: number; stddev?: number } = {}): Tensor {
  checkDraw('randomNormal', shape, options, ['mean', 'stddev', 'seed'])
  const { mean = 0, stddev = 1, seed } = options
  requireNumber('randomNormal', 'mean', mean)
  requireNumber('randomNormal', 'stddev', stddev)
  const size = sizeOf(shape)
  const half = Math.ceil(size / 2)
  const draws = uniformNode([2 * half], seed, 'randomNormal')
  // 1 - u is in (0, 1], which has a logarithm.
  const positive = makeNode('sub', [scalarNode(1), sliceNode(draws, 0, 0, half)], {})
  const radius = makeNode('sqrt', [makeNode('mul', [makeNode('log', [positive], {}), scalarNode(-2)], {})], {})
  const angle = makeNode('mul', [sliceNode(draws, 0, half, 2 * half), scalarNode(2 * Math.PI)], {})
  const both = (['cos', 'sin'] as const).map((op) => makeNode('mul', [radius, makeNode(op, [angle], {})], {}))
  const flat = sliceNode(makeNode('concat', both, { axis: 0 }), 0, 0, size)
  return new Tensor(scaled(reshapeNode(flat, shape), stddev, mean))
}

/** Coefficients of erfinv(x) / x in powers of w - 2.5, w = -log(1 - x^2) < 5 (M. Giles, GPU Computing Gems 2, 2011). */
const erfinvCoefficients = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
]
/** erf(sqrt(2)): the part of a normal distribution within two standard deviations. */
const withinTwo = 0.9544997361036416

/**
 * Normally distributed within two standard deviations of the mean; what lies beyond is not drawn. As in Keras, `stddev` is that
 * of the whole distribution; the result's is 0.88 times as large. By the inverse of the distribution function.
 */
export function truncatedNormal(
  shape: Shape,
  options: RandomOptions & { mean?: number; stddev?: number } = {},
): Tensor {
  checkDraw('truncatedNormal', shape, options, ['mean', 'stddev', 'seed'])
  const { mean = 0, stddev = 1, seed } = options
  requireNumber('truncatedNormal', 'mean', mean)
  requireNumber('truncatedNormal', 'stddev', stddev)
  const x = scaled(uniformNode(shape, seed, 'truncatedNormal'), 2 * withinTwo, -withinTwo)
  const square = makeNode('mul', [x, x], {})
  const w = makeNode('neg', [makeNode('log1p', [makeNode('neg', [square], {})], {})], {})
  const t = scaled(w, 1, -2.5)
  let polynomial: Node = scalarNode(erfinvCoefficients[0]!)
  for (const coefficient of erfinvCoefficients.slice(1)) {
    polynomial = makeNode('add', [makeNode('mul', [polynomial, t], {}), scalarNode(coefficient)], {})
  }
  const normal = makeNode('mul', [makeNode('mul', [polynomial, x], {}), scalarNode(Math.SQRT2)], {})
  // Rounding must not carry a value over the bound.
  const bounded = makeNode('clamp', [normal], { low: -2, high: 2 })
  return new Tensor(scaled(bounded, stddev, mean))
}

/** 1 with probability `probability` (a number, or a tensor that broadcasts to the shape), else 0. float32. */
export function bernoulli(shape: Shape, options: RandomOptions & { probability?: TensorLike } = {}): Tensor {
  checkDraw('bernoulli', shape, options, ['probability', 'seed'])
  const { probability = 0.5, seed } = options
  const draws = uniformNode(shape, seed, 'bernoulli')
  return new Tensor(castNode(makeNode('less', [draws, floatNode(probability, 'bernoulli')], {}), 'float32'))
}

/** int32, evenly distributed in [minval, maxval); at most 2^24 different values. */
export function randomInt(shape: Shape, options: RandomOptions & { minval?: number; maxval: number }): Tensor {
  checkDraw('randomInt', shape, options, ['minval', 'maxval', 'seed'])
  const { minval = 0, maxval, seed } = options
  const range = maxval - minval
  if (!Number.isInteger(minval) || !Number.isInteger(maxval) || range < 1 || range > 2 ** 24) {
    throw new ArgumentError(
      problem({
        where: 'randomInt',
        expected: 'whole numbers minval < maxval, at most 2^24 apart',
        received: `minval ${minval}, maxval ${maxval}`,
      }),
    )
  }
  const steps = makeNode('floor', [scaled(uniformNode(shape, seed, 'randomInt'), range, 0)], {})
  // The product may round up to the range itself.
  const bounded = makeNode('clamp', [steps], { low: 0, high: range - 1 })
  const whole = castNode(bounded, 'int32')
  return new Tensor(minval === 0 ? whole : makeNode('add', [whole, scalarNode(minval, 'int32')], {}))
}
