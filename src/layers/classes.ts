// Every layer class with its option types.
export * from './activation-layers.ts'
export { BatchNormalization, type BatchNormalizationOptions, type ScaleOptions } from './batch-normalization.ts'
export * from './category-encoding.ts'
export * from './concatenate.ts'
export type { ConvOptions, WindowOptions } from './conv-base.ts'
export * from './conv1d.ts'
export * from './conv2d.ts'
export * from './conv2d-transpose.ts'
export * from './dense.ts'
export * from './depthwise-conv2d.ts'
export * from './dropout.ts'
export * from './einsum-dense.ts'
export * from './embedding.ts'
export * from './global-pooling.ts'
export * from './input-layer.ts'
export * from './lambda.ts'
export { Add, Average, Maximum, Merge, Minimum, Multiply, Subtract } from './merging.ts'
export * from './multi-head-attention.ts'
export * from './normalization.ts'
export * from './normalization-layers.ts'
export * from './pooling.ts'
export * from './random-color.ts'
export * from './random-geometry.ts'
export {
  RandomImageLayer,
  SamplingLayer,
  type Factor,
  type RandomImageOptions,
  type SamplingOptions,
} from './random-image.ts'
export * from './rescaling.ts'
export * from './reshaping.ts'
export { CenterCrop, type Interpolation, Resizing, type ResizingOptions, type SizeOptions } from './resizing.ts'
export * from './separable-conv2d.ts'
export * from './spatial.ts'
export * from './time-distributed.ts'
