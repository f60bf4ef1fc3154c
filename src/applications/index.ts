// Pretrained image models: one function each, with what belongs to the model beside it.
export type { Application, ApplicationInfo } from './application.ts'
export { convNeXtBase, convNeXtLarge, convNeXtSmall, convNeXtTiny, convNeXtXLarge } from './convnext.ts'
export type { ConvNeXtOptions } from './convnext.ts'
export { CustomScaleLayer } from './custom-scale-layer.ts'
export { denseNet121, denseNet169, denseNet201 } from './densenet.ts'
export { efficientNetLite0, efficientNetLite0Weights } from './efficientnet-lite.ts'
export {
  efficientNetV2B0, efficientNetV2B1, efficientNetV2B2, efficientNetV2B3, efficientNetV2L, efficientNetV2M, efficientNetV2S,
} from './efficientnet-v2.ts' // prettier-ignore
export type { EfficientNetV2Options } from './efficientnet-v2.ts'
export {
  efficientNetB0, efficientNetB1, efficientNetB2, efficientNetB3, efficientNetB4, efficientNetB5, efficientNetB6,
  efficientNetB7,
} from './efficientnet.ts' // prettier-ignore
export { decodePredictions } from './imagenet.ts'
export type { ClassIndex, DecodeOptions, Prediction } from './imagenet.ts'
export { inceptionResNetV2 } from './inception-resnet-v2.ts'
export { inceptionV3 } from './inception-v3.ts'
export { LayerScale } from './layer-scale.ts'
export { list } from './list.ts'
export type { ListedApplication } from './list.ts'
export { mobileNetV2 } from './mobilenet-v2.ts'
export type { MobileNetV2Options } from './mobilenet-v2.ts'
export { mobileNetV3Large, mobileNetV3Small } from './mobilenet-v3.ts'
export type { MobileNetV3Options } from './mobilenet-v3.ts'
export { mobileNet } from './mobilenet.ts'
export type { MobileNetOptions } from './mobilenet.ts'
export { nasNetLarge, nasNetMobile } from './nasnet.ts'
export type { ApplicationOptions } from './options.ts'
export type { PreprocessingMode } from './preprocess.ts'
export { resNet101, resNet101V2, resNet152, resNet152V2, resNet50, resNet50V2 } from './resnet.ts'
export { vgg16, vgg19 } from './vgg.ts'
export type { EmbeddedWeights, RemoteWeights, WeightsRecord } from './weights.ts'
export { xception } from './xception.ts'
