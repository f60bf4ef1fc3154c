// Summaries against the text that Keras prints.
import { afterEach, describe, expect, test } from 'vitest'
import { deserializeAny, compileFromConfig, type Model, setOutput } from '../../src/models/index.ts'
import { readBook } from './read.ts'

interface SummaryCase {
  readonly name: string
  readonly model: Parameters<typeof deserializeAny>[0] & { compile_config?: Record<string, unknown> }
  readonly columns: number
  readonly options: Record<string, unknown>
  readonly text: string
  readonly total_params: number
  readonly layer_trainable: Record<string, boolean>
}

const optionNames: Record<string, string> = {
  expand_nested: 'expandNested',
  show_trainable: 'showTrainable',
  line_length: 'lineLength',
  layer_range: 'layerRange',
  positions: 'positions',
}

afterEach(() => setOutput(null))

describe('files/summaries', () => {
  for (const golden of readBook<SummaryCase>('files/summaries').cases) {
    test(golden.name, () => {
      const model = deserializeAny(golden.model) as Model
      expect(model.countParams()).toBe(golden.total_params)
      for (const [name, trainable] of Object.entries(golden.layer_trainable)) {
        expect([name, model.getLayer(name).trainable]).toEqual([name, trainable])
      }
      const compileConfig = golden.model.compile_config ?? {}
      if (Object.keys(compileConfig).length > 0) {
        compileFromConfig(model, compileConfig)
        model.optimizer!.build(model.trainableVariables)
      }
      const options: Record<string, unknown> = {}
      for (const [key, value] of Object.entries(golden.options)) {
        if (optionNames[key] === undefined) throw new Error(`option ${key} is not known`)
        options[optionNames[key]] = value
      }
      const printed: string[] = []
      setOutput({ write: () => undefined, isTerminal: true, columns: golden.columns, colors: false })
      model.summary({ ...options, printFn: (text) => printed.push(text) })
      expect(printed.join('\n')).toBe(golden.text)
    })
  }
})
