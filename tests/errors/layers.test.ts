// Mistakes with layers: in their options (by kind of option, over all layers) and in what they are applied to.
import { describe, expect, test } from 'vitest'
import { input, layers, ops, tensor } from '../../src/index.ts'
import { checkMistakes, functionsOf, type Mistakes, wrong } from './mistakes.ts'

type Kind = keyof typeof badValues
interface Row {
  /** Options that are right. */
  readonly good?: Readonly<Record<string, unknown>>
  /** Shapes of right inputs, with the batch. */
  readonly inputs: readonly (readonly number[])[]
  /** Options whose wrong values are tried. */
  readonly options?: Readonly<Record<string, Kind>>
  /** True if the layer takes a list of tensors. */
  readonly list?: boolean
  /** Shapes that the layer cannot take. */
  readonly badInputs?: readonly (readonly number[])[]
  /** Types of what may be given instead of options. */
  readonly alone?: string
  readonly more?: Mistakes
}

/** Wrong values by kind of option. */
const badValues = {
  size: { missing: undefined, 'as text': '10', zero: 0, negative: -3, 'a fraction': 2.5, NaN, 'a list': [10] },
  size0: { 'as text': '10', zero: 0, 'a fraction': 2.5 },
  sizes: { missing: undefined, 'as text': '3', zero: 0, 'too many': [3, 3, 3, 3] },
  optionalSizes: { 'as text': '2', negative: -1, 'too many': [2, 2, 2, 2] },
  sides: { 'as text': '1', negative: -1, 'a fraction': 0.5, 'three numbers': [1, 2, 3] },
  rate: { missing: undefined, 'in percent': 50, negative: -0.1, 'as text': '0.5', NaN },
  fraction: { 'above 1': 1.5, 'as text': '0.9', NaN },
  padding: { 'an unknown name': 'full', 'a number': 1 },
  choice: { 'an unknown name': 'sidewise', 'a number': 3 },
  boolean: { 'as text': 'false', 'a number': 0 },
  number: { 'as text': '1', NaN, Infinity },
  axis: { 'as text': 'channels', 'a fraction': 0.5 },
  seed: { 'as text': 'lucky', 'a fraction': 0.5 },
  activation: { misspelt: 'rellu', 'a number': 1, 'a layer': layers.reLU() },
  initializer: { misspelt: 'glorot_unifrom', 'a number': 0, 'a class': layers.Dense },
  regularizer: { misspelt: 'l3', 'a number': 0.01 },
  constraint: { misspelt: 'maxnrom', 'a number': 2 },
  format: { 'channels first': 'channels_first' },
  scale: { missing: undefined, 'as text': '1/255', NaN },
  factor: { missing: undefined, 'as text': '0.2', 'three numbers': [0.1, 0.2, 0.3], NaN },
  part: { 'as text': '0.2', 'three numbers': [0.1, 0.2, 0.3], 'above 1': 1.5, NaN },
  list: { missing: undefined, 'a number': 3, 'with a text': ['3'] },
  optionalList: { 'a number': 3, 'with a text': ['3'] },
  range: { 'upside down': [255, 0], 'a number': 255 },
} as const satisfies Record<string, Record<string, unknown>>

const picture = [[2, 8, 8, 4]]
const sequence = [[2, 8, 4]]
const vector = [[2, 4]]
const kernel = {
  kernelInitializer: 'initializer',
  kernelRegularizer: 'regularizer',
  kernelConstraint: 'constraint',
} as const
const bias = { useBias: 'boolean', biasInitializer: 'initializer' } as const
const window = { strides: 'optionalSizes', padding: 'padding', activation: 'activation', dataFormat: 'format' } as const
const conv = { filters: 'size', kernelSize: 'sizes', ...window, groups: 'size0', ...kernel, ...bias } as const
const pooling = { strides: 'optionalSizes', padding: 'padding', dataFormat: 'format' } as const
const global = { keepdims: 'boolean', dataFormat: 'format' } as const
const scale = { center: 'boolean', gammaInitializer: 'initializer', betaRegularizer: 'regularizer' } as const
const sampling = { fillMode: 'choice', interpolation: 'choice', fillValue: 'number', seed: 'seed' } as const
const color = { valueRange: 'range', seed: 'seed' } as const
const rgb = [[2, 8, 8, 3]]
const merging: Row = {
  inputs: [[2, 4], [2, 4]],
  list: true,
  more: {},
} // prettier-ignore

const table: Record<string, Row> = {
  dense: {
    good: { units: 3 },
    inputs: vector,
    options: { units: 'size', activation: 'activation', ...kernel, ...bias },
    badInputs: [[4]],
    more: {
      'inputShape as in older Keras': () => layers.dense(wrong({ units: 3, inputShape: [4] })),
      'units and activation in a row': () => makerOf('dense')(3, 'relu'),
      'a tensor beside the options': () => makerOf('dense')({ units: 3 }, ops.ones([2, 4])),
      'other inputs than it was built for': () => {
        const dense = layers.dense({ units: 3 })
        dense.apply(ops.ones([2, 4]))
        return dense.apply(ops.ones([2, 5]))
      },
      'inputs of unknown size': () => layers.dense({ units: 3 }).apply(input({ shape: [null] })),
      'a class in place of an instance': () => layers.dense({ units: 3 }).apply(wrong(layers.Dense)),
    },
  },
  conv1D: { good: { filters: 2, kernelSize: 3 }, inputs: sequence, options: conv, badInputs: [[2, 4]] },
  conv2D: {
    good: { filters: 2, kernelSize: 3 },
    inputs: picture,
    options: { ...conv, dilationRate: 'optionalSizes' },
    badInputs: [[8, 8, 4], [2, 2, 8, 4]], // prettier-ignore
    more: {
      'filters that no group divides': () => layers.conv2D({ filters: 3, kernelSize: 3, groups: 2 }),
      'strides and dilation': () => layers.conv2D({ filters: 2, kernelSize: 3, strides: 2, dilationRate: 2 }),
      kernel_size: () => layers.conv2D(wrong({ filters: 2, kernel_size: 3 })),
      'filters alone': () => layers.conv2D(wrong(32)),
    },
  },
  conv2DTranspose: {
    good: { filters: 2, kernelSize: 3 },
    inputs: picture,
    options: { filters: 'size', kernelSize: 'sizes', outputPadding: 'optionalSizes', ...window, ...kernel },
    badInputs: [[8, 8, 4]],
  },
  depthwiseConv2D: {
    good: { kernelSize: 3 },
    inputs: picture,
    options: { kernelSize: 'sizes', depthMultiplier: 'size0', depthwiseInitializer: 'initializer', ...window, ...bias },
    badInputs: [[8, 8, 4]],
  },
  separableConv2D: {
    good: { filters: 2, kernelSize: 3 },
    inputs: picture,
    options: {
      filters: 'size', kernelSize: 'sizes', depthMultiplier: 'size0', pointwiseRegularizer: 'regularizer', ...window, ...bias,
    }, // prettier-ignore
    badInputs: [[8, 8, 4]],
  },
  dropout: {
    good: { rate: 0.5 },
    inputs: vector,
    options: { rate: 'rate', seed: 'seed', noiseShape: 'optionalList' },
    more: { 'the rate alone': () => layers.dropout(wrong(0.5)) },
  },
  spatialDropout1D: {
    good: { rate: 0.5 },
    inputs: sequence,
    options: { rate: 'rate', seed: 'seed' },
    badInputs: vector,
  },
  spatialDropout2D: {
    good: { rate: 0.5 },
    inputs: picture,
    options: { rate: 'rate', seed: 'seed', dataFormat: 'format' },
    badInputs: vector,
  },
  gaussianDropout: { good: { rate: 0.5 }, inputs: vector, options: { rate: 'rate', seed: 'seed' } },
  gaussianNoise: { good: { stddev: 0.5 }, inputs: vector, options: { stddev: 'number', seed: 'seed' } },
  batchNormalization: {
    inputs: picture,
    options: {
      axis: 'axis', momentum: 'fraction', epsilon: 'number', scale: 'boolean', movingMeanInitializer: 'initializer', ...scale,
    }, // prettier-ignore
    more: {
      'an axis that is not there': () => layers.batchNormalization({ axis: 4 }).apply(ops.ones([2, 3])),
      renorm: () => layers.batchNormalization({ renorm: true }),
    },
  },
  layerNormalization: { inputs: vector, options: { axis: 'axis', epsilon: 'number', rmsScaling: 'boolean', ...scale } },
  groupNormalization: {
    good: { groups: 2 },
    inputs: picture,
    options: { groups: 'size0', axis: 'axis', epsilon: 'number', ...scale },
    more: {
      'groups that do not divide the channels': () => layers.groupNormalization({ groups: 3 }).apply(ops.ones([2, 4])),
    },
  },
  unitNormalization: { inputs: vector, options: { axis: 'axis' } },
  normalization: {
    good: { mean: 0, variance: 1 },
    inputs: vector,
    options: { axis: 'axis', invert: 'boolean' },
    more: {
      'a mean without a variance': () => layers.normalization({ mean: 1 }),
      'a negative variance': () => layers.normalization({ mean: 1, variance: -1 }),
      'a mean as text': () => layers.normalization({ mean: wrong('1'), variance: 1 }),
      'adapt to nothing': () => layers.normalization().adapt(wrong(undefined)),
    },
  },
  maxPooling1D: { inputs: sequence, options: { poolSize: 'optionalSizes', ...pooling }, badInputs: vector },
  maxPooling2D: {
    inputs: picture,
    options: { poolSize: 'optionalSizes', ...pooling },
    badInputs: [[8, 8, 4], [2, 1, 1, 4]], // prettier-ignore
    more: { pool_size: () => layers.maxPooling2D(wrong({ pool_size: 2 })) },
  },
  averagePooling1D: {
    good: { poolSize: 2 },
    inputs: sequence,
    options: { poolSize: 'sizes', ...pooling },
    badInputs: vector,
  },
  averagePooling2D: {
    good: { poolSize: 2 },
    inputs: picture,
    options: { poolSize: 'sizes', ...pooling },
    badInputs: vector,
  },
  globalAveragePooling1D: { inputs: sequence, options: global, badInputs: vector },
  globalAveragePooling2D: { inputs: picture, options: global, badInputs: vector },
  globalMaxPooling1D: { inputs: sequence, options: global, badInputs: vector },
  globalMaxPooling2D: { inputs: picture, options: global, badInputs: vector },
  flatten: { inputs: picture, options: { dataFormat: 'format' }, badInputs: [] },
  reshape: { good: { targetShape: [2, 2] }, inputs: vector, options: { targetShape: 'list' }, badInputs: [[2, 5]] },
  permute: { good: { dims: [2, 1] }, inputs: sequence, options: { dims: 'list' }, badInputs: vector },
  repeatVector: { good: { n: 3 }, inputs: vector, options: { n: 'size' }, badInputs: sequence },
  zeroPadding2D: { inputs: picture, options: { padding: 'sides', dataFormat: 'format' }, badInputs: vector },
  cropping2D: { inputs: picture, options: { cropping: 'sides', dataFormat: 'format' }, badInputs: vector },
  upSampling2D: {
    inputs: picture,
    options: { size: 'optionalSizes', interpolation: 'choice', dataFormat: 'format' },
    badInputs: vector,
  },
  add: merging,
  subtract: {
    ...merging,
    more: { 'three inputs': () => layers.subtract().apply([1, 2, 3].map((n) => ops.ones([n]))) },
  },
  multiply: merging,
  average: merging,
  maximum: merging,
  minimum: merging,
  concatenate: {
    ...merging,
    options: { axis: 'axis' },
    more: {
      'an axis that is not there': () => layers.concatenate({ axis: 5 }).apply([ops.ones([2, 3]), ops.ones([2, 3])]),
    },
  },
  dot: { ...merging, good: { axes: 1 }, options: { axes: 'axis', normalize: 'boolean' } },
  activation: { good: { activation: 'relu' }, inputs: vector, options: { activation: 'activation' }, alone: 'text' },
  reLU: { inputs: vector, options: { maxValue: 'number', negativeSlope: 'number', threshold: 'number' } },
  leakyReLU: { inputs: vector, options: { negativeSlope: 'number' } },
  pReLU: {
    inputs: vector,
    options: { alphaInitializer: 'initializer', alphaRegularizer: 'regularizer', sharedAxes: 'axis' },
  },
  eLU: { inputs: vector, options: { alpha: 'number' } },
  softmax: { inputs: vector, options: { axis: 'axis' } },
  rescaling: { good: { scale: 1 / 255 }, inputs: picture, options: { scale: 'scale', offset: 'number' } },
  resizing: {
    good: { height: 4, width: 4 },
    inputs: picture,
    options: {
      height: 'size',
      width: 'size0',
      interpolation: 'choice',
      cropToAspectRatio: 'boolean',
      antialias: 'boolean',
    },
    badInputs: vector,
  },
  centerCrop: {
    good: { height: 4, width: 4 },
    inputs: picture,
    options: { height: 'size', width: 'size0' },
    badInputs: vector,
  },
  categoryEncoding: { good: { numTokens: 5 }, inputs: vector, options: { numTokens: 'size', outputMode: 'choice' } },
  embedding: {
    good: { inputDim: 5, outputDim: 2 },
    inputs: vector,
    options: { inputDim: 'size', outputDim: 'size0', embeddingsInitializer: 'initializer' },
    more: { 'a mask': () => layers.embedding({ inputDim: 5, outputDim: 2, maskZero: true }) },
  },
  einsumDense: {
    good: { equation: 'ab,bc->ac', outputShape: 3 },
    inputs: vector,
    options: { activation: 'activation', kernelInitializer: 'initializer' },
    more: {
      'an equation that is none': () => layers.einsumDense({ equation: 'ab', outputShape: 3 }),
      'no equation': () => layers.einsumDense(wrong({ outputShape: 3 })),
      'no output shape': () => layers.einsumDense(wrong({ equation: 'ab,bc->ac' })),
    },
  },
  multiHeadAttention: {
    good: { numHeads: 2, keyDim: 2 },
    inputs: sequence,
    options: {
      numHeads: 'size',
      keyDim: 'size0',
      dropout: 'fraction',
      useBias: 'boolean',
    },
    badInputs: vector,
    more: {
      'applied to four tensors': () => {
        const attention = layers.multiHeadAttention({ numHeads: 2, keyDim: 2 })
        return attention.apply([1, 2, 3, 4].map(() => ops.ones([2, 3, 4])))
      },
    },
  },
  timeDistributed: {
    good: { layer: layers.flatten() },
    inputs: picture,
    options: {},
    more: {
      'no layer': () => layers.timeDistributed(wrong({})),
      'a class in place of a layer': () => layers.timeDistributed({ layer: wrong(layers.Dense) }),
      'a name in place of a layer': () => layers.timeDistributed({ layer: wrong('dense') }),
      'no time axis': () => layers.timeDistributed({ layer: layers.flatten() }).apply(ops.ones([2])),
    },
  },
  conv1DTranspose: {
    good: { filters: 2, kernelSize: 3 },
    inputs: sequence,
    options: { filters: 'size', kernelSize: 'sizes', outputPadding: 'optionalSizes', ...window, ...kernel },
    badInputs: vector,
  },
  depthwiseConv1D: {
    good: { kernelSize: 3 },
    inputs: sequence,
    options: { kernelSize: 'sizes', depthMultiplier: 'size0', depthwiseInitializer: 'initializer', ...window, ...bias },
    badInputs: vector,
  },
  separableConv1D: {
    good: { filters: 2, kernelSize: 3 },
    inputs: sequence,
    options: { filters: 'size', kernelSize: 'sizes', pointwiseRegularizer: 'regularizer', ...window, ...bias },
    badInputs: vector,
  },
  alphaDropout: { good: { rate: 0.5 }, inputs: vector, options: { rate: 'rate', seed: 'seed' } },
  rMSNormalization: { inputs: vector, options: { axis: 'axis', epsilon: 'number' } },
  adaptiveAveragePooling1D: {
    good: { outputSize: 2 },
    inputs: sequence,
    options: { outputSize: 'sizes', dataFormat: 'format' },
    badInputs: vector,
  },
  adaptiveAveragePooling2D: {
    good: { outputSize: 2 },
    inputs: picture,
    options: { outputSize: 'sizes', dataFormat: 'format' },
    badInputs: vector,
  },
  adaptiveMaxPooling1D: {
    good: { outputSize: 2 },
    inputs: sequence,
    options: { outputSize: 'sizes', dataFormat: 'format' },
    badInputs: vector,
  },
  adaptiveMaxPooling2D: {
    good: { outputSize: 2 },
    inputs: picture,
    options: { outputSize: 'sizes', dataFormat: 'format' },
    badInputs: vector,
    more: {
      'a picture of unknown size': () =>
        layers.adaptiveMaxPooling2D({ outputSize: 2 }).apply(input({ shape: [null, null, 3] })),
    },
  },
  zeroPadding1D: { inputs: sequence, options: { padding: 'sides', dataFormat: 'format' }, badInputs: vector },
  cropping1D: { inputs: sequence, options: { cropping: 'sides' }, badInputs: vector },
  upSampling1D: { inputs: sequence, options: { size: 'size0' }, badInputs: vector },
  activityRegularization: { inputs: vector, options: { l1: 'number', l2: 'number' } },
  attention: {
    inputs: [[2, 3, 4], [2, 5, 4]], // prettier-ignore
    options: { useScale: 'boolean', scoreMode: 'choice', dropout: 'fraction' },
    list: true,
  },
  additiveAttention: {
    inputs: [[2, 3, 4], [2, 5, 4]], // prettier-ignore
    options: { useScale: 'boolean', dropout: 'fraction' },
    list: true,
  },
  groupQueryAttention: {
    good: { headDim: 2, numQueryHeads: 4, numKeyValueHeads: 2 },
    inputs: sequence,
    options: { headDim: 'size', numQueryHeads: 'size0', dropout: 'fraction', useGate: 'boolean', ...kernel },
    badInputs: vector,
    more: {
      'heads that do not divide': () =>
        layers.groupQueryAttention({ headDim: 2, numQueryHeads: 4, numKeyValueHeads: 3 }),
    },
  },
  spectralNormalization: {
    good: { layer: layers.dense({ units: 2 }) },
    inputs: vector,
    options: { powerIterations: 'size0' },
    more: {
      'no layer': () => layers.spectralNormalization(wrong({})),
      'a class in place of a layer': () => layers.spectralNormalization({ layer: wrong(layers.Dense) }),
      'a layer without a kernel': () =>
        layers.spectralNormalization({ layer: layers.flatten() }).apply(ops.ones([2, 3])),
    },
  },
  lambda: {
    good: { function: (x: never) => x },
    inputs: vector,
    alone: 'function',
    more: {
      'no function': () => layers.lambda(wrong({})),
      'the name of a function': () => layers.lambda({ function: wrong('relu') }),
      'an asynchronous function': () => layers.lambda((x: never) => Promise.resolve(x)).apply(ops.ones([2])),
      'a function that gives nothing': () => layers.lambda(() => undefined).apply(ops.ones([2])),
      'a function that gives nothing, in a model': () => layers.lambda(() => undefined).apply(input({ shape: [3] })),
    },
  },
  identity: { inputs: vector, options: {} },
  randomFlip: { inputs: picture, options: { mode: 'choice', seed: 'seed' }, badInputs: vector, alone: 'text' },
  randomRotation: { good: { factor: 0.1 }, inputs: picture, options: { factor: 'factor', ...sampling }, badInputs: vector, alone: 'number' }, // prettier-ignore
  randomZoom: {
    good: { heightFactor: 0.1 },
    inputs: picture,
    options: { heightFactor: 'factor', ...sampling },
    badInputs: vector,
  },
  randomTranslation: {
    good: { heightFactor: 0.1, widthFactor: 0.1 },
    inputs: picture,
    options: { heightFactor: 'factor', widthFactor: 'factor', ...sampling },
    badInputs: vector,
  },
  randomContrast: { good: { factor: 0.1 }, inputs: picture, options: { factor: 'factor', valueRange: 'range', seed: 'seed' }, badInputs: vector, alone: 'number' }, // prettier-ignore
  randomBrightness: { good: { factor: 0.1 }, inputs: picture, options: { factor: 'factor', valueRange: 'range', seed: 'seed' }, badInputs: vector, alone: 'number' }, // prettier-ignore
  randomHue: { good: { factor: 0.1 }, inputs: rgb, options: { factor: 'factor', ...color }, badInputs: picture, alone: 'number' }, // prettier-ignore
  randomSaturation: { good: { factor: 0.1 }, inputs: rgb, options: { factor: 'factor', ...color }, badInputs: picture, alone: 'number' }, // prettier-ignore
  randomGrayscale: { inputs: rgb, options: { factor: 'fraction', seed: 'seed' }, badInputs: picture, alone: 'number' },
  randomColorDegeneration: { good: { factor: 0.1 }, inputs: rgb, options: { factor: 'factor', ...color }, badInputs: picture, alone: 'number' }, // prettier-ignore
  randomColorJitter: { inputs: rgb, options: { brightnessFactor: 'part', contrastFactor: 'part', saturationFactor: 'part', hueFactor: 'part', ...color }, badInputs: vector }, // prettier-ignore
  randomSharpness: { good: { factor: 0.1 }, inputs: picture, options: { factor: 'factor', ...color }, badInputs: vector, alone: 'number' }, // prettier-ignore
  randomGaussianBlur: {
    inputs: picture,
    options: { factor: 'part', kernelSize: 'optionalSizes', sigma: 'part', ...color },
    badInputs: vector,
    more: { 'an even kernel': () => layers.randomGaussianBlur({ kernelSize: 4 }) },
  },
  randomErasing: {
    inputs: picture,
    options: { factor: 'part', scale: 'part', fillValue: 'number', ...color },
    badInputs: vector,
    more: {
      'a color for other pictures': () => layers.randomErasing({ fillValue: [1, 2, 3] }).apply(ops.ones([2, 8, 8, 4])),
    },
  },
  randomInvert: { inputs: picture, options: { factor: 'part', ...color }, badInputs: vector, alone: 'number' },
  randomPosterization: {
    good: { factor: 4 },
    inputs: picture,
    options: { factor: 'factor', ...color },
    badInputs: vector,
    alone: 'number',
    more: {
      'nine bits': () => layers.randomPosterization(9),
      'half a bit': () => layers.randomPosterization([2.5, 4] as never),
    },
  },
  solarization: { inputs: picture, options: { additionFactor: 'part', thresholdFactor: 'part', ...color }, badInputs: vector }, // prettier-ignore
  autoContrast: { inputs: picture, options: { valueRange: 'range' }, badInputs: vector },
  equalization: { inputs: picture, options: { bins: 'size0', valueRange: 'range' }, badInputs: vector },
  contrastLimitedAdaptiveHistogramEqualization: { inputs: picture, options: { clipLimit: 'number', tileGridSize: 'optionalSizes', valueRange: 'range' }, badInputs: vector }, // prettier-ignore
  randomShear: { inputs: picture, options: { xFactor: 'part', yFactor: 'part', ...sampling }, badInputs: vector },
  randomPerspective: {
    inputs: picture,
    options: { factor: 'part', scale: 'fraction', interpolation: 'choice', fillValue: 'number', seed: 'seed' },
    badInputs: [[2, 1, 8, 3], [2, 4]], // prettier-ignore
  },
  randomElasticTransform: {
    inputs: picture,
    options: { factor: 'part', scale: 'part', ...sampling },
    badInputs: vector,
  },
  mixUp: {
    inputs: picture,
    options: { alpha: 'number', seed: 'seed' },
    badInputs: vector,
    alone: 'number',
    more: {
      'class numbers as labels': () =>
        layers.mixUp().applyNested({ images: ops.ones([2, 4, 4, 3]), labels: tensor([1, 0], { dtype: 'int32' }) }),
      'labels of other pictures': () =>
        layers.mixUp().applyNested({ images: ops.ones([2, 4, 4, 3]), labels: ops.ones([3, 5]) }),
      'an object without images': () => layers.mixUp().applyNested({ labels: ops.ones([3, 5]) }),
      'bounding boxes': () =>
        layers.mixUp().applyNested({ images: ops.ones([2, 4, 4, 3]), bounding_boxes: ops.ones([2, 1, 4]) }),
    },
  },
  cutMix: { inputs: picture, options: { factor: 'part', seed: 'seed' }, badInputs: vector, alone: 'number' },
  randAugment: { inputs: rgb, options: { numOps: 'size0', factor: 'part', interpolation: 'choice', ...color }, badInputs: picture }, // prettier-ignore
  augMix: {
    inputs: rgb,
    options: { numChains: 'size0', chainDepth: 'size0', factor: 'part', alpha: 'number', allOps: 'boolean', interpolation: 'choice', ...color }, // prettier-ignore
    badInputs: picture,
  },
  pipeline: {
    good: { layers: [layers.autoContrast()] },
    inputs: picture,
    options: { layers: 'list' },
    badInputs: vector,
  },
  randomCrop: { good: { height: 4, width: 4 }, inputs: picture, options: { height: 'size', width: 'size0', seed: 'seed' }, badInputs: vector }, // prettier-ignore
}

type AnyMaker = (...given: unknown[]) => layers.Layer
const makerOf = (name: string): AnyMaker => (layers as unknown as Record<string, AnyMaker>)[name]!

/** The option without a letter in its middle. */
function misspell(option: string): string {
  const middle = Math.ceil(option.length / 2)
  return option.length < 3 ? `${option}s` : option.slice(0, middle) + option.slice(middle + 1)
}

function mistakesWith(
  name: string,
  { good = {}, inputs, options = {}, list, badInputs, alone, more = {} }: Row,
): Mistakes {
  const make = makerOf(name)
  const on = (value: unknown) =>
    list === true ? [value, ...inputs.slice(1).map((shape) => ops.ones([...shape]))] : value
  const apply = (value: unknown) => () => make(good).applyNested(value)
  const mistakes: Record<string, () => unknown> = { ...more }
  if (alone !== 'text') mistakes['a name in place of options'] = () => make('relu')
  if (alone !== 'number') mistakes['a number in place of options'] = () => make(10)
  mistakes['a list in place of options'] = () => make([good])
  mistakes['two arguments'] = () => make(good, ops.ones([2]))
  for (const option of [...Object.keys(options).slice(0, 1), 'trainable'])
    mistakes[`${option} misspelt`] = () => make({ ...good, [misspell(option)]: true })
  mistakes['an option that is not one'] = () => make({ ...good, neurons: 3 })
  for (const [option, kind] of Object.entries(options))
    for (const [what, value] of Object.entries(badValues[kind]))
      mistakes[`${option}: ${what}`] = () => make({ ...good, [option]: value })
  mistakes['name with a slash'] = () => make({ ...good, name: 'block1/layer' })
  mistakes['trainable as text'] = () => make({ ...good, trainable: 'no' })
  mistakes['dtype that is not there'] = () => make({ ...good, dtype: 'float64' })
  mistakes['applied to nothing'] = apply(undefined)
  mistakes['applied to a text'] = apply('picture.jpg')
  mistakes['applied to a layer'] = apply(on(layers.flatten()))
  mistakes['applied to a promise'] = apply(on(Promise.resolve(tensor([1]))))
  if (list === true) {
    mistakes['applied to one tensor'] = apply(ops.ones([...inputs[0]!]))
    mistakes['applied to unlike shapes'] = apply([ops.ones([2, 3, 5]), ops.ones([2, 4, 7])])
  }
  for (const shape of badInputs ?? []) mistakes[`applied to the shape ${shape.join('x')}`] = apply(ops.ones([...shape]))
  return mistakes
}

checkMistakes(
  'layers',
  Object.fromEntries(Object.entries(table).map(([name, row]) => [`layers.${name}`, mistakesWith(name, row)])),
)

test('every maker is in the table', () => {
  const isClass = (name: string) => /^[A-Z]/.test(name)
  const inside = [
    'enclosingTraining', 'withinCall', 'withinName', 'dtypeFromKeras', 'dtypePolicy', 'fromKeras', 'isSerializedObject', 'toKeras',
    'isShape', 'layerClass', 'layerFromConfig', 'registerBuiltin', 'registerLayer', 'serializeLayer', 'isSymbolic', 'isTensor',
    'isTensorLeaf', 'shapesOf', 'input',
  ] // prettier-ignore
  const aliases = functionsOf(layers, inside).filter((name) => !isClass(name) && makerOf(name) !== undefined)
  const known = new Set(Object.keys(table).map(makerOf))
  expect(aliases.filter((name) => !known.has(makerOf(name)))).toEqual([])
})

describe('what the table calls right is right', () => {
  test.each(Object.entries(table))('%s', (name, { good = {}, inputs, list }) => {
    const values = inputs.map((shape) => ops.ones([...shape]))
    expect(makerOf(name)(good).applyNested(list === true ? values : values[0])).toBeDefined()
  })
})
