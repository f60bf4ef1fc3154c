// ConvNeXt (Liu et al., 2022): depthwise 7x7 convolutions with the layout of a transformer's blocks.
import { applyOperation, sequential } from '../models/index.ts'
import { application, poolFeatures } from './application.ts'
import type { Application, ApplicationInfo, Settings } from './application.ts'
import { LayerScale } from './layer-scale.ts'
import type { ApplicationOptions } from './options.ts'
import { activate, layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { pairOf } from './weights.ts'
import { flag } from '../platform/option-rules.ts'

export interface ConvNeXtOptions extends ApplicationOptions {
  /** Begin with a Normalization of pixels of 0..255; default true. */
  readonly includePreprocessing?: boolean
}

const licence = 'MIT'
const epsilon = 1e-6
const initValues = 1e-6

/** ImageNet's statistics on 0..255. */
const mean = [0.485 * 255, 0.456 * 255, 0.406 * 255]
const variance = [(0.229 * 255) ** 2, (0.224 * 255) ** 2, (0.225 * 255) ** 2]

function normalization(name: string | null = null) {
  return layers.layerNormalization({ epsilon, name })
}

/** A depthwise convolution, two dense layers on each pixel, a small scale, and the input added. */
function block(inputs: SymbolicTensor, width: number, name: string): SymbolicTensor {
  const deep = {
    filters: width,
    kernelSize: 7,
    padding: 'same',
    groups: width,
    name: `${name}_depthwise_conv`,
  } as const
  let x = on(normalization(`${name}_layernorm`), on(layers.conv2D(deep), inputs))
  x = on(layers.dense({ units: 4 * width, name: `${name}_pointwise_conv_1` }), x)
  x = activate(x, 'gelu', `${name}_gelu`)
  x = on(layers.dense({ units: width, name: `${name}_pointwise_conv_2` }), x)
  x = on(new LayerScale({ initValues, projectionDim: width, name: `${name}_layer_scale` }), x)
  // Stochastic depth would stand here: no variant has any.
  x = activate(x, 'linear', `${name}_identity`)
  return applyOperation('Add', [inputs, x])
}

/** What precedes each stage: the stem, then halvings. */
function reductions(widths: readonly number[], name: string) {
  return widths.map((filters, i) => {
    if (i === 0) {
      const stem = layers.conv2D({ filters, kernelSize: 4, strides: 4, name: `${name}_stem_conv` })
      return sequential([stem, normalization(`${name}_stem_layernorm`)], { name: `${name}_stem` })
    }
    const half = layers.conv2D({ filters, kernelSize: 2, strides: 2, name: `${name}_downsampling_conv_${i - 1}` })
    const parts = [normalization(`${name}_downsampling_layernorm_${i - 1}`), half]
    return sequential(parts, { name: `${name}_downsampling_block_${i - 1}` })
  })
}

function network(depths: readonly number[], widths: readonly number[]) {
  return (start: SymbolicTensor, settings: Settings<ConvNeXtOptions>): SymbolicTensor => {
    const { name, includeTop, pooling, classes, classifierActivation, inputShape, options } = settings
    let x = start
    if ((options.includePreprocessing ?? true) && inputShape[2] === 3)
      x = on(layers.normalization({ mean, variance, name: `${name}_prestem_normalization` }), x)
    const before = reductions(widths, name)
    depths.forEach((depth, stage) => {
      x = on(before[stage]!, x)
      for (let i = 0; i < depth; i++) x = block(x, widths[stage]!, `${name}_stage_${stage}_block_${i}`)
    })
    if (!includeTop) return on(normalization(), poolFeatures(x, pooling))
    x = on(layers.globalAveragePooling2D({ name: `${name}_head_gap` }), x)
    x = on(normalization(`${name}_head_layernorm`), x)
    return on(layers.dense({ units: classes, activation: classifierActivation, name: `${name}_head_dense` }), x)
  }
}

function convNeXt(
  variant: string,
  known: Pick<ApplicationInfo, 'parameters' | 'top1'>,
  widths: readonly number[],
  hashes: readonly [string, string],
): Application<ConvNeXtOptions> {
  const name = `convnext_${variant.toLowerCase()}`
  /** Input: RGB of 0..255; trained at 224x224, from base on after ImageNet-21k. Hashes are SHA-256. */
  const weights = pairOf(
    { licence, source: 'trained by Meta (facebookresearch/ConvNeXt), converted by Sayak Paul' },
    'https://storage.googleapis.com/tensorflow/keras-applications/convnext/',
    [`${name}.h5`, `${name}_notop.h5`],
    hashes,
  )
  return application<ConvNeXtOptions>({
    where: `convNeXt${variant}`,
    info: {
      ...known,
      kerasName: `ConvNeXt${variant}`,
      family: 'convnext',
      defaultSize: 224,
      minSize: 32,
      top5: null,
      preprocessing: 'none',
      licence,
    },
    furtherOptions: { includePreprocessing: flag },
    modelName: () => name,
    weights: ({ includeTop }) => weights[includeTop ? 'top' : 'notop'],
    build: network(variant === 'Tiny' ? [3, 3, 9, 3] : [3, 3, 27, 3], widths),
  })
}

/** ConvNeXtTiny. Inputs: RGB of 0..255, at least 32x32; default 224x224. The names of its layers begin with `name`. */
export const convNeXtTiny = convNeXt(
  'Tiny',
  { parameters: 28_589_128, top1: 81.3 },
  [96, 192, 384, 768],
  [
    '8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff',
    'd547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1',
  ],
)

/** ConvNeXtSmall. Inputs as of ConvNeXtTiny. */
export const convNeXtSmall = convNeXt(
  'Small',
  { parameters: 50_223_688, top1: 82.3 },
  [96, 192, 384, 768],
  [
    'ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c',
    '6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab',
  ],
)

/** ConvNeXtBase. Inputs as of ConvNeXtTiny. */
export const convNeXtBase = convNeXt(
  'Base',
  { parameters: 88_591_464, top1: 85.3 },
  [128, 256, 512, 1024],
  [
    '52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6',
    '40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45',
  ],
)

/** ConvNeXtLarge. Inputs as of ConvNeXtTiny. */
export const convNeXtLarge = convNeXt(
  'Large',
  { parameters: 197_767_336, top1: 86.3 },
  [192, 384, 768, 1536],
  [
    '070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6',
    '96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd',
  ],
)

/** ConvNeXtXLarge. Inputs as of ConvNeXtTiny. */
export const convNeXtXLarge = convNeXt(
  'XLarge',
  { parameters: 350_196_968, top1: 86.7 },
  [256, 512, 1024, 2048],
  [
    'c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee',
    'de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05',
  ],
)
