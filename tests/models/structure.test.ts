// Functional and sequential models: graphs, nesting, sharing, cutting, inputs and outputs of all structures, configs, copies.
import { beforeEach, describe, expect, test } from 'vitest'
import type { Tensor } from '../../src/index.ts'
import {
  applyOperation, clearSession, cloneModel, input, Layer, layers, Model, model, modelFromJSON, ops, sequential, setRandomSeed, ShapeError
} from '../../src/index.ts' // prettier-ignore
import { randomTensor, smallBase, valuesOf } from './helpers.ts'

beforeEach(() => {
  clearSession()
  setRandomSeed(1)
})

const dense = (units: number, name?: string): Layer => layers.dense({ units, ...(name === undefined ? {} : { name }) })

describe('functional models', () => {
  test('order their layers by depth', () => {
    const inputs = input({ shape: [4], name: 'in' })
    const a = dense(3, 'a').apply(inputs)
    const b = dense(3, 'b').apply(dense(3, 'b0').apply(inputs))
    const net = model({ inputs, outputs: layers.add({ name: 'sum' }).apply([a, b]), name: 'net' })
    expect(net.layers.map(({ name }) => name)).toEqual(['in', 'b0', 'a', 'b', 'sum'])
    expect(net.countParams()).toBe(15 + 15 + 12)
    expect(net.outputShape).toEqual([null, 3])
  })

  test('call a shared layer twice, count its weights once', async () => {
    const [a, b] = [input({ shape: [2], name: 'a' }), input({ shape: [2], name: 'b' })]
    const shared = dense(3, 'shared')
    const net = model({ inputs: [a, b], outputs: layers.subtract().apply([shared.apply(a), shared.apply(b)]) })
    expect(net.weights.length).toBe(2)
    const x = randomTensor([2, 2])
    const zero = net.apply([x, x])
    expect([...(await zero.data())]).toEqual([0, 0, 0, 0, 0, 0])
  })

  test('nest to any depth and run as one', async () => {
    const inner = model(((i) => ({ inputs: i, outputs: dense(3, 'd').apply(i) }))(input({ shape: [2] })))
    const middle = sequential([input({ shape: [2] }), inner, layers.activation({ activation: 'relu' })])
    const inputs = input({ shape: [2] })
    const outer = model({ inputs, outputs: middle.apply(inputs) })
    const x = randomTensor([4, 2])
    const byHand = ops.relu(inner.apply(x))
    expect([...(await outer.apply(x).data())]).toEqual([...(await byHand.data())])
    expect(outer.weights.map(({ path }) => path)).toEqual(['d/kernel', 'd/bias'])
  })

  test('take inputs as a tensor, a list or a dictionary, and give outputs as they were declared', async () => {
    const [a, b] = [input({ shape: [2], name: 'a' }), input({ shape: [2], name: 'b' })]
    const sum = layers.add().apply([a, b])
    const net = model({ inputs: [a, b], outputs: { sum, double: layers.add().apply([sum, sum]) } })
    const [x, y] = [randomTensor([3, 2], 1), randomTensor([3, 2], 2)]
    const fromList = net.applyNested([x, y]) as { sum: Tensor; double: Tensor }
    const fromDict = net.applyNested({ b: y, a: x }) as { sum: Tensor; double: Tensor }
    expect([...(await fromList.sum.data())]).toEqual([...(await fromDict.sum.data())])
    const sums = [...(await fromList.sum.data())]
    expect([...(await fromDict.double.data())]).toEqual(sums.map((value) => Math.fround(2 * value)))
    expect(() => net.applyNested({ a: x })).toThrow(/input named "b"/)
    expect(() => net.applyNested([x])).toThrow(/2 inputs \(a, b\)/)
    expect(() => net.applyNested([x, randomTensor([3, 5])])).toThrow(
      /input "b" of shape \(None, 2\), received "shape \(3, 5\)"/,
    )
  })

  test('mend a missing or superfluous last dimension, and cast bytes', async () => {
    const inputs = input({ shape: [1] })
    const net = model({ inputs, outputs: layers.rescaling({ scale: 2 }).apply(inputs) })
    expect(net.apply(new Float32Array([1, 2, 3])).shape).toEqual([3, 1])
    const bytes = new Uint8Array([1, 2, 3])
    expect([...(await net.apply(bytes).data())]).toEqual([2, 4, 6])
  })

  test('can be cut from inner tensors', async () => {
    const base = smallBase()
    const features = model({ inputs: base.input, outputs: base.getLayer('block1_act').output })
    const rest = model({
      inputs: base.getLayer('block1_act').output,
      outputs: base.output,
      name: 'rest',
    })
    expect(rest.layers[0]!.className).toBe('InputLayer')
    expect(rest.layers[0]!.name).toMatch(/CLONE$/)
    const x = randomTensor([2, 8, 8, 3])
    const whole = await base.apply(x).data()
    const parts = await rest.apply(features.apply(x)).data()
    expect([...parts]).toEqual([...whole])
    // The layers are shared, not copied.
    expect(rest.getLayer('block2_sepconv')).toBe(base.getLayer('block2_sepconv'))
    expect(base.layers.length).toBe(7)
  })

  test('refuse what cannot work, and say why', () => {
    const [a, b] = [input({ shape: [2], name: 'a' }), input({ shape: [2], name: 'b' })]
    const sum = layers.add({ name: 'sum' }).apply([a, b])
    expect(() => model({ inputs: a, outputs: sum })).toThrow(/graph disconnected.* input b is not among them/)
    const twice = dense(1, 'x').apply(dense(2, 'x').apply(a))
    expect(() => model({ inputs: a, outputs: twice })).toThrow(/"x twice"/)
    expect(() => model({ inputs: dense(1) as never, outputs: sum })).toThrow(/symbolic tensors as `inputs`/)
    expect(() => new Model({ inputs: a, outputs: a } as never)).toThrow(/Use model\(/)
    const net = model({ inputs: [a, b], outputs: sum })
    expect(() => net.getLayer('nobody')).toThrow(/a layer among a, b, sum/)
    expect(() => net.getLayer(7)).toThrow(/from -3 to 2, for 3 layers/)
    expect(net.getLayer({ index: 2 }).name).toBe('sum')
  })

  test('keep inputs that no output needs', () => {
    const [a, b] = [input({ shape: [2], name: 'a' }), input({ shape: [2], name: 'b' })]
    const net = model({ inputs: [a, b], outputs: dense(1, 'd').apply(a) })
    expect(net.layers.map(({ name }) => name)).toEqual(['a', 'b', 'd'])
    expect(net.apply([randomTensor([2, 2]), randomTensor([2, 2])]).shape).toEqual([2, 1])
  })

  test('hold operations that are not layers', async () => {
    const inputs = input({ shape: [3], name: 'x' })
    const scaled = applyOperation('Multiply', [inputs, 0.5])
    const joined = applyOperation('Concatenate', [[scaled, inputs]], { attributes: { axis: -1 } })
    const net = model({ inputs, outputs: applyOperation('Relu', [joined]) })
    expect(net.layers.map(({ name }) => name)).toEqual(['x'])
    expect(net.operations.map(({ name }) => name)).toEqual(['x', 'multiply', 'concatenate', 'relu'])
    const expected = [1, 0, 1.5, 2, 0, 3]
    expect([...(await net.apply(ops.tensor([[2, -2, 3]])).data())]).toEqual(expected)
    const again = cloneModel(net)
    expect([...(await again.apply(ops.tensor([[2, -2, 3]])).data())]).toEqual(expected)
    expect(() => applyOperation('Nonsense', [inputs])).toThrow(/one of Add/)
  })

  test('infer shapes when they are applied to other sizes', () => {
    const inputs = input({ shape: [null, null, 3] })
    const net = model({ inputs, outputs: layers.conv2D({ filters: 2, kernelSize: 3, strides: 2 }).apply(inputs) })
    expect(net.outputShape).toEqual([null, null, null, 2])
    expect(net.apply(input({ shape: [9, 11, 3] })).shape).toEqual([null, 4, 5, 2])
    expect(net.computeOutputShape([null, 7, 7, 3])).toEqual([null, 3, 3, 2])
  })
})

describe('baked arguments', () => {
  test('training=false in a call of the graph beats the outer value, inside only', () => {
    const seen: string[] = []
    class Probe extends Layer {
      static override readonly className: string = 'Probe'
      override call(x: Tensor, { training }: { training: boolean }): Tensor {
        seen.push(`${this.name} ${training}`)
        return x
      }
      override computeOutputShape(shape: never): never {
        return shape
      }
    }
    const inner = sequential([input({ shape: [1] }), new Probe({ name: 'inside' })])
    const inputs = input({ shape: [1] })
    const x = inner.apply(inputs, { training: false })
    const net = model({
      inputs,
      outputs: new Probe({ name: 'after' }).apply(new Probe({ name: 'null' }).apply(x, { training: null })),
    })
    net.apply(randomTensor([1, 1]), { training: true })
    expect(seen).toEqual(['inside false', 'null true', 'after true'])
  })
})

describe('sequential models', () => {
  test('are built by their input, rebuilt by add and pop', () => {
    const net = sequential([input({ shape: [4] }), dense(3, 'a')])
    expect(net.built).toBe(true)
    net.add(dense(2, 'b'))
    expect(net.outputShape).toEqual([null, 2])
    expect(net.layers.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(net.pop().name).toBe('b')
    expect(net.outputShape).toEqual([null, 3])
    // The rebuild keeps the weights.
    expect(net.weights.length).toBe(2)
  })

  test('without an input are built at the first call, for any batch size', () => {
    const net = sequential([dense(3, 'a'), dense(2, 'b')])
    expect(net.built).toBe(false)
    expect(() => net.outputShape).toThrow(/a built model/)
    expect(net.apply(randomTensor([1, 4])).shape).toEqual([1, 2])
    expect(net.inputShape).toEqual([null, 4])
    expect(net.apply(randomTensor([5, 4])).shape).toEqual([5, 2])
  })

  test('take a model as first element for their input', () => {
    const net = sequential([smallBase(), layers.globalAveragePooling2D()])
    expect(net.built).toBe(true)
    expect(net.outputShape).toEqual([null, 4])
  })

  test('consume one functional name for every build', () => {
    sequential([input({ shape: [2] }), dense(1)])
    const inputs = input({ shape: [2] })
    expect(model({ inputs, outputs: dense(1).apply(inputs) }).name).toBe('functional_1')
  })

  test('refuse equal names, late inputs and foreign things', () => {
    expect(() => sequential([dense(1, 'a'), dense(1, 'a')])).toThrow(/"a twice"/)
    expect(() => sequential([dense(1), input({ shape: [2] })])).toThrow(/only as the first/)
    expect(() => sequential([dense(1).apply(input({ shape: [2] }))])).toThrow(/the output of layer/)
    expect(() => sequential([(x: number) => x] as never)).toThrow(/expected layers/)
    expect(() => sequential().pop()).toThrow(/an empty model/)
  })
})

describe('models of a class of their own', () => {
  class Mlp extends Model {
    static override readonly className: string = 'Mlp'
    readonly hidden = layers.dense({ units: 4, activation: 'relu', name: 'hidden' })
    readonly out = layers.dense({ units: 2, name: 'out' })
    override call(x: Tensor, { training }: { training: boolean }): Tensor {
      return this.out.apply(this.hidden.apply(x, { training }))
    }
  }

  test('find their layers, are built by the first call and trained by fit', async () => {
    const net = new Mlp()
    expect(net.name).toBe('mlp')
    net.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] })
    const { history } = await net.fit(randomTensor([10, 3]), randomTensor([10, 2], 2), { epochs: 3, verbose: 0 })
    expect(net.weights.map(({ path }) => path)).toEqual([
      'mlp/hidden/kernel',
      'mlp/hidden/bias',
      'mlp/out/kernel',
      'mlp/out/bias',
    ])
    expect(history.loss![2]!).toBeLessThan(history.loss![0]!)
    expect(net.apply(input({ shape: [3] })).shape).toEqual([null, 2])
    expect(net.layers.map(({ name }) => name)).toEqual(['hidden', 'out'])
  })

  test('predict without being compiled', async () => {
    expect((await new Mlp().predict(randomTensor([5, 3]), { verbose: 0 })).shape).toEqual([5, 2])
  })

  test('say what is missing without a call method', () => {
    class Empty extends Model {}
    expect(() => new Empty().apply(randomTensor([1, 1]))).toThrow(/call\(inputs/)
  })
})

describe('configs', () => {
  test('a copy has the same structure, new weights and baked arguments', async () => {
    const base = smallBase()
    base.trainable = false
    const inputs = input({ shape: [8, 8, 3], name: 'image' })
    const net = model({
      inputs,
      outputs: layers.globalAveragePooling2D().apply(base.apply(inputs, { training: false })),
      name: 'net',
    })
    const copy = cloneModel(net)
    expect(copy.getConfig()).toEqual(net.getConfig())
    expect(copy.weights.map(({ path }) => path)).toEqual(net.weights.map(({ path }) => path))
    expect(copy.getLayer('base').trainable).toBe(false)
    expect(copy.trainableWeights.length).toBe(0)
    expect(await valuesOf(copy.weights)).not.toEqual(await valuesOf(net.weights))
    copy.setWeights(net.getWeights())
    const x = randomTensor([2, 8, 8, 3])
    expect([...(await copy.apply(x).data())]).toEqual([...(await net.apply(x).data())])
    const node = copy.getLayer('base').inboundNodes[0]!
    expect(node.kwargs).toEqual({ training: false })
  })

  test('JSON text gives the model back', () => {
    const net = sequential([input({ shape: [4] }), dense(3, 'a'), layers.dropout({ rate: 0.1 })], { name: 'stack' })
    const again = modelFromJSON(net.toJSON())
    expect(again.getConfig()).toEqual(net.getConfig())
    expect(JSON.parse(again.toJSON())).toEqual(JSON.parse(net.toJSON()))
  })

  test('damaged configs are refused', () => {
    const inputs = input({ shape: [4], name: 'i' })
    const stored = JSON.parse(model({ inputs, outputs: dense(1, 'd').apply(inputs) }).toJSON()) as {
      config: { layers: { inbound_nodes: unknown[] }[]; output_layers: unknown }
    }
    const damaged = structuredClone(stored)
    damaged.config.output_layers = ['nobody', 0, 0]
    expect(() => modelFromJSON(JSON.stringify(damaged))).toThrow(/inputs and outputs among the layers/)
    const circular = structuredClone(stored)
    const text = JSON.stringify(circular.config.layers[1]!.inbound_nodes).replace('"i"', '"d"')
    circular.config.layers[1]!.inbound_nodes = JSON.parse(text) as unknown[]
    expect(() => modelFromJSON(JSON.stringify(circular))).toThrow(/calls whose inputs can be found/)
  })
})

test('weights of a wrong shape are refused whole', async () => {
  const net = sequential([input({ shape: [2] }), dense(2, 'a')])
  const before = await valuesOf(net.weights)
  expect(() => net.setWeights([randomTensor([2, 2]), randomTensor([3])])).toThrow(ShapeError)
  expect(await valuesOf(net.weights)).toEqual(before)
})
