// The JSON of models against what Keras writes: names, classes, calls, inputs and outputs.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { deserializeAny, type Model } from '../../src/models/index.ts'
import { goldensRoot } from '../goldens-run/read.ts'

type Json = Record<string, unknown>

/** What a model's structure is made of; configs of single layers are the layers' own matter. */
function structure(stored: Json): Json {
  const config = stored.config as Json
  const own: Json = {
    class_name: stored.class_name,
    module: stored.module,
    registered_name: stored.registered_name,
    build_config: stored.build_config,
    name: config.name,
    trainable: config.trainable,
  }
  if (stored.inbound_nodes !== undefined) own.inbound_nodes = withoutNoise(stored)
  if (!Array.isArray(config.layers)) return own
  return {
    ...own,
    layers: (config.layers as Json[]).map(structure),
    input_layers: config.input_layers,
    output_layers: config.output_layers,
    build_input_shape: config.build_input_shape,
  }
}

/**
 * Keras 3.15 notes a null mask for some layers, and for layers with a `training` argument the default of its signature: masks do
 * not exist here, and a default is none of the caller's arguments.
 */
function withoutNoise({ class_name: name, inbound_nodes: nodes }: Json): unknown {
  const isDefault = (value: unknown): boolean =>
    value ===
    (/^(Random|AutoContrast)/.test(name as string) ? true : /Dropout|Noise/.test(name as string) ? false : null)
  return (nodes as Json[]).map(({ args, kwargs }) => {
    const given = Object.entries(kwargs as Json).filter(
      ([key, value]) => key !== 'mask' && !(key === 'training' && isDefault(value)),
    )
    return { args, kwargs: Object.fromEntries(given) }
  })
}

describe('files/*/to_json.json', () => {
  const folder = join(goldensRoot, 'files')
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'to_json.json')))
  test('there are some', () => expect(names.length).toBeGreaterThan(0))
  for (const name of names) {
    test(name, () => {
      const stored = JSON.parse(readFileSync(join(folder, name, 'to_json.json'), 'utf8')) as Json
      const model = deserializeAny(stored as never) as Model
      expect(structure(JSON.parse(model.toJSON()) as Json)).toEqual(structure(stored))
    })
  }
})
