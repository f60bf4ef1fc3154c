// Mistakes with what is exported beside the families: functions that are compiled, gradients, Variables, seeds, the engine, utilities.
import { describe } from 'vitest'
import {
  compileFunction, layers, losses, ops, ready, SeedGenerator, setEngine, setWarningHandler, utils, Variable,
} from '../../src/index.ts' // prettier-ignore
import { kinds } from './arguments.ts'
import { checkMistakes, type Mistakes, wrong } from './mistakes.ts'

const x = ops.ones([2, 3])
/** The call with each wrong value of a kind. */
const each = (kind: string, call: (value: never) => unknown): Mistakes =>
  Object.fromEntries(Object.entries(kinds[kind]!).map(([what, value]) => [what, () => call(wrong(value))]))
/** The call with whatever is not a function. */
const noFunctions = (call: (value: never) => unknown): Mistakes =>
  Object.fromEntries(
    Object.entries({ 'nothing': undefined, 'null': null, 'a text': 'step', 'a number': 1, 'a tensor': x, 'a layer': layers.flatten(), 'a class': losses.Huber, 'a promise': Promise.resolve(() => x), 'an object': { fn: () => x }, 'a list': [() => x] })
      .map(([what, value]) => [what, () => call(wrong(value))]),
  ) // prettier-ignore

describe('the engine room', () => {
  checkMistakes('top-level', {
    'compileFunction': {
      ...noFunctions((fn) => compileFunction(fn)),
      'options as text': () => compileFunction(() => [x], wrong('step')),
      'an option that is not one': () => compileFunction(() => [x], wrong({ name: 'step' })),
      'a label that is a number': () => compileFunction(() => [x], { label: wrong(1) }),
      'a capacity of 0': () => compileFunction(() => [x], { capacity: 0 }),
      'one tensor returned': () => compileFunction(wrong(() => x)).run(),
      'nothing returned': () => compileFunction(wrong(() => undefined)).run(),
      'an async function': () => compileFunction(wrong(() => Promise.resolve([x]))).run(),
      'run with numbers': () => compileFunction((a) => [a], { label: 'step' }).run(wrong(1)),
      'run with a list': () => compileFunction((a) => [a], { label: 'step' }).run(wrong([x])),
    },
    'ops.gradients': {
      'nothing': () => ops.gradients(wrong(undefined), [x]), 'null': () => ops.gradients(wrong(null), [x]), 'a number': () => ops.gradients(wrong(1), [x]), 'a promise': () => ops.gradients(wrong(Promise.resolve(x)), [x]),
      'no targets': () => ops.gradients([], [x]), 'integers': () => ops.gradients(ops.ones([2], 'int32'), [x]), 'no sources': () => ops.gradients(x, wrong(undefined)), 'one source': () => ops.gradients(x, wrong(x)),
      'a layer as source': () => ops.gradients(x, wrong([layers.flatten()])), 'undefined in the list': () => ops.gradients(x, wrong([undefined])), 'a text': () => ops.gradients(x, wrong('kernel')),
    },
    'ops.shapeOnly': {
      ...noFunctions((fn) => ops.shapeOnly(fn, [])),
      'no types': () => ops.shapeOnly(() => x, wrong(undefined)), 'a type': () => ops.shapeOnly(() => x, wrong({ shape: [2], dtype: 'float32' })), 'a shape as type': () => ops.shapeOnly(() => x, wrong([[2, 3]])), 'a type without dtype': () => ops.shapeOnly(() => x, wrong([{ shape: [2] }])),
      'float64': () => ops.shapeOnly(() => x, wrong([{ shape: [2], dtype: 'float64' }])), 'unknown dims': () => ops.shapeOnly(() => x, wrong([{ shape: [null, 2], dtype: 'float32' }])),
    },
    'Variable': {
      'nothing': () => new Variable(wrong(undefined)), 'null': () => new Variable(wrong(null)), 'a list': () => new Variable(wrong([1, 2])), 'a text': () => new Variable(wrong('kernel')), 'a shape in place of values': () => new Variable(wrong({ shape: [2, 3] })),
      'a promise': () => new Variable(wrong(Promise.resolve(x))), 'a class': () => new Variable(wrong(Float32Array)), 'a Float64Array': () => new Variable(wrong(new Float64Array(2))), 'a function without a shape': () => new Variable(() => new Float32Array(2)),
      'another size': () => new Variable(new Float32Array(3), { shape: [2, 2] }), 'another shape': () => new Variable(x, { shape: [3, 2] }), 'a shape in place of options': () => new Variable(x, wrong([2, 3])), 'a name in place of options': () => new Variable(x, wrong('kernel')),
      'an option that is not one': () => new Variable(x, wrong({ trainble: false })), 'trainable as text': () => new Variable(x, { trainable: wrong('false') }), 'float64': () => new Variable(x, { dtype: wrong('float64') }), 'a shape that is a number': () => new Variable(1, { shape: wrong(3) }),
      'a dtype that would lose digits': () => new Variable(x, { dtype: 'int32' }), 'a name that is a number': () => new Variable(x, { name: wrong(1) }),
    },
    'SeedGenerator': {
      'a text': () => new SeedGenerator(wrong('1')), 'a fraction': () => new SeedGenerator(0.5), 'negative': () => new SeedGenerator(-1), 'NaN': () => new SeedGenerator(NaN), 'a list': () => new SeedGenerator(wrong([1, 2])), 'an object': () => new SeedGenerator(wrong({ seed: 1 })),
      'a tensor': () => new SeedGenerator(wrong(x)), 'a big integer': () => new SeedGenerator(wrong(5n)), 'a name in place of options': () => new SeedGenerator(1, wrong('seeds')), 'an option that is not one': () => new SeedGenerator(1, wrong({ nam: 'seeds' })), 'a name that is a number': () => new SeedGenerator(1, { name: wrong(1) }),
    },
    'setEngine': {
      'nothing': () => setEngine(wrong(undefined)), 'null': () => setEngine(wrong(null)), 'a misspelt name': () => setEngine(wrong('natve')), 'in capitals': () => setEngine(wrong('NATIVE')), 'another library': () => setEngine(wrong('wasm')), 'a device': () => setEngine(wrong('gpu')),
      'a number': () => setEngine(wrong(1)), 'an object': () => setEngine(wrong({ engine: 'native' })), 'a list': () => setEngine(wrong(['native'])),
      'too late': async () => {
        const inUse = (await ready()).name
        return setEngine(inUse === 'native' ? 'reference' : 'native')
      },
    },
    'setWarningHandler': {
      'nothing': () => setWarningHandler(wrong(undefined)), 'a text': () => setWarningHandler(wrong('silent')), 'false': () => setWarningHandler(wrong(false)), 'the console': () => setWarningHandler(wrong(console)), 'a number': () => setWarningHandler(wrong(0)), 'a list': () => setWarningHandler(wrong([])),
      'a promise': () => setWarningHandler(wrong(Promise.resolve(null))), 'a tensor': () => setWarningHandler(wrong(x)), 'an object': () => setWarningHandler(wrong({ warn: false })), 'true': () => setWarningHandler(wrong(true)),
    },
    'utils.toCategorical': {
      ...each('tensor', (value) => utils.toCategorical(value)),
      'class numbers beyond the number of classes': () => utils.toCategorical([0, 1, 2], 2), 'negative class numbers': () => utils.toCategorical([-1, 0]), 'no classes': () => utils.toCategorical([0], 0), 'a text as number of classes': () => utils.toCategorical([0], wrong('3')),
      'options in place of the number of classes': () => utils.toCategorical([0], wrong({ numClasses: 3 })),
    },
    'utils.normalize': {
      ...each('tensor', (value) => utils.normalize(value)),
      'an axis out of range': () => utils.normalize(x, { axis: 2 }), 'an axis as text': () => utils.normalize(x, { axis: wrong('1') }), 'an order of 0': () => utils.normalize(x, { order: 0 }), 'an order as text': () => utils.normalize(x, { order: wrong('2') }),
      'an axis without its name': () => utils.normalize(x, wrong(1)), 'an option that is not one': () => utils.normalize(x, wrong({ axes: 1 })), 'null': () => utils.normalize(x, wrong(null)),
    },
  })
}) // prettier-ignore
