// What EfficientNet and EfficientNetV2 share: initializers, squeeze-and-excitation and the classifier.
import type { Settings } from './application.ts'
import { poolFeatures } from './application.ts'
import type { ApplicationOptions } from './options.ts'
import { layers, on } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'

export const convolutionInitializer = {
  class_name: 'VarianceScaling',
  config: { scale: 2, mode: 'fan_out', distribution: 'truncated_normal' },
} as const
const denseInitializer = {
  class_name: 'VarianceScaling',
  config: { scale: 1 / 3, mode: 'fan_out', distribution: 'uniform' },
} as const

/** Channels weighted by what two dense layers, as 1x1 convolutions, make of their means. */
export function squeezeExcite(x: SymbolicTensor, filters: number, squeezed: number, prefix: string): SymbolicTensor {
  const conv = { kernelSize: 1, padding: 'same', kernelInitializer: convolutionInitializer } as const
  let weight = on(layers.globalAveragePooling2D({ name: `${prefix}se_squeeze` }), x)
  weight = on(layers.reshape({ targetShape: [1, 1, filters], name: `${prefix}se_reshape` }), weight)
  const reduce = { ...conv, filters: squeezed, activation: 'swish', name: `${prefix}se_reduce` } as const
  weight = on(layers.conv2D(reduce), weight)
  const expand = { ...conv, filters, activation: 'sigmoid', name: `${prefix}se_expand` } as const
  weight = on(layers.conv2D(expand), weight)
  return on(layers.multiply({ name: `${prefix}se_excite` }), [x, weight])
}

/** The classifier with its dropout, or the pooling without the top. */
export function finishEfficient<O extends ApplicationOptions>(
  x: SymbolicTensor,
  { includeTop, pooling, classes, classifierActivation }: Settings<O>,
  dropoutRate: number,
): SymbolicTensor {
  if (!includeTop) return poolFeatures(x, pooling, 'named')
  let y = on(layers.globalAveragePooling2D({ name: 'avg_pool' }), x)
  y = on(layers.dropout({ rate: dropoutRate, name: 'top_dropout' }), y)
  const dense = { units: classes, activation: classifierActivation, kernelInitializer: denseInitializer }
  return on(layers.dense({ ...dense, name: 'predictions' }), y)
}
