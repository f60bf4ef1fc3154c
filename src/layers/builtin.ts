// Registers every layer of the library under its Keras name, so that stored models can be read.
import { Activation, ELU, LeakyReLU, PReLU, ReLU, Softmax } from './activation-layers.ts'
import { AugMix } from './aug-mix.ts'
import { ActivityRegularization } from './activity-regularization.ts'
import {
  AdaptiveAveragePooling1D, AdaptiveAveragePooling2D, AdaptiveMaxPooling1D, AdaptiveMaxPooling2D,
} from './adaptive-pooling.ts' // prettier-ignore
import { AdditiveAttention, Attention } from './attention.ts'
import { BatchNormalization } from './batch-normalization.ts'
import { CategoryEncoding } from './category-encoding.ts'
import { ContrastLimitedAdaptiveHistogramEqualization } from './clahe.ts'
import { Concatenate, Dot } from './concatenate.ts'
import { Conv1DTranspose, Conv2DTranspose } from './conv-transpose.ts'
import { Conv1D } from './conv1d.ts'
import { Conv2D } from './conv2d.ts'
import { Dense } from './dense.ts'
import { DepthwiseConv1D, DepthwiseConv2D } from './depthwise-conv.ts'
import { AlphaDropout, Dropout, GaussianDropout, GaussianNoise, SpatialDropout1D, SpatialDropout2D } from './dropout.ts'
import { EinsumDense } from './einsum-dense.ts'
import { Embedding } from './embedding.ts'
import { AutoContrast, Equalization } from './equalization.ts'
import {
  GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalMaxPooling1D, GlobalMaxPooling2D,
} from './global-pooling.ts' // prettier-ignore
import { GroupQueryAttention } from './grouped-query-attention.ts'
import { InputLayer } from './input-layer.ts'
import { Lambda } from './lambda.ts'
import type { LayerClass } from './layer.ts'
import { Add, Average, Maximum, Minimum, Multiply, Subtract } from './merging.ts'
import { CutMix, MixUp } from './mix-up.ts'
import { MultiHeadAttention } from './multi-head-attention.ts'
import { GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization } from './normalization-layers.ts'
import { Normalization } from './normalization.ts'
import { Pipeline } from './pipeline.ts'
import { AveragePooling1D, AveragePooling2D, MaxPooling1D, MaxPooling2D } from './pooling.ts'
import { RandAugment } from './rand-augment.ts'
import { RandomBrightness, RandomContrast } from './random-color.ts'
import { RandomColorJitter } from './random-color-jitter.ts'
import { RandomElasticTransform } from './random-elastic-transform.ts'
import { RandomErasing } from './random-erasing.ts'
import { RandomCrop, RandomFlip, RandomRotation, RandomTranslation, RandomZoom } from './random-geometry.ts'
import { RandomColorDegeneration, RandomGrayscale } from './random-grayscale.ts'
import { RandomHue, RandomSaturation } from './random-hue.ts'
import { RandomInvert, RandomPosterization, Solarization } from './random-levels.ts'
import { RandomPerspective } from './random-perspective.ts'
import { RandomGaussianBlur, RandomSharpness } from './random-sharpness.ts'
import { RandomShear } from './random-shear.ts'
import { registerBuiltin } from './registry.ts'
import { Rescaling } from './rescaling.ts'
import { Flatten, Identity, Permute, RepeatVector, Reshape } from './reshaping.ts'
import { CenterCrop, Resizing } from './resizing.ts'
import { SeparableConv1D, SeparableConv2D } from './separable-conv.ts'
import { Cropping1D, UpSampling1D, ZeroPadding1D } from './sequence-shapes.ts'
import { Cropping2D, UpSampling2D, ZeroPadding2D } from './spatial.ts'
import { SpectralNormalization } from './spectral-normalization.ts'
import { TimeDistributed } from './time-distributed.ts'

/** Every layer class of the library. */
export const builtinLayers = [
  Activation, ActivityRegularization, AdaptiveAveragePooling1D, AdaptiveAveragePooling2D, AdaptiveMaxPooling1D,
  AdaptiveMaxPooling2D, Add, AdditiveAttention, AlphaDropout, Attention, AugMix, AutoContrast, Average,
  AveragePooling1D, AveragePooling2D, BatchNormalization, CategoryEncoding, CenterCrop, Concatenate,
  ContrastLimitedAdaptiveHistogramEqualization, Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose, Cropping1D,
  Cropping2D, CutMix, Dense, DepthwiseConv1D, DepthwiseConv2D, Dot, Dropout, EinsumDense, ELU, Embedding, Equalization,
  Flatten, GaussianDropout, GaussianNoise, GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalMaxPooling1D,
  GlobalMaxPooling2D, GroupNormalization, GroupQueryAttention, Identity, InputLayer, Lambda, LayerNormalization,
  LeakyReLU, Maximum, MaxPooling1D, MaxPooling2D, Minimum, MixUp, MultiHeadAttention, Multiply, Normalization, Permute,
  Pipeline, PReLU, RandAugment, RandomBrightness, RandomColorDegeneration, RandomColorJitter, RandomContrast,
  RandomCrop, RandomElasticTransform, RandomErasing, RandomFlip, RandomGaussianBlur, RandomGrayscale, RandomHue,
  RandomInvert, RandomPerspective, RandomPosterization, RandomRotation, RandomSaturation, RandomSharpness, RandomShear,
  RandomTranslation, RandomZoom, ReLU, RepeatVector, Rescaling, Reshape, Resizing, RMSNormalization, SeparableConv1D,
  SeparableConv2D, Softmax, Solarization, SpatialDropout1D, SpatialDropout2D, SpectralNormalization, Subtract,
  TimeDistributed, UnitNormalization, UpSampling1D, UpSampling2D, ZeroPadding1D, ZeroPadding2D,
] satisfies readonly LayerClass[] // prettier-ignore

for (const cls of builtinLayers) registerBuiltin(cls)
