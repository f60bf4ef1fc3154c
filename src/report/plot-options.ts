// The options that pictures of models share, checked.
import { ArgumentError, problem } from '../errors.ts'
import { Model } from '../models/index.ts'
import { requireOptions } from '../platform/arguments.ts'

const directions = ['TB', 'LR', 'BT', 'RL'] as const
export type Direction = (typeof directions)[number]

const flags = ['showShapes', 'showDtype', 'showLayerNames', 'showLayerActivations', 'showTrainable', 'expandNested']

/** @throws ArgumentError for what is no model, and for unknown options or values. */
export function checkPlotOptions(where: string, model: Model, options: object, further: readonly string[] = []): void {
  if (!(model instanceof Model)) {
    throw new ArgumentError(
      problem({ where, expected: 'a model', received: model, hint: `Write ${where}(model, { … })` }),
    )
  }
  requireOptions(where, options, [...flags, 'rankdir', ...further], `${where}(model, { showShapes: true })`)
  for (const [name, value] of Object.entries(options as Record<string, unknown>)) {
    const refuse = (expected: string): never => {
      throw new ArgumentError(problem({ where, expected: `\`${name}\` to be ${expected}`, received: value }))
    }
    if (value === undefined) continue
    if (flags.includes(name) && typeof value !== 'boolean') refuse('true or false')
    if (name === 'rankdir' && !directions.some((direction) => direction === value)) refuse(directions.join(', '))
  }
}
