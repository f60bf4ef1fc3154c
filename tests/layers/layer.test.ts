// The base class: weights and the trainable flag, building, naming, the scoped training flag, losses, symbolic calls.
import { beforeEach, describe, expect, test } from 'vitest'
import * as layers from '../../src/layers/index.ts'
import {
  input,
  Layer,
  layerFromConfig,
  registerLayer,
  serializeLayer,
  type SymbolicShape,
} from '../../src/layers/index.ts'
import * as ops from '../../src/ops/index.ts'
import { ones, type Tensor, tensor, Variable } from '../../src/ops/index.ts'
import { clearSession } from '../../src/ops/naming.ts'

beforeEach(() => clearSession())

/** Two dense layers in an array, a normalization as a property: found in the order of assignment. */
class Block extends Layer {
  readonly stack: Layer[]
  readonly norm: Layer
  constructor(options: { readonly name?: string; readonly trainable?: boolean } = {}) {
    super(options)
    this.stack = [layers.dense({ units: 3 }), layers.dense({ units: 2, useBias: false })]
    this.norm = layers.batchNormalization()
  }
  override call(x: Tensor): Tensor {
    return this.norm.apply(this.stack.reduce((value, layer) => layer.apply(value), x))
  }
}

/** Says which training flag it sees. */
class Probe extends Layer {
  seen: boolean[] = []
  override call(x: Tensor, { training }: { readonly training: boolean }): Tensor {
    this.seen.push(training)
    return x
  }
}
class ImageProbe extends Probe {
  static override readonly defaultTraining: boolean | null = true
}

describe('weights', () => {
  test('own first, then those of the sub-layers in order; paths hold the names around', () => {
    const block = new Block()
    block.apply(ones([4, 5]))
    expect(block.weights.map((weight) => weight.path)).toEqual([
      'block/dense/kernel',
      'block/dense/bias',
      'block/dense_1/kernel',
      'block/batch_normalization/gamma',
      'block/batch_normalization/beta',
      'block/batch_normalization/moving_mean',
      'block/batch_normalization/moving_variance',
    ])
    expect(block.trainableWeights).toHaveLength(5)
    expect(block.countParams()).toBe(15 + 3 + 6 + 8)
  })

  test('unfreezing leaves moving statistics frozen; a frozen parent hides an unfrozen child', () => {
    const block = new Block()
    block.apply(ones([4, 5]))
    block.trainable = false
    expect(block.trainableWeights).toEqual([])
    expect(block.nonTrainableWeights).toEqual(block.weights)
    block.stack[0]!.trainable = true
    expect(block.trainableWeights).toEqual([])
    const outer = layers.timeDistributed({ layer: block })
    outer.built = true
    expect(outer.trainableWeights.map((weight) => weight.name)).toEqual(['kernel', 'bias'])
    block.trainable = true
    expect(block.trainableWeights).toHaveLength(5)
    expect(block.norm.nonTrainableWeights.map((weight) => weight.name)).toEqual(['moving_mean', 'moving_variance'])
  })

  test('a weight made while frozen comes alive with the layer', () => {
    const dense = layers.dense({ units: 2, trainable: false })
    dense.build([null, 3])
    expect(dense.trainableWeights).toEqual([])
    dense.trainable = true
    expect(dense.trainableWeights).toHaveLength(2)
  })

  test('a Variable or a seed generator that is simply assigned is found', () => {
    class Own extends Layer {
      readonly gain = new Variable(2, { name: 'gain' })
      readonly seeds = { first: new ops.SeedGenerator(3) }
      override call(x: Tensor): Tensor {
        return ops.multiply(x, this.gain)
      }
    }
    const layer = new Own()
    expect(layer.weights).toEqual([layer.gain])
    expect(layer.variables).toEqual([layer.gain, layer.seeds.first.state])
    layer.trainable = false
    expect(layer.gain.trainable).toBe(false)
  })

  test('a layer used twice counts once; a tracked one counts without a property', () => {
    class Twice extends Layer {
      readonly a: Layer
      readonly b: Layer
      readonly #hidden: Layer
      constructor() {
        super()
        this.#hidden = this.track(layers.dense({ units: 1 }))
        this.a = layers.dense({ units: 3 })
        this.b = this.a
      }
      override call(x: Tensor): Tensor {
        return this.#hidden.apply(this.b.apply(this.a.apply(x)))
      }
    }
    const layer = new Twice()
    layer.apply(ones([2, 3]))
    expect(layer.weights).toHaveLength(4)
  })

  test('getWeights gives snapshots; setWeights checks the count and every shape before it assigns', async () => {
    const dense = layers.dense({ units: 2 })
    dense.build([null, 2])
    const before = dense.getWeights()
    dense.setWeights([
      [
        [1, 2],
        [3, 4],
      ],
      Float32Array.of(5, 6),
    ])
    expect(await before[1]!.array()).toEqual([0, 0])
    expect(await (dense.apply(tensor([[1, 1]])) as Tensor).array()).toEqual([[9, 12]])
    expect(() => dense.setWeights([[1, 2]])).toThrow(
      /layer "dense" \(Dense\), setWeights: expected a list of 2 weights, received "1 weights"/,
    )
    expect(() => dense.setWeights([ones([2, 2]), ones([3])])).toThrow(
      /"dense\/bias"\) of shape \(2,\), received "shape \(3,\)"/,
    )
    expect(await dense.bias!.array()).toEqual([5, 6])
  })

  test('weights belong to the constructor and to build', () => {
    const dense = layers.dense({ units: 2 })
    dense.build([null, 2])
    expect(() => dense.addWeight({ name: 'late' })).toThrow(
      /weights to be made in the constructor or in build\(\).*late.*after the layer was built/,
    )
    expect(() => layers.dense({ units: 2 }).countParams()).toThrow(/dense_1.*built/)
  })
})

describe('the training flag', () => {
  class Outer extends Layer {
    readonly first = new Probe()
    readonly second = new Probe()
    readonly image = new ImageProbe()
    readonly given: boolean | null
    constructor(given: boolean | null) {
      super()
      this.given = given
    }
    override call(x: Tensor): Tensor {
      return this.image.apply(this.second.apply(this.first.apply(x, { training: this.given })))
    }
  }

  test('an explicit value holds inside of its call alone', () => {
    const outer = new Outer(false)
    outer.apply(ones([1]), { training: true })
    expect([outer.first.seen, outer.second.seen, outer.image.seen]).toEqual([[false], [true], [true]])
    outer.apply(ones([1]), { training: false })
    expect([outer.second.seen[1], outer.image.seen[1]]).toEqual([false, false])
  })

  test('null counts as not given; without any word image layers train and others do not', () => {
    const outer = new Outer(null)
    outer.apply(ones([1]), { training: null })
    expect([outer.first.seen, outer.second.seen, outer.image.seen]).toEqual([[false], [false], [true]])
    outer.apply(ones([1]), { training: true })
    expect(outer.first.seen[1]).toBe(true)
  })

  test('an error in a call leaves nothing behind', () => {
    class Fails extends Layer {
      override call(): Tensor {
        throw new Error('inside')
      }
    }
    expect(() => new Fails().apply(ones([1]), { training: true })).toThrow('inside')
    const probe = new Probe()
    probe.apply(ones([1]))
    expect(probe.seen).toEqual([false])
    const dense = layers.dense({ units: 1 })
    dense.build([null, 1])
    expect(dense.kernel!.path).toBe('dense/kernel')
  })
})

describe('symbolic calls', () => {
  test('a layer without a shape rule is traced; what moves with the batch is unknown', () => {
    class Custom extends Layer {
      override call(x: Tensor): { readonly flat: Tensor; readonly count: Tensor } {
        return { flat: ops.reshape(x, [-1, 6]), count: ops.cast(ops.sum(x, { axis: 0 }), 'int32') }
      }
    }
    const layer = new Custom()
    const x = input({ shape: [2, 3] })
    const out = layer.applyNested(x) as unknown as Record<'flat' | 'count', layers.SymbolicTensor>
    expect([out.flat.shape, out.flat.dtype]).toEqual([[null, 6], 'float32'])
    expect([out.count.shape, out.count.dtype]).toEqual([[2, 3], 'int32'])
    const [node] = layer.inboundNodes
    expect(node!.inputs).toEqual([x])
    // Objects are flattened by their sorted keys.
    expect(node!.outputs).toEqual([out.count, out.flat])
    expect([layer.input, layer.output]).toEqual([x, [out.count, out.flat]])
  })

  test('nodes keep the arguments and the keyword arguments as they were given', () => {
    const dropout = layers.dropout({ rate: 0.5 })
    const x = input({ shape: [3], name: 'in' })
    dropout.apply(x, { training: false })
    dropout.apply(x)
    expect(dropout.inboundNodes.map((node) => [node.args, node.kwargs])).toEqual([
      [[x], { training: false }],
      [[x], {}],
    ])
    expect(() => dropout.output).toThrow(/exactly one symbolic call.*2 calls/)
    expect(x.name).toBe('in')
    expect(x.history.operation.className).toBe('InputLayer')
  })

  test('a layer that is called with a stack of convolutions on unknown sizes finds its shape', () => {
    class Stack extends Layer {
      readonly convs = [1, 2, 3].map((filters) => layers.conv2D({ filters, kernelSize: 3, strides: 2 }))
      override call(x: Tensor): Tensor {
        return this.convs.reduce((value, conv) => conv.apply(value), x)
      }
    }
    expect(new Stack().apply(input({ shape: [null, null, 3] })).shape).toEqual([null, null, null, 3])
    expect(new Stack().computeOutputShape([null, 31, 47, 3])).toEqual([null, 3, 5, 3])
  })
})

test('losses: of the call, of the activity, of trainable weights; the next call begins anew', async () => {
  class Adds extends Layer {
    readonly inner = layers.dense({
      units: 1,
      kernelInitializer: 'ones',
      kernelRegularizer: 'l2',
      activityRegularizer: 'l1',
    })
    override call(x: Tensor): Tensor {
      this.addLoss(ops.sum(x))
      return this.inner.apply(x)
    }
  }
  const layer = new Adds()
  for (let i = 0; i < 2; i++) {
    layer.apply(ones([2, 3]))
    const losses = await Promise.all(layer.losses.map((loss) => loss.item()))
    // Sum of the input; 0.01 * sum |3, 3|; 0.01 * sum of three squared ones.
    expect(losses.map((loss) => Number(loss.toFixed(6)))).toEqual([6, 0.03, 0.03])
  }
  layer.trainable = false
  expect(layer.losses).toHaveLength(2)
})

test('a class of the user comes back from its config by the registry', () => {
  class Scaled extends Layer {
    readonly by: number
    constructor(options: { readonly by: number; readonly name?: string }) {
      super(options)
      this.by = options.by
    }
    override build(shape: SymbolicShape): void {
      this.addWeight({ name: 'w', shape: [shape.at(-1)!] })
    }
    override call(x: Tensor): Tensor {
      return ops.multiply(x, this.by)
    }
    override getConfig(): Record<string, unknown> {
      return { ...super.getConfig(), by: this.by }
    }
  }
  const layer = new Scaled({ by: 3 })
  layer.build([null, 4])
  const stored = serializeLayer(layer)
  expect(stored).toMatchObject({ module: null, class_name: 'Scaled', registered_name: 'Scaled' })
  expect(stored.build_config).toEqual({ input_shape: [null, 4] })
  expect(() => layerFromConfig(stored)).toThrow(/known layer class, received "Scaled"/)
  registerLayer(Scaled)
  const again = layerFromConfig(stored) as Scaled
  expect([again.by, again.name, again.weights.length]).toEqual([3, 'scaled', 1])
})
