// Pretrained image models.
export { efficientNetLite0, efficientNetLite0Weights } from './efficientnet-lite.ts'
export type { ApplicationOptions } from './options.ts'
export type { WeightsRecord } from './weights.ts'
export { xception } from './xception.ts'
