// Functions on pictures, as in tf.image and keras.ops.image: what `image.*` gives.
export { affineTransform, resize } from './image.ts'
export { cropToAspectRatio, padToAspectRatio, smartResize } from './aspect-ratio.ts'
export { hsvToRgb, rgbToHsv } from './color.ts'
export {
  adjustBrightness, adjustContrast, adjustGamma, adjustHue, adjustSaturation, convertImageDtype, grayscaleToRgb,
  perImageStandardization, rgbToGrayscale,
} from './image-adjust.ts' // prettier-ignore
export {
  centralCrop, cropToBoundingBox, extractPatches, flipLeftRight, flipUpDown, padToBoundingBox, resizeWithCropOrPad,
  resizeWithPad, rot90, transpose,
} from './image-geometry.ts' // prettier-ignore
export type { PatchOptions } from './image-geometry.ts'
