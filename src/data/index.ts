// Everything about getting data: pipelines, pictures, folders.
export { cacheFolder } from './cache-folder.ts'
export { AUTOTUNE, Dataset, INFINITE, UNKNOWN } from './dataset.ts'
export type { IterationOptions, Windowed } from './dataset.ts'
export { TensorSpec } from './element-spec.ts'
export type { ElementSpec } from './element-spec.ts'
export { imageKind } from './decode-image.ts'
export { download } from './download.ts'
export type { DownloadOptions, DownloadRecord } from './download.ts'
export type { DownloadProgress } from './download-progress.ts'
export type { DecodeOptions, ImageKind } from './decode-image.ts'
export type { JpegOptions } from './decode-jpeg.ts'
export {
  decodeBmp, decodeGif, decodeImage, decodeJpeg, decodePng, decodeWebp,
} from './image-tensors.ts' // prettier-ignore
export type { DecodeImageOptions } from './image-tensors.ts'
export { encodeBmp, encodeGif, encodeJpeg, encodePng, encodeWebp } from './encode-image.ts'
export type { EncodeJpegOptions, EncodePngOptions, EncodeWebpOptions } from './encode-image.ts'
export { ImageDataset, imageDatasetFromDirectory } from './image-directory.ts'
export type { ColorMode, ImageDirectoryOptions, LabelMode } from './image-directory.ts'
export { RandomState } from './random-state.ts'
export type { Channels } from './pixels.ts'
export type { Element, ElementLike, Padding } from './structure.ts'
