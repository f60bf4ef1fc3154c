// Gamma, beta and Dirichlet distributions and random orders, as functions of a seed alone.
import { ArgumentError, problem } from '../errors.ts'
import type { Shape } from '../graph/types.ts'
import { requireOptions } from '../platform/arguments.ts'
import { requireCount } from './checks.ts'
import { toTensor } from './convert.ts'
import type { TensorLike } from './convert.ts'
import {
  add,
  cos,
  divide,
  exp,
  less,
  log,
  logicalAnd,
  multiply,
  sigmoid,
  sqrt,
  square,
  subtract,
  where,
} from './elementwise.ts'

import { argsort } from './indexing.ts'
import { broadcastTo, stack, unstack } from './movement.ts'
import type { RandomOptions } from './random.ts'
import { checkDraw, randomUniform } from './random.ts'
import { softmax } from './reductions.ts'
import type { Tensor } from './tensor.ts'

/** A round accepts at least 95 % of its draws, so that one in 10^13 is left without. */
const rounds = 10

/**
 * The logarithm of gamma distributed draws, which stays finite where shape parameters near 0 make the draws themselves 0. By
 * Marsaglia and Tsang (ACM TOMS 26, 2000) for alpha + 1; Gamma(alpha) = Gamma(alpha + 1) U^(1 / alpha).
 */
function logGammaDraws(shape: Shape, alpha: TensorLike, seed: TensorLike | undefined): Tensor {
  const a = broadcastTo(toTensor(alpha, 'float32'), shape)
  const d = add(a, 2 / 3)
  const c = divide(1 / 3, sqrt(d))
  // 1 - u is in (0, 1], which has a logarithm.
  const all = subtract(1, randomUniform([3 * rounds + 1, ...shape], seed === undefined ? {} : { seed }))
  const draws = unstack(all)
  let chosen: Tensor = d
  for (let round = rounds - 1; round >= 0; round--) {
    const [u1, u2, u3] = draws.slice(3 * round, 3 * round + 3) as [Tensor, Tensor, Tensor]
    const x = multiply(sqrt(multiply(log(u1), -2)), cos(multiply(u2, 2 * Math.PI)))
    const root = add(1, multiply(c, x))
    const positive = less(0, root)
    const safe = where(positive, root, 1)
    const v = multiply(square(safe), safe)
    const bound = add(multiply(square(x), 0.5), multiply(d, add(subtract(1, v), log(v))))
    chosen = where(logicalAnd(positive, less(log(u3), bound)), multiply(d, v), chosen)
  }
  return add(log(chosen), divide(log(draws.at(-1)!), a))
}

/** Numbers are checked at once; a tensor's elements are not known yet. */
function requireParameter(where: string, name: string, value: TensorLike): void {
  if (typeof value === 'number' ? value > 0 : value !== undefined) return
  throw new ArgumentError(problem({ where, expected: `\`${name}\`: a number above 0`, received: value }))
}

/** Gamma distributed with shape parameter `alpha` > 0 (a number, or a tensor that broadcasts to the shape) and scale 1. */
export function randomGamma(shape: Shape, options: RandomOptions & { alpha: TensorLike }): Tensor {
  checkDraw('randomGamma', shape, options, ['alpha', 'seed'])
  const { alpha, seed } = options
  requireParameter('randomGamma', 'alpha', alpha)
  return exp(logGammaDraws(shape, alpha, seed))
}

/** Beta distributed in [0, 1] with parameters `alpha`, `beta` > 0 (numbers, or tensors that broadcast to the shape). */
export function randomBeta(shape: Shape, options: RandomOptions & { alpha: TensorLike; beta: TensorLike }): Tensor {
  checkDraw('randomBeta', shape, options, ['alpha', 'beta', 'seed'])
  const { alpha, beta, seed } = options
  requireParameter('randomBeta', 'alpha', alpha)
  requireParameter('randomBeta', 'beta', beta)
  // X / (X + Y) of two gamma draws.
  const parameters = [alpha, beta].map((value) => broadcastTo(toTensor(value, 'float32'), shape))
  const [x, y] = unstack(logGammaDraws([2, ...shape], stack(parameters), seed))
  return sigmoid(subtract(x!, y!))
}

/** Parts of 1 along the last axis, evenly distributed for `alpha` 1, more unlike below and more alike above it. */
export function randomDirichlet(shape: Shape, options: RandomOptions & { alpha: number }): Tensor {
  checkDraw('randomDirichlet', shape, options, ['alpha', 'seed'])
  const { alpha, seed } = options
  requireParameter('randomDirichlet', 'alpha', alpha)
  return softmax(logGammaDraws(shape, alpha, seed))
}

/** int32 [n]: 0 to n - 1 in random order. */
export function randomPermutation(n: number, options: RandomOptions = {}): Tensor {
  requireCount('randomPermutation', 'n', n)
  requireOptions('randomPermutation', options, ['seed'], 'randomPermutation(n, { seed: 1 })')
  const { seed } = options
  return argsort(randomUniform([n], seed === undefined ? {} : { seed }))
}
