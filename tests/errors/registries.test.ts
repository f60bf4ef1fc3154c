// Mistakes with what looks objects up by name, registers classes of the user's and writes objects down.
import { describe } from 'vitest'
import {
  activations, constraints, initializers, layers, losses, metrics, ops, optimizers, regularizers, schedules,
} from '../../src/index.ts' // prettier-ignore
import { checkMistakes, each, loose, type Mistakes, wrong } from './mistakes.ts'

const x = ops.ones([2])

/** Neither names nor objects of any family; nothing and null stand for none in some. */
const strangers = (known: string): Readonly<Record<string, unknown>> => ({
  'a misspelt name': `${known.slice(0, 2)}x${known.slice(2)}`, 'an empty text': '', 'a number': 0.01, 'true': true, 'a list': [known], 'a tensor': x, 'a promise': Promise.resolve(known),
  'an object': { name: known }, 'a class': ops.SeedGenerator, 'a config of no class': { class_name: 'Nothing', config: {} }, 'a config without a config': { class_name: 3 },
}) // prettier-ignore
const noClasses: Readonly<Record<string, unknown>> = {
  'nothing': undefined, 'null': null, 'a name': 'Mine', 'a number': 1, 'a function': () => x, 'a class of something else': ops.SeedGenerator, 'an object': { Mine: ops.SeedGenerator }, 'a list': [ops.SeedGenerator], 'a promise': Promise.resolve(ops.SeedGenerator), 'true': true,
} // prettier-ignore
const noObjects: Readonly<Record<string, unknown>> = {
  'nothing': undefined, 'null': null, 'a name': 'mine', 'a number': 1, 'a function': () => x, 'a class': ops.SeedGenerator, 'an object': { name: 'mine' }, 'a list': [], 'a promise': Promise.resolve(1), 'a tensor': x,
} // prettier-ignore

const families: Readonly<Record<string, readonly [module: object, known: string, one: () => unknown]>> = {
  constraints: [constraints, 'non_neg', () => constraints.nonNeg()],
  initializers: [initializers, 'he_normal', () => initializers.heNormal()],
  losses: [losses, 'poisson', () => losses.poisson()],
  metrics: [metrics, 'accuracy', () => metrics.accuracy()],
  optimizers: [optimizers, 'sgd', () => optimizers.sgd()],
  regularizers: [regularizers, 'l1_l2', () => regularizers.l2()],
  schedules: [schedules, 'CosineDecay', () => schedules.cosineDecay({ initialLearningRate: 1, decaySteps: 1 })],
}

describe('registries', () => {
  const table: Record<string, Mistakes> = {}
  for (const [family, [module, known, one]] of Object.entries(families)) {
    for (const name of ['get', 'getInitializer'])
      // Losses and metrics have tables of their own for `get`.
      if (name in module && family !== 'losses') table[`${family}.${name}`] = each(loose(module)[name]!, strangers(known))
    const register = loose(module).register!
    table[`${family}.register`] = { ...each(register, noClasses), 'an object in place of its class': () => register(one()) }
    if ('serialize' in module) table[`${family}.serialize`] = each(loose(module).serialize!, noObjects)
  }
  checkMistakes('registries', {
    ...table,
    'schedules.deserialize': each(loose(schedules).deserialize!, strangers('CosineDecay')),
    'activations.register': {
      ...each((name) => { activations.register(wrong(name), (y) => y) }, { 'nothing': undefined, 'null': null, 'the function alone': (y: unknown) => y, 'an empty name': '', 'a number': 1 }),
      ...each((fn) => { activations.register('mine', wrong(fn)) }, { 'no function': undefined, 'a name as function': 'relu', 'a layer': layers.flatten(), 'a class': ops.SeedGenerator, 'a tensor': x, 'a promise': Promise.resolve(x) }),
    },
    'activations.serialize': each(loose(activations).serialize!, noObjects),
    'layers.registerLayer': { ...each(loose(layers).registerLayer!, noClasses), 'a layer in place of its class': () => { layers.registerLayer(wrong(layers.flatten())) } },
    'layers.serializeLayer': each(loose(layers).serializeLayer!, noObjects),
    'layers.layerFromConfig': each(loose(layers).layerFromConfig!, strangers('Dense')),
  })
}) // prettier-ignore
