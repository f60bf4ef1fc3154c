// Mistakes that do not compile: each line below `@ts-expect-error` would be an error at run time too. Checked by tsc.
import {
  activations, applications, type Batch, callbacks, constraints, type Functional, type History, initializers, input, layers, losses, metrics, Model, model, ops, optimizers,
  regularizers, schedules, sequential, type Sequential, type Tensor,
} from '../../src/index.ts' // prettier-ignore

declare const net: Sequential
declare const x: Tensor
declare const y: Tensor

/** Compiles only if the two types are equal. */
function expectType<Expected>(): <Found>(value: Found, equal: Equal<Expected, Found>) => void {
  return (value, equal) => void [value, equal]
}
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export function options(): void {
  // @ts-expect-error: `unit` is not an option
  layers.dense({ unit: 3 })
  // @ts-expect-error: `units` is missing
  layers.dense({ activation: 'relu' })
  // @ts-expect-error: a text for a number
  layers.dense({ units: '3' })
  // @ts-expect-error: a bare number
  layers.dense(3)
  // @ts-expect-error: snake_case
  layers.conv2D({ filters: 2, kernel_size: 3 })
  // @ts-expect-error: a padding that is not there
  layers.conv2D({ filters: 2, kernelSize: 3, padding: 'full' })
  // @ts-expect-error: `rate` is missing
  layers.dropout({})
  // @ts-expect-error: two arguments
  layers.dense({ units: 3 }, x)
  // @ts-expect-error: an interpolation that is not there
  layers.upSampling2D({ interpolation: 'cubicc' })
  // @ts-expect-error: a fill mode that is not there
  layers.randomRotation({ factor: 0.1, fillMode: 'mirror' })
  // @ts-expect-error: a dtype that is not there
  layers.dense({ units: 3, dtype: 'float64' })
  // @ts-expect-error: a shape as text
  input({ shape: '150x150x3' })
  // @ts-expect-error: a shape alone
  input([150, 150, 3])
  // @ts-expect-error: `output` is not an option
  model({ inputs: input({ shape: [3] }), output: input({ shape: [3] }) })
  // @ts-expect-error: a layer in place of its output
  model({ inputs: input({ shape: [3] }), outputs: layers.flatten() })
  // @ts-expect-error: a maker that was not called
  sequential([layers.flatten])
  // @ts-expect-error: no list
  sequential(layers.flatten())
}

export function names(): void {
  // @ts-expect-error: a misspelt activation
  layers.dense({ units: 3, activation: 'rellu' })
  // @ts-expect-error: an activation in capitals
  layers.conv2D({ filters: 2, kernelSize: 3, activation: 'ReLU' })
  // @ts-expect-error: a misspelt activation of an Activation layer
  layers.activation('sofmax')
  // @ts-expect-error: a misspelt initializer
  layers.dense({ units: 3, kernelInitializer: 'he_norml' })
  // @ts-expect-error: a misspelt regularizer
  layers.dense({ units: 3, kernelRegularizer: 'l3' })
  // @ts-expect-error: a misspelt constraint
  layers.dense({ units: 3, kernelConstraint: 'nonneg' })
  // @ts-expect-error: a misspelt activation of a classifier
  void applications.mobileNet({ weights: null, classifierActivation: 'softmx' })
  // @ts-expect-error: a name that nothing has
  activations.get('linearr')
  // @ts-expect-error: a name that nothing has
  initializers.get('glorot')
  // @ts-expect-error: a name that nothing has
  regularizers.get('ridge')
  // @ts-expect-error: a name that nothing has
  constraints.get('norm')
  // All the ways to write a name, and objects and functions of one's own.
  layers.dense({
    units: 3,
    activation: 'leaky_relu',
    kernelInitializer: 'he_normal',
    kernelRegularizer: 'l1_l2',
    kernelConstraint: 'max_norm',
  })
  layers.dense({
    units: 3,
    activation: 'leakyRelu',
    kernelInitializer: 'heNormal',
    kernelRegularizer: 'l1L2',
    kernelConstraint: 'maxNorm',
  })
  layers.dense({
    units: 3,
    activation: 'hard_swish',
    kernelInitializer: 'HeNormal',
    kernelRegularizer: 'L1L2',
    kernelConstraint: 'MaxNorm',
  })
  layers.dense({
    units: 3,
    activation: (value) => value,
    kernelInitializer: initializers.zeros(),
    kernelRegularizer: (value) => ops.sum(value),
    kernelConstraint: null,
  })
  layers.dense({
    units: 3,
    activation: null,
    biasInitializer: 'normal',
    kernelInitializer: { class_name: 'Mine', config: {} },
  })
}

export function training(): void {
  // @ts-expect-error: `optimiser` is not an option
  net.compile({ optimiser: 'adam' })
  // @ts-expect-error: a misspelt optimizer
  net.compile({ optimizer: 'addam', loss: 'mse' })
  // @ts-expect-error: a misspelt loss
  net.compile({ loss: 'binary_crosentropy' })
  // @ts-expect-error: a misspelt metric
  net.compile({ loss: 'mse', metrics: ['accuracyy'] })
  // @ts-expect-error: a maker that was not called
  net.compile({ optimizer: optimizers.adam, loss: 'mse' })
  // @ts-expect-error: `fromLogit` is not an option
  losses.binaryCrossentropy({ fromLogit: true })
  // @ts-expect-error: a reduction that is not there
  losses.meanSquaredError({ reduction: 'average' })
  // @ts-expect-error: `treshold` is not an option
  metrics.binaryAccuracy({ treshold: 0.5 })
  // @ts-expect-error: `lr` is not an option
  optimizers.adam({ lr: 0.1 })
  // @ts-expect-error: a learning rate as text
  optimizers.adam('0.1')
  // @ts-expect-error: `decaySteps` is missing
  schedules.cosineDecay({ initialLearningRate: 0.1 })
  // @ts-expect-error: `epoch` is not an option
  void net.fit(x, y, { epoch: 3 })
  // @ts-expect-error: a text for a number
  void net.fit(x, y, { epochs: '3' })
  // @ts-expect-error: a callback without a list
  void net.fit(x, y, { callbacks: callbacks.earlyStopping() })
  // @ts-expect-error: verbose as text
  void net.fit(x, y, { verbose: 'no' })
  // @ts-expect-error: batch_size
  void net.predict(x, { batch_size: 3 })
  // @ts-expect-error: a direction that is not there
  callbacks.earlyStopping({ monitor: 'val_loss', mode: 'maximum' })
  // @ts-expect-error: a hook that is not there
  callbacks.lambdaCallback({ onEpochEnds: () => undefined })
  // @ts-expect-error: `scales` is not an option
  initializers.varianceScaling({ scales: 2 })
  // @ts-expect-error: an activation on a text
  activations.relu('x')
  // @ts-expect-error: a pad mode that is not there
  ops.pad(x, [[1, 1]], { mode: 'mirrored' })
}

export async function results(): Promise<void> {
  const history = await net.fit(x, y)
  expectType<History>()(history, true)
  expectType<number[] | undefined>()(history.history.loss, true)
  expectType<Tensor>()(await net.predict(x), true)
  expectType<Functional>()(model({ inputs: input({ shape: [3] }), outputs: input({ shape: [3] }) }), true)
  expectType<Sequential>()(sequential([layers.flatten()]), true)
  expectType<layers.Dense>()(layers.dense({ units: 3 }), true)
  expectType<losses.Huber>()(losses.huber(), true)
  expectType<optimizers.Adam>()(optimizers.adam(), true)
  expectType<layers.SymbolicTensor>()(layers.flatten().apply(input({ shape: [3] })), true)
  expectType<Tensor>()(layers.flatten().apply(x), true)
}

/** A training step says what its data is; several outputs are named by their types. */
export async function ownSteps(): Promise<void> {
  class Own extends Model {
    override trainStep({ x: [image, text], y, sampleWeight }: Batch<[Tensor, Tensor], Tensor>): Record<string, Tensor> {
      void sampleWeight
      return { loss: ops.sum(ops.multiply(ops.add(image, text), y)) }
    }
  }
  const [a, b] = await new Own().predictNested<[Tensor, Tensor]>(x)
  expectType<Tensor>()(a, true)
  const { mask } = new Own().applyNested<{ mask: Tensor }>(b)
  expectType<Tensor>()(mask, true)
}
