// Layers: the base class, the built-in ones, and their makers.
import './builtin.ts'

export * from './classes.ts'
export * from './makers.ts'
export { enclosingTraining, withinCall, withinName } from './call-context.ts'
export { dtypeFromKeras, dtypePolicy, fromKeras, isSerializedObject, type SerializedObject, toKeras } from './config.ts'
export type { InputSpec } from './input-spec.ts'
export {
  type CallKwargs,
  type CallOptions,
  Layer,
  type LayerClass,
  type LayerOptions,
  type WeightOptions,
} from './layer.ts'
// `flatten` of nested.ts stays inside: that name is the layer's here.
export { isShape, type LayerShape, type Nested, type SymbolicShape } from './nested.ts'
export { layerClass, layerFromConfig, registerBuiltin, registerLayer, serializeLayer } from './registry.ts'
export {
  type History, type InboundNode, isSymbolic, isTensor, isTensorLeaf, type LayerValue, shapesOf, SymbolicTensor,
} from './symbolic.ts' // prettier-ignore
