// The options that pictures of models share, checked.
import { ArgumentError, problem } from '../errors.ts'
import { Model } from '../models/index.ts'
import { requireOptions } from '../platform/arguments.ts'
import { checkValue, flag, oneOf } from '../platform/option-rules.ts'

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
    if (value === undefined) continue
    if (flags.includes(name)) checkValue(where, name, value, flag)
    if (name === 'rankdir') checkValue(where, name, value, oneOf(...directions))
  }
}
