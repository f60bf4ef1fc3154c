// Checks of what is given to the methods that every layer has: options of calls, shapes to build for, losses to add.
import { ArgumentError, problem } from '../errors.ts'
import { Tensor, Variable } from '../ops/index.ts'
import { closest, requireObject } from '../platform/arguments.ts'
import { isShape, type LayerShape } from './nested.ts'

/**
 * @throws ArgumentError for options of a call that are no object, and for a misspelt `training`; others are for `call`, which alone
 * knows them.
 */
export function checkCallOptions(where: string, options: object): void {
  requireObject(`${where}, apply`, options, 'apply(x, { training: true })')
  for (const [name, value] of Object.entries(options as Record<string, unknown>)) {
    if (name === 'training') {
      if (value === undefined || value === null || typeof value === 'boolean') continue
      throw new ArgumentError(problem({ where: `${where}, apply`, expected: '`training` to be true, false or null', received: value })) // prettier-ignore
    }
    // An option of one's own may well be called `train`.
    if ('training'.startsWith(name) || closest(name, ['training']) === null) continue
    throw new ArgumentError(problem({ where: `${where}, apply`, expected: 'a known option', received: name, hint: 'Did you mean `training`?' })) // prettier-ignore
  }
}

/** @throws ArgumentError unless it is a shape, or a list or record of shapes; null stands for an open size. */
export function requireLayerShape(where: string, shape: LayerShape): void {
  if (isShapes(shape)) return
  throw new ArgumentError(
    problem({ where, expected: 'a shape, with the batch first', received: shape, hint: 'For example build([null, 224, 224, 3])' }), // prettier-ignore
  )
}

function isShapes(value: unknown): boolean {
  if (isShape(value)) return value.every((dim) => dim === null || (Number.isSafeInteger(dim) && dim >= 0))
  if (Array.isArray(value)) return value.every(isShapes)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false
  return Object.values(value).every(isShapes)
}

/** @throws ArgumentError unless it is a value to add to a loss. */
export function requireLoss(where: string, loss: Tensor): void {
  const received: unknown = loss
  if (received instanceof Tensor || received instanceof Variable || typeof received === 'number') return
  const hint = 'Compute it of what the layer is called with: this.addLoss(ops.mean(ops.square(x)))'
  throw new ArgumentError(problem({ where: `${where}, addLoss`, expected: 'a tensor', received, hint }))
}
