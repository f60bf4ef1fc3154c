// Reading and setting the learning rate of a compiled model, as callbacks do it.
import { ArgumentError, problem } from '../../errors.ts'
import type { Model } from '../model.ts'

/** The rate in use, as the float32 number that the optimizer holds. @throws ArgumentError if a schedule rules it. */
export function currentRate(model: Model): number {
  const rate = model.requireOptimizer('a learning-rate callback').learningRate
  if (typeof rate === 'number') return Math.fround(rate)
  const hint = 'Use either a schedule or this callback'
  const expected = 'an optimizer whose learning rate is a number'
  throw new ArgumentError(problem({ where: 'a learning-rate callback', expected, received: 'a schedule', hint }))
}

export function setRate(model: Model, rate: number): void {
  model.requireOptimizer('a learning-rate callback').learningRate = rate
}
