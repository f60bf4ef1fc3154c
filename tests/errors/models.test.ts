// Mistakes in building models: input, model, sequential, the methods that describe and copy them, and weights.
import { expect, test } from 'vitest'
import {
  cloneModel, Functional, input, Layer, layers, Model, model, modelFromJSON, ops, sequential, Sequential, summaryText, tensor,
} from '../../src/index.ts' // prettier-ignore
import { checkMistakes, type Mistakes, wrong } from './mistakes.ts'

const dense = (units = 2, name?: string) => layers.dense({ units, ...(name === undefined ? {} : { name }) })
const stack = () => sequential([input({ shape: [3] }), dense(4, 'hidden'), dense(2, 'head')])
const graph = () => {
  const inputs = input({ shape: [3], name: 'features' })
  return model({ inputs, outputs: dense(2, 'head').apply(inputs) })
}
const raw = stack as unknown as () => { readonly [method: string]: (...given: unknown[]) => unknown }
/** Inputs and outputs with further options. */
const withOptions = (options: object) => {
  const inputs = input({ shape: [3] })
  return model(wrong({ inputs, outputs: dense().apply(inputs), ...options }))
}

const table: Record<string, Mistakes> = {
  input: {
    'nothing': () => input(wrong(undefined)),
    'no shape': () => input({}),
    'the shape alone': () => input(wrong([150, 150, 3])),
    'a number as shape': () => input({ shape: wrong(3) }),
    'the shape as text': () => input({ shape: wrong('150x150x3') }),
    'sizes as text': () => input({ shape: wrong(['150', '150', '3']) }),
    'a fraction': () => input({ shape: [2.5] }),
    'a negative size': () => input({ shape: [-1, 3] }),
    'undefined for an unknown size': () => input({ shape: wrong([undefined, 3]) }),
    'shape and batchShape': () => input({ shape: [3], batchShape: [1, 3] }),
    'shape misspelt': () => input(wrong({ shapes: [3] })),
    'batch_size': () => input(wrong({ shape: [3], batch_size: 4 })),
    'a batch size as text': () => input({ shape: [3], batchSize: wrong('32') }),
    'a dtype that is not there': () => input({ shape: [3], dtype: wrong('float64') }),
    'a name that is a number': () => input({ shape: [3], name: wrong(1) }),
    'a sparse input': () => input({ shape: [3], sparse: true }),
  },
  model: {
    'nothing': () => model(wrong(undefined)),
    'inputs and outputs in a row': () => {
      const x = input({ shape: [3] })
      return (model as unknown as (...given: unknown[]) => unknown)(x, dense().apply(x))
    },
    'no outputs': () => model(wrong({ inputs: input({ shape: [3] }) })),
    'no inputs': () => model(wrong({ outputs: dense().apply(input({ shape: [3] })) })),
    'input and output, singular': () => {
      const x = input({ shape: [3] })
      return model(wrong({ input: x, output: dense().apply(x) }))
    },
    'a layer as output': () => model({ inputs: input({ shape: [3] }), outputs: wrong(dense()) }),
    'a tensor as input': () => model({ inputs: wrong(ops.ones([1, 3])), outputs: dense().apply(input({ shape: [3] })) }),
    'a shape as input': () => model({ inputs: wrong([3]), outputs: dense().apply(input({ shape: [3] })) }),
    'outputs of another input': () => model({ inputs: input({ shape: [3] }), outputs: dense().apply(input({ shape: [3] })) }),
    'an input that is forgotten': () => {
      const [a, b] = [input({ shape: [3], name: 'a' }), input({ shape: [3], name: 'b' })]
      return model({ inputs: a, outputs: layers.add().apply([a, b]) })
    },
    'two layers of one name': () => {
      const x = input({ shape: [3] })
      return model({ inputs: x, outputs: dense(2, 'same').apply(dense(2, 'same').apply(x)) })
    },
    'an option that is not one': () => withOptions({ optimizer: 'adam' }),
    'a name with a slash': () => withOptions({ name: 'my/model' }),
    'trainable as text': () => withOptions({ trainable: 'false' }),
    'new Model with inputs and outputs': () => new Model(wrong({ inputs: [], outputs: [] })),
  },
  sequential: {
    'layers in a row': () => (sequential as unknown as (...given: unknown[]) => unknown)(dense(), dense()),
    'a layer without brackets': () => sequential(wrong(dense())),
    'an object of layers': () => sequential(wrong({ layers: [dense()] })),
    'a maker that was not called': () => sequential([wrong(layers.flatten)]),
    'a class': () => sequential([wrong(layers.Flatten)]),
    'a name of a layer': () => sequential([wrong('dense')]),
    'undefined among the layers': () => sequential([dense(), wrong(undefined)]),
    'a list among the layers': () => sequential([wrong([dense(), dense()])]),
    'a promise of a model': () => sequential([wrong(Promise.resolve(stack()))]),
    'an input in the middle': () => sequential([dense(), input({ shape: [3] })]),
    'two inputs': () => sequential([input({ shape: [3] }), input({ shape: [3] })]),
    'the output of a layer': () => sequential([dense().apply(input({ shape: [3] })) ]),
    'two layers of one name': () => sequential([dense(2, 'same'), dense(2, 'same')]),
    'shapes that do not fit': () => sequential([input({ shape: [8, 8, 3] }), layers.flatten(), layers.conv2D({ filters: 2, kernelSize: 3 })]),
    'a picture too small for its layers': () => sequential([input({ shape: [4, 4, 3] }), layers.conv2D({ filters: 2, kernelSize: 5 })]),
    'an option that is not one': () => sequential([dense()], wrong({ inputShape: [3] })),
    'a name that is a number': () => sequential([dense()], { name: wrong(7) }),
  },
  'sequential.add': {
    'nothing': () => stack().add(wrong(undefined)),
    'a list of layers': () => stack().add(wrong([dense()])),
    'a class': () => stack().add(wrong(layers.Dense)),
    'a maker that was not called': () => stack().add(wrong(layers.flatten)),
    'a name of a layer': () => stack().add(wrong('dense')),
    'options of a layer': () => stack().add(wrong({ units: 2 })),
    'a tensor': () => stack().add(wrong(ops.ones([2, 3]))),
    'an input on top': () => stack().add(input({ shape: [3] })),
    'a layer of a taken name': () => stack().add(dense(2, 'head')),
    'a layer that does not fit': () => stack().add(layers.conv2D({ filters: 2, kernelSize: 3 })),
    'pop of an empty model': () => sequential().pop(),
  },
  'model.apply': {
    'nothing': () => raw().apply!(),
    'other features': () => stack().apply(ops.ones([2, 4])),
    'no batch': () => stack().apply(ops.ones([5])),
    'a picture': () => stack().apply(ops.ones([2, 8, 8, 3])),
    'two inputs for one': () => stack().apply([ops.ones([2, 3]), ops.ones([2, 3])]),
    'a name that no input has': () => graph().apply(wrong({ pixels: ops.ones([2, 3]) })),
    'a path': () => stack().apply(wrong('cat.jpg')),
    'a promise': () => stack().apply(wrong(Promise.resolve(ops.ones([2, 3])))),
    'data in pieces of different size': () => stack().apply(wrong([[1, 2, 3], [1, 2]])), // prettier-ignore
    'text data': () => stack().apply(wrong([['1', '2', '3']])),
    'a symbolic input of another shape': () => stack().apply(input({ shape: [4] })),
    'an unbuilt empty model': () => sequential().apply(ops.ones([1, 3])),
    'a model without call': () => new (class Mine extends Model {})().apply(ops.ones([1, 3])),
  },
  'model.getLayer': {
    'nothing': () => raw().getLayer!(),
    'a name that is not there': () => stack().getLayer('dense'),
    'a misspelt name': () => stack().getLayer('haed'),
    'an index too large': () => stack().getLayer(7),
    'a negative index too large': () => stack().getLayer(-3),
    'a fraction': () => stack().getLayer(0.5),
    'the layer itself': () => raw().getLayer!(dense()),
    'a class': () => raw().getLayer!(layers.Dense),
    'null': () => raw().getLayer!(null),
    'two names': () => raw().getLayer!(['hidden', 'head']),
    'the name of a layer of another model': () => graph().getLayer('hidden'),
  },
  'model.summary': {
    'too little room': () => raw().summary!({ lineLength: 12 }),
    'a number': () => raw().summary!(80),
    'line_length': () => raw().summary!({ line_length: 80 }),
    'a line length as text': () => raw().summary!({ lineLength: '80' }),
    'a negative line length': () => raw().summary!({ lineLength: -1 }),
    'a print function that is none': () => raw().summary!({ printFn: 'console.log' }),
    'expandNested as text': () => raw().summary!({ expandNested: 'yes' }),
    'showTrainable as a number': () => raw().summary!({ showTrainable: 1 }),
    'positions that are no list': () => raw().summary!({ positions: 0.5 }),
    'an option that is not one': () => raw().summary!({ verbose: 1 }),
    'summaryText of no model': () => summaryText(wrong({})),
  },
  cloneModel: {
    'nothing': () => cloneModel(wrong(undefined)),
    'null': () => cloneModel(wrong(null)),
    'a promise': () => cloneModel(wrong(Promise.resolve(stack()))),
    'a name': () => cloneModel(wrong('stack')),
    'a path': () => cloneModel(wrong('model.keras')),
    'a list of models': () => cloneModel(wrong([stack()])),
    'a class': () => cloneModel(wrong(Sequential)),
    'the JSON text': () => cloneModel(wrong(stack().toJSON())),
    'a symbolic tensor': () => cloneModel(wrong(input({ shape: [3] }))),
    'a model with a lambda': () => cloneModel(sequential([input({ shape: [3] }), layers.lambda((x: never) => x)])),
  },
  modelFromJSON: {
    'nothing': () => modelFromJSON(wrong(undefined)),
    'an object': () => modelFromJSON(wrong({})),
    'a model': () => modelFromJSON(wrong(stack())),
    'no JSON': () => modelFromJSON('model.json'),
    'half of a JSON text': () => modelFromJSON(stack().toJSON().slice(0, 100)),
    'an empty text': () => modelFromJSON(''),
    'JSON of something else': () => modelFromJSON('{"name": "tanuki"}'),
    'JSON null': () => modelFromJSON('null'),
    'JSON of a list': () => modelFromJSON('[]'),
    'a layer that is not known': () => modelFromJSON(stack().toJSON().replace('"Dense"', '"Denser"')),
    'a config without layers': () => modelFromJSON('{"class_name": "Sequential", "config": {}}'),
    'a layer with a broken config': () => modelFromJSON(stack().toJSON().replace('"units":4', '"units":"four"')),
  },
  'layer.setWeights': {
    'nothing': () => raw().setWeights!(),
    'a number': () => raw().setWeights!(0),
    'too few': () => stack().setWeights([ops.ones([3, 4])]),
    'another shape': () => stack().layers[0]!.setWeights([ops.ones([4, 3]), ops.ones([4])]),
    'weights of another model': () => graph().setWeights(stack().getWeights()),
    'text': () => raw().setWeights!('weights.h5'),
    'a list of texts': () => stack().layers[0]!.setWeights(wrong(['a', 'b'])),
    'undefined among them': () => stack().layers[0]!.setWeights(wrong([ops.ones([3, 4]), undefined])),
    'a promise': () => raw().setWeights!(Promise.resolve(stack().getWeights())),
    'before it is built': () => dense().setWeights([ops.ones([3, 2]), ops.ones([2])]),
    'countParams before it is built': () => dense().countParams(),
  },
  'class Layer': {
    'addWeight after build': () => {
      const layer = dense()
      layer.build([null, 3])
      return layer.addWeight({ shape: [1] })
    },
    'a shape that is none': () => new (class Mine extends Layer {
      w = this.addWeight({ shape: wrong('3x3') })
      call = wrong
    })(),
    'a shape with null': () => new (class Mine extends Layer {
      w = this.addWeight({ shape: wrong([null, 3]) })
      call = wrong
    })(),
    'an initializer that is not there': () => new (class Mine extends Layer {
      w = this.addWeight({ shape: [3], initializer: wrong('zeross') })
      call = wrong
    })(),
    'a regularizer that is not there': () => new (class Mine extends Layer {
      w = this.addWeight({ shape: [3], regularizer: wrong('l4') })
      call = wrong
    })(),
    'misspelt options of addWeight': () => new (class Mine extends Layer {
      w = this.addWeight(wrong({ shapes: [3] }))
      call = wrong
    })(),
    'a call that gives nothing': () => new (class Mine extends Layer { override call() { return undefined } })().apply(ops.ones([1])),
    'an asynchronous call': () => new (class Mine extends Layer { override call(x: unknown) { return Promise.resolve(x) } })().apply(ops.ones([1])),
    'a call that gives a number': () => new (class Mine extends Layer { override call() { return 3 } })().apply(input({ shape: [1] })),
    'the only input of an unused layer': () => dense().input,
    'the only output of a shared layer': () => {
      const shared = dense()
      shared.apply(input({ shape: [3] }))
      shared.apply(input({ shape: [3] }))
      return shared.output
    },
  },
} // prettier-ignore

checkMistakes('models', table)

test('a failed call leaves names, layers and models as they were', () => {
  const net = stack()
  const first = dense()
  const name = first.name
  expect(() => layers.dense({ units: wrong('3') })).toThrow()
  expect(() => layers.dense(wrong({ unit: 3 }))).toThrow()
  expect(() => layers.conv2D({ filters: 2, kernelSize: 3 }).apply(ops.ones([2, 3]))).toThrow()
  expect(dense().name).toBe(`${name}_1`)

  // A symbolic call that fails leaves no node behind.
  const layer = dense()
  expect(() => layer.apply(input({ shape: [null] }))).toThrow()
  expect(layer.inboundNodes.length).toBe(0)
  expect(layer.weights.length).toBe(0)
  expect(layer.apply(ops.ones([2, 3])).shape).toEqual([2, 2])

  // A build that fails half-way is tried again from the start.
  let fail = true
  class Stumbling extends Layer {
    override build() {
      this.addWeight({ name: 'a', shape: [1] })
      if (fail) throw new Error('not yet')
      this.addWeight({ name: 'b', shape: [1] })
    }
    override call(x: unknown) {
      return x
    }
  }
  const stumbling = new Stumbling()
  expect(() => stumbling.apply(tensor([1]))).toThrow('not yet')
  fail = false
  stumbling.apply(tensor([1]))
  expect(stumbling.weights.map((weight) => weight.name)).toEqual(['a', 'b'])

  // A model that refuses a layer, weights or data is what it was.
  const before = net.layers.map((one) => one.name)
  expect(() => net.add(layers.conv2D({ filters: 2, kernelSize: 3 }))).toThrow()
  expect(() => net.add(wrong(undefined))).toThrow()
  expect(() => net.add(dense(2, 'head'))).toThrow()
  expect(net.layers.map((one) => one.name)).toEqual(before)
  expect(() => net.setWeights([ops.ones([3, 4])])).toThrow()
  expect(() => net.apply(ops.ones([2, 4]))).toThrow()
  expect(net.built).toBe(true)
  expect(net.apply(ops.ones([2, 3])).shape).toEqual([2, 2])
  expect(net).toBeInstanceOf(Sequential)
  expect(graph()).toBeInstanceOf(Functional)
})
