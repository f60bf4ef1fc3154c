// ONNX files: graphs out, and what a file says about itself in.
export { compareBatches, fixedBatch, twoBatches } from './batch.ts'
export type { BatchDims } from './batch.ts'
export { graphToOnnx } from './convert.ts'
export type { ConvertOptions } from './convert.ts'
export { prepare } from './prepare.ts'
export type { PrepareOptions } from './prepare.ts'
export { decodeOnnx } from './reader.ts'
export type { OnnxFile, OnnxPort } from './reader.ts'
