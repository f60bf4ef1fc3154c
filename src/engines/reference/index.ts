// The reference engine's public part.
export { createReferenceEngine } from './engine.ts'
export { evaluateInFloat64, evaluateNodes } from './evaluate.ts'
export { mapCoordinate } from './images.ts'
