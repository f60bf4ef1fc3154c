// The options of every layer, by class name: what the makers know when they refuse a misspelt option.
import type * as Classes from './classes.ts'

type AnyLayerClass = new (...options: never) => unknown
type LayerName = {
  [K in keyof typeof Classes]: (typeof Classes)[K] extends AnyLayerClass ? K : never
}[keyof typeof Classes]

/** Options as they may be given, apart from what may stand alone in their place (a number, a name, a function). */
type OptionsOf<K extends LayerName> = Exclude<
  ConstructorParameters<(typeof Classes)[K]>[0],
  string | number | readonly unknown[] | ((...args: never) => unknown) | null | undefined
>
type KindsOf<Options> = {
  readonly [O in keyof Required<Options>]: [NonNullable<Options[O]>] extends [boolean] ? 'boolean' : true
}

const layer = { name: true, trainable: 'boolean', dtype: true, activityRegularizer: true } as const
const format = { dataFormat: true } as const
const seeded = { seed: true } as const
const kernel = { kernelInitializer: true, kernelRegularizer: true, kernelConstraint: true } as const
const bias = { useBias: 'boolean', biasInitializer: true, biasRegularizer: true, biasConstraint: true } as const
const depthwise = { depthwiseInitializer: true, depthwiseRegularizer: true, depthwiseConstraint: true } as const
const window = {
  ...format,
  kernelSize: true,
  strides: true,
  padding: true,
  dilationRate: true,
  activation: true,
} as const
const pooling = { ...format, poolSize: true, strides: true, padding: true } as const
const picture = { ...seeded, ...format } as const
const color = { ...picture, valueRange: true } as const
const sampling = { ...picture, fillMode: true, interpolation: true, fillValue: true } as const
const scale = {
  center: 'boolean', scale: 'boolean', betaInitializer: true, gammaInitializer: true, betaRegularizer: true, gammaRegularizer: true,
  betaConstraint: true, gammaConstraint: true,
} as const // prettier-ignore

// Total over the options' types: an option that is missing here, or a boolean that is not called one, does not compile.
const table = {
  Activation: { activation: true, ...layer },
  ActivityRegularization: { l1: true, l2: true, ...layer },
  AdaptiveAveragePooling1D: { outputSize: true, ...format, ...layer },
  AdaptiveAveragePooling2D: { outputSize: true, ...format, ...layer },
  AdaptiveMaxPooling1D: { outputSize: true, ...format, ...layer },
  AdaptiveMaxPooling2D: { outputSize: true, ...format, ...layer },
  Add: { ...layer },
  AdditiveAttention: { useScale: 'boolean', dropout: true, ...seeded, ...layer },
  AlphaDropout: { rate: true, noiseShape: true, ...seeded, ...layer },
  Attention: { useScale: 'boolean', scoreMode: true, dropout: true, ...seeded, ...layer },
  Average: { ...layer },
  AveragePooling1D: { ...pooling, ...layer },
  AveragePooling2D: { ...pooling, ...layer },
  BatchNormalization: {
    axis: true,
    momentum: true,
    epsilon: true,
    movingMeanInitializer: true,
    movingVarianceInitializer: true,
    synchronized: 'boolean',
    renorm: 'boolean',
    ...scale,
    ...layer,
  },
  CategoryEncoding: { numTokens: true, outputMode: true, ...layer },
  CenterCrop: { height: true, width: true, ...format, ...layer },
  Concatenate: { axis: true, ...layer },
  Conv1D: { filters: true, groups: true, ...kernel, ...bias, ...window, ...layer },
  Conv1DTranspose: { filters: true, outputPadding: true, ...kernel, ...bias, ...window, ...layer },
  Conv2D: { filters: true, groups: true, ...kernel, ...bias, ...window, ...layer },
  Conv2DTranspose: { filters: true, outputPadding: true, ...kernel, ...bias, ...window, ...layer },
  Cropping1D: { cropping: true, ...layer },
  Cropping2D: { cropping: true, ...format, ...layer },
  Dense: { units: true, activation: true, ...kernel, ...bias, ...layer },
  DepthwiseConv1D: { depthMultiplier: true, ...depthwise, ...bias, ...window, ...layer },
  DepthwiseConv2D: { depthMultiplier: true, ...depthwise, ...bias, ...window, ...layer },
  Dot: { axes: true, normalize: 'boolean', ...layer },
  Dropout: { rate: true, noiseShape: true, ...seeded, ...layer },
  ELU: { alpha: true, ...layer },
  EinsumDense: {
    equation: true,
    outputShape: true,
    activation: true,
    biasAxes: true,
    biasInitializer: true,
    biasRegularizer: true,
    biasConstraint: true,
    ...kernel,
    ...layer,
  },
  Embedding: {
    inputDim: true,
    outputDim: true,
    embeddingsInitializer: true,
    embeddingsRegularizer: true,
    embeddingsConstraint: true,
    maskZero: 'boolean',
    ...layer,
  },
  Flatten: { ...format, ...layer },
  GaussianDropout: { rate: true, ...seeded, ...layer },
  GaussianNoise: { stddev: true, ...seeded, ...layer },
  GlobalAveragePooling1D: { keepdims: 'boolean', ...format, ...layer },
  GlobalAveragePooling2D: { keepdims: 'boolean', ...format, ...layer },
  GlobalMaxPooling1D: { keepdims: 'boolean', ...format, ...layer },
  GlobalMaxPooling2D: { keepdims: 'boolean', ...format, ...layer },
  GroupNormalization: { groups: true, axis: true, epsilon: true, ...scale, ...layer },
  GroupQueryAttention: {
    headDim: true,
    numQueryHeads: true,
    numKeyValueHeads: true,
    dropout: true,
    slidingWindow: true,
    useGate: 'boolean',
    ...kernel,
    ...bias,
    ...seeded,
    ...layer,
  },
  Identity: { ...layer },
  InputLayer: {
    shape: true,
    batchSize: true,
    batchShape: true,
    dtype: true,
    name: true,
    sparse: 'boolean',
    ragged: 'boolean',
    optional: 'boolean',
  },
  Lambda: { function: true, outputShape: true, ...layer },
  LayerNormalization: { axis: true, epsilon: true, rmsScaling: 'boolean', ...scale, ...layer },
  LeakyReLU: { negativeSlope: true, ...layer },
  MaxPooling1D: { ...pooling, ...layer },
  MaxPooling2D: { ...pooling, ...layer },
  Maximum: { ...layer },
  Minimum: { ...layer },
  MultiHeadAttention: {
    numHeads: true,
    keyDim: true,
    valueDim: true,
    dropout: true,
    outputShape: true,
    attentionAxes: true,
    slidingWindow: true,
    useGate: 'boolean',
    ...kernel,
    ...bias,
    ...seeded,
    ...layer,
  },
  Multiply: { ...layer },
  Normalization: { axis: true, mean: true, variance: true, invert: 'boolean', ...layer },
  PReLU: { alphaInitializer: true, alphaRegularizer: true, alphaConstraint: true, sharedAxes: true, ...layer },
  Permute: { dims: true, ...layer },
  RMSNormalization: { axis: true, epsilon: true, ...layer },
  RandomBrightness: { factor: true, valueRange: true, ...picture, ...layer },
  RandomContrast: { factor: true, valueRange: true, ...picture, ...layer },
  RandomCrop: { height: true, width: true, ...picture, ...layer },
  RandomFlip: { mode: true, ...picture, ...layer },
  RandomRotation: { factor: true, ...sampling, ...layer },
  RandomTranslation: { heightFactor: true, widthFactor: true, ...sampling, ...layer },
  RandomZoom: { heightFactor: true, widthFactor: true, ...sampling, ...layer },
  AugMix: {
    numChains: true,
    chainDepth: true,
    factor: true,
    alpha: true,
    allOps: 'boolean',
    interpolation: true,
    ...color,
    ...layer,
  },
  AutoContrast: { valueRange: true, ...format, ...layer },
  ContrastLimitedAdaptiveHistogramEqualization: {
    clipLimit: true,
    tileGridSize: true,
    valueRange: true,
    ...format,
    ...layer,
  },
  CutMix: { factor: true, ...picture, ...layer },
  Equalization: { bins: true, valueRange: true, ...format, ...layer },
  MixUp: { alpha: true, ...picture, ...layer },
  Pipeline: { layers: true, ...layer },
  RandAugment: { numOps: true, factor: true, interpolation: true, ...color, ...layer },
  RandomColorDegeneration: { factor: true, ...color, ...layer },
  RandomColorJitter: {
    brightnessFactor: true,
    contrastFactor: true,
    saturationFactor: true,
    hueFactor: true,
    ...color,
    ...layer,
  },
  RandomElasticTransform: { factor: true, scale: true, valueRange: true, ...sampling, ...layer },
  RandomErasing: { factor: true, scale: true, fillValue: true, ...color, ...layer },
  RandomGaussianBlur: { factor: true, kernelSize: true, sigma: true, ...color, ...layer },
  RandomGrayscale: { factor: true, ...picture, ...layer },
  RandomHue: { factor: true, ...color, ...layer },
  RandomInvert: { factor: true, ...color, ...layer },
  RandomPerspective: { factor: true, scale: true, interpolation: true, fillValue: true, ...picture, ...layer },
  RandomPosterization: { factor: true, ...color, ...layer },
  RandomSaturation: { factor: true, ...color, ...layer },
  RandomSharpness: { factor: true, ...color, ...layer },
  RandomShear: { xFactor: true, yFactor: true, ...sampling, ...layer },
  Solarization: { additionFactor: true, thresholdFactor: true, ...color, ...layer },
  ReLU: { maxValue: true, negativeSlope: true, threshold: true, ...layer },
  RepeatVector: { n: true, ...layer },
  Rescaling: { scale: true, offset: true, ...layer },
  Reshape: { targetShape: true, ...layer },
  Resizing: {
    interpolation: true,
    cropToAspectRatio: 'boolean',
    padToAspectRatio: 'boolean',
    fillMode: true,
    fillValue: true,
    antialias: 'boolean',
    height: true,
    width: true,
    ...format,
    ...layer,
  },
  SeparableConv1D: {
    filters: true,
    depthMultiplier: true,
    pointwiseInitializer: true,
    pointwiseRegularizer: true,
    pointwiseConstraint: true,
    ...depthwise,
    ...bias,
    ...window,
    ...layer,
  },
  SeparableConv2D: {
    filters: true,
    depthMultiplier: true,
    pointwiseInitializer: true,
    pointwiseRegularizer: true,
    pointwiseConstraint: true,
    ...depthwise,
    ...bias,
    ...window,
    ...layer,
  },
  Softmax: { axis: true, ...layer },
  SpatialDropout1D: { rate: true, ...picture, ...layer },
  SpatialDropout2D: { rate: true, ...picture, ...layer },
  SpectralNormalization: { layer: true, powerIterations: true, ...layer },
  Subtract: { ...layer },
  TimeDistributed: { layer: true, ...layer },
  UnitNormalization: { axis: true, ...layer },
  UpSampling1D: { size: true, ...layer },
  UpSampling2D: { size: true, interpolation: true, ...format, ...layer },
  ZeroPadding1D: { padding: true, ...format, ...layer },
  ZeroPadding2D: { padding: true, ...format, ...layer },
} satisfies { readonly [K in LayerName]: KindsOf<OptionsOf<K>> }

/** The option that is meant when somebody gives a bare value. */
const main: { readonly [K in keyof typeof table]?: keyof OptionsOf<K> } = {
  Dense: 'units', Conv1D: 'filters', Conv2D: 'filters', Conv2DTranspose: 'filters', SeparableConv2D: 'filters',
  DepthwiseConv2D: 'kernelSize', Dropout: 'rate', SpatialDropout1D: 'rate', SpatialDropout2D: 'rate',
  GaussianDropout: 'rate', GaussianNoise: 'stddev', MaxPooling1D: 'poolSize', MaxPooling2D: 'poolSize',
  AveragePooling1D: 'poolSize', AveragePooling2D: 'poolSize', UpSampling2D: 'size', ZeroPadding2D: 'padding',
  Cropping2D: 'cropping', Reshape: 'targetShape', Permute: 'dims', RepeatVector: 'n', Rescaling: 'scale',
  Concatenate: 'axis', Dot: 'axes', Softmax: 'axis', ELU: 'alpha', LeakyReLU: 'negativeSlope', ReLU: 'maxValue',
  TimeDistributed: 'layer', CategoryEncoding: 'numTokens', Embedding: 'inputDim', RandomZoom: 'heightFactor',
  RandomTranslation: 'heightFactor', Pipeline: 'layers', RandomShear: 'xFactor',
  Conv1DTranspose: 'filters', SeparableConv1D: 'filters', DepthwiseConv1D: 'kernelSize',
  AlphaDropout: 'rate', AdaptiveAveragePooling1D: 'outputSize', AdaptiveAveragePooling2D: 'outputSize',
  AdaptiveMaxPooling1D: 'outputSize', AdaptiveMaxPooling2D: 'outputSize', UpSampling1D: 'size', ZeroPadding1D: 'padding',
  Cropping1D: 'cropping', SpectralNormalization: 'layer', GroupNormalization: 'groups', InputLayer: 'shape',
} // prettier-ignore

/** How the layer is made, for somebody who gave something else than options. */
export function exampleOf(maker: string, className: string): string {
  const option = Object.hasOwn(main, className) ? `${main[className as keyof typeof table]}: ` : ''
  return `${maker}({ ${option}... })`
}

/** Names of the options of a layer class, and which of them are booleans; undefined for a class that is not built in. */
export function optionKinds(className: string): Readonly<Record<string, 'boolean' | true>> | undefined {
  return Object.hasOwn(table, className) ? table[className as keyof typeof table] : undefined
}
