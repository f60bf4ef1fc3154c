// Keras' utilities: what `utils.*` gives.
export { arrayToImg, imgToArray, loadImg, saveImg } from './image-utils.ts'
export type { LoadImgOptions, SaveImgOptions } from './image-utils.ts'
export { normalize, toCategorical } from '../ops/numerical-utils.ts'
