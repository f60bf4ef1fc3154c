// Registers every layer of the library under its Keras name, so that stored models can be read.
import { Activation, ELU, LeakyReLU, PReLU, ReLU, Softmax } from './activation-layers.ts'
import { BatchNormalization } from './batch-normalization.ts'
import { CategoryEncoding } from './category-encoding.ts'
import { Concatenate, Dot } from './concatenate.ts'
import { Conv1D } from './conv1d.ts'
import { Conv2DTranspose } from './conv2d-transpose.ts'
import { Conv2D } from './conv2d.ts'
import { Dense } from './dense.ts'
import { DepthwiseConv2D } from './depthwise-conv2d.ts'
import { Dropout, GaussianDropout, GaussianNoise, SpatialDropout1D, SpatialDropout2D } from './dropout.ts'
import { EinsumDense } from './einsum-dense.ts'
import { Embedding } from './embedding.ts'
import {
  GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalMaxPooling1D, GlobalMaxPooling2D,
} from './global-pooling.ts' // prettier-ignore
import { InputLayer } from './input-layer.ts'
import { Lambda } from './lambda.ts'
import type { LayerClass } from './layer.ts'
import { Add, Average, Maximum, Minimum, Multiply, Subtract } from './merging.ts'
import { MultiHeadAttention } from './multi-head-attention.ts'
import { GroupNormalization, LayerNormalization, UnitNormalization } from './normalization-layers.ts'
import { Normalization } from './normalization.ts'
import { AveragePooling1D, AveragePooling2D, MaxPooling1D, MaxPooling2D } from './pooling.ts'
import { RandomBrightness, RandomContrast } from './random-color.ts'
import { RandomCrop, RandomFlip, RandomRotation, RandomTranslation, RandomZoom } from './random-geometry.ts'
import { registerBuiltin } from './registry.ts'
import { Rescaling } from './rescaling.ts'
import { Flatten, Identity, Permute, RepeatVector, Reshape } from './reshaping.ts'
import { CenterCrop, Resizing } from './resizing.ts'
import { SeparableConv2D } from './separable-conv2d.ts'
import { Cropping2D, UpSampling2D, ZeroPadding2D } from './spatial.ts'
import { TimeDistributed } from './time-distributed.ts'

/** Every layer class of the library. */
export const builtinLayers = [
  Activation, Add, Average, AveragePooling1D, AveragePooling2D, BatchNormalization, CategoryEncoding, CenterCrop, Concatenate,
  Conv1D, Conv2D, Conv2DTranspose, Cropping2D, Dense, DepthwiseConv2D, Dot, Dropout, EinsumDense, ELU, Embedding, Flatten,
  GaussianDropout, GaussianNoise, GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalMaxPooling1D, GlobalMaxPooling2D,
  GroupNormalization, Identity, InputLayer, Lambda, LayerNormalization, LeakyReLU, Maximum, MaxPooling1D, MaxPooling2D, Minimum,
  MultiHeadAttention, Multiply, Normalization, Permute, PReLU, RandomBrightness, RandomContrast, RandomCrop, RandomFlip,
  RandomRotation, RandomTranslation, RandomZoom, ReLU, RepeatVector, Rescaling, Reshape, Resizing, SeparableConv2D, Softmax,
  SpatialDropout1D, SpatialDropout2D, Subtract, TimeDistributed, UnitNormalization, UpSampling2D, ZeroPadding2D,
] satisfies readonly LayerClass[] // prettier-ignore

for (const cls of builtinLayers) registerBuiltin(cls)
