// Lower-case makers: `layers.dense({ units: 3 })` is `new Dense({ units: 3 })`.
import { namesOnSuccess } from '../ops/naming.ts'
import * as L from './classes.ts'
import { checkArguments, locateProblem } from './maker-checks.ts'

/**
 * A function that makes a layer from the constructor's options, which it checks for JavaScript's sake. `alone` are the types
 * of what may be given instead of an object of options. What fails uses up no automatic names.
 */
function maker<A extends unknown[], T>(
  cls: (new (...options: A) => T) & { readonly className: string },
  ...alone: readonly string[]
): (...options: A) => T {
  const where = `layers.${cls.className[0]!.toLowerCase()}${cls.className.slice(1)}`
  return (...given) => {
    checkArguments(where, cls.className, given, alone)
    return namesOnSuccess(() =>
      locateProblem(where, given[0], () => new (cls as unknown as new (options: unknown) => T)(given[0] ?? {})),
    )
  }
}

export const activation = maker(L.Activation, 'string', 'function')
export const activityRegularization = maker(L.ActivityRegularization)
export const adaptiveAveragePooling1D = maker(L.AdaptiveAveragePooling1D)
export const adaptiveAveragePooling2D = maker(L.AdaptiveAveragePooling2D)
export const adaptiveMaxPooling1D = maker(L.AdaptiveMaxPooling1D)
export const adaptiveMaxPooling2D = maker(L.AdaptiveMaxPooling2D)
export const add = maker(L.Add)
export const augMix = maker(L.AugMix)
export const autoContrast = maker(L.AutoContrast)
export const additiveAttention = maker(L.AdditiveAttention)
export const alphaDropout = maker(L.AlphaDropout)
export const attention = maker(L.Attention)
export const average = maker(L.Average)
export const averagePooling1D = maker(L.AveragePooling1D)
export const averagePooling2D = maker(L.AveragePooling2D)
export const batchNormalization = maker(L.BatchNormalization)
export const categoryEncoding = maker(L.CategoryEncoding)
export const centerCrop = maker(L.CenterCrop)
export const concatenate = maker(L.Concatenate)
export const contrastLimitedAdaptiveHistogramEqualization = maker(L.ContrastLimitedAdaptiveHistogramEqualization)
export const conv1D = maker(L.Conv1D)
export const conv1DTranspose = maker(L.Conv1DTranspose)
export const conv2D = maker(L.Conv2D)
export const conv2DTranspose = maker(L.Conv2DTranspose)
export const cropping1D = maker(L.Cropping1D)
export const cropping2D = maker(L.Cropping2D)
export const cutMix = maker(L.CutMix, 'number')
export const dense = maker(L.Dense)
export const depthwiseConv1D = maker(L.DepthwiseConv1D)
export const depthwiseConv2D = maker(L.DepthwiseConv2D)
export const dot = maker(L.Dot)
export const dropout = maker(L.Dropout)
export const einsumDense = maker(L.EinsumDense)
export const eLU = maker(L.ELU)
export const embedding = maker(L.Embedding)
export const equalization = maker(L.Equalization)
export const flatten = maker(L.Flatten)
export const gaussianDropout = maker(L.GaussianDropout)
export const gaussianNoise = maker(L.GaussianNoise)
export const globalAveragePooling1D = maker(L.GlobalAveragePooling1D)
export const globalAveragePooling2D = maker(L.GlobalAveragePooling2D)
export const globalMaxPooling1D = maker(L.GlobalMaxPooling1D)
export const globalMaxPooling2D = maker(L.GlobalMaxPooling2D)
export const groupNormalization = maker(L.GroupNormalization)
export const groupQueryAttention = maker(L.GroupQueryAttention)
export const identity = maker(L.Identity)
export const lambda = maker(L.Lambda, 'function')
export const layerNormalization = maker(L.LayerNormalization)
export const leakyReLU = maker(L.LeakyReLU)
export const maximum = maker(L.Maximum)
export const maxPooling1D = maker(L.MaxPooling1D)
export const maxPooling2D = maker(L.MaxPooling2D)
export const minimum = maker(L.Minimum)
export const mixUp = maker(L.MixUp, 'number')
export const multiHeadAttention = maker(L.MultiHeadAttention)
export const multiply = maker(L.Multiply)
export const normalization = maker(L.Normalization)
export const permute = maker(L.Permute)
export const pipeline = maker(L.Pipeline)
export const pReLU = maker(L.PReLU)
export const randAugment = maker(L.RandAugment)
export const randomBrightness = maker(L.RandomBrightness, 'number')
export const randomColorDegeneration = maker(L.RandomColorDegeneration, 'number')
export const randomColorJitter = maker(L.RandomColorJitter)
export const randomContrast = maker(L.RandomContrast, 'number')
export const randomCrop = maker(L.RandomCrop)
export const randomElasticTransform = maker(L.RandomElasticTransform)
export const randomErasing = maker(L.RandomErasing)
export const randomFlip = maker(L.RandomFlip, 'string')
export const randomGaussianBlur = maker(L.RandomGaussianBlur)
export const randomGrayscale = maker(L.RandomGrayscale, 'number')
export const randomHue = maker(L.RandomHue, 'number')
export const randomInvert = maker(L.RandomInvert, 'number')
export const randomPerspective = maker(L.RandomPerspective)
export const randomPosterization = maker(L.RandomPosterization, 'number')
export const randomRotation = maker(L.RandomRotation, 'number')
export const randomSaturation = maker(L.RandomSaturation, 'number')
export const randomSharpness = maker(L.RandomSharpness, 'number')
export const randomShear = maker(L.RandomShear)
export const randomTranslation = maker(L.RandomTranslation)
export const randomZoom = maker(L.RandomZoom)
export const reLU = maker(L.ReLU)
export const repeatVector = maker(L.RepeatVector)
export const rescaling = maker(L.Rescaling)
export const reshape = maker(L.Reshape)
export const resizing = maker(L.Resizing)
export const rMSNormalization = maker(L.RMSNormalization)
export const separableConv1D = maker(L.SeparableConv1D)
export const separableConv2D = maker(L.SeparableConv2D)
export const softmax = maker(L.Softmax)
export const solarization = maker(L.Solarization)
export const spatialDropout1D = maker(L.SpatialDropout1D)
export const spatialDropout2D = maker(L.SpatialDropout2D)
export const spectralNormalization = maker(L.SpectralNormalization)
export const subtract = maker(L.Subtract)
export const timeDistributed = maker(L.TimeDistributed)
export const unitNormalization = maker(L.UnitNormalization)
export const upSampling1D = maker(L.UpSampling1D)
export const upSampling2D = maker(L.UpSampling2D)
export const zeroPadding1D = maker(L.ZeroPadding1D)
export const zeroPadding2D = maker(L.ZeroPadding2D)

export {
  averagePooling1D as avgPool1D,
  averagePooling2D as avgPool2D,
  globalAveragePooling2D as globalAvgPool2D,
  globalMaxPooling2D as globalMaxPool2D,
  maxPooling1D as maxPool1D,
  maxPooling2D as maxPool2D,
}
