// runLayerTest on every built-in layer, and on classes as a user writes them.
import { expect, test } from 'vitest'
import { builtinLayers } from '../../src/layers/builtin.ts'
import type { Config } from '../../src/layers/config.ts'
import * as layers from '../../src/layers/index.ts'
import { Layer, type LayerOptions, type SymbolicShape } from '../../src/layers/index.ts'
import { add, matmul, maximum, mean, multiply, type Tensor, type Variable } from '../../src/ops/index.ts'
import { layerExamples } from './layer-examples.ts'
import { runLayerTest } from './run-layer-test.ts'

test('every registered layer has an example', () => {
  // InputLayer begins graphs and is never applied; tests/models has it.
  const names = builtinLayers.map((layer) => layer.className).filter((name) => name !== 'InputLayer')
  expect(layerExamples.map(({ layer }) => layer.className).sort()).toEqual(names.sort())
})

for (const example of layerExamples) runLayerTest(example)

/** Weights of its own, options in the config, no `computeOutputShape`. */
class Scaled extends Layer {
  static override readonly className: string = 'Scaled'
  readonly units: number
  kernel!: Variable
  calls!: Variable
  constructor(options: LayerOptions & { readonly units: number }) {
    super(options)
    this.units = options.units
  }
  override build(inputShape: SymbolicShape): void {
    this.kernel = this.addWeight({ name: 'kernel', shape: [inputShape.at(-1)!, this.units], regularizer: 'l2' })
    this.calls = this.addWeight({ name: 'calls', initializer: 'zeros', trainable: false })
  }
  override call(x: Tensor, { training }: { readonly training: boolean }): Tensor {
    if (training && this.trainable) this.calls.assign(add(this.calls, 1))
    const y = matmul(x, this.kernel)
    this.addLoss(multiply(mean(multiply(y, y)), 0.1))
    return y
  }
  override getConfig(): Config {
    return { ...super.getConfig(), units: this.units }
  }
}

/** A residual block: layers made in the constructor, one of them with statistics. */
class Residual extends Layer {
  static override readonly className: string = 'Residual'
  readonly body: readonly Layer[]
  constructor(options: LayerOptions = {}) {
    super(options)
    this.body = [
      new layers.Conv2D({ filters: 4, kernelSize: 3, padding: 'same', useBias: false, name: 'conv' }),
      new layers.BatchNormalization({ name: 'norm' }),
      new layers.Dropout({ rate: 0.2, name: 'drop' }),
    ]
  }
  override call(x: Tensor): Tensor {
    return maximum(
      add(
        x,
        this.body.reduce((y, layer) => layer.apply(y), x),
      ),
      0,
    )
  }
}

runLayerTest({ layer: Scaled, options: () => ({ units: 3 }), inputs: [[4, 5]], weights: [1, 1], losses: 2 })
runLayerTest({ layer: Residual, inputs: [[2, 5, 6, 4]], weights: [3, 2], seeds: 1 })
