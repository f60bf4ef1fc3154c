// `datasets`: known data sets by name, sets in folders, and sets of one's own.
export type { BuildContext, DatasetDefinition } from './definition.ts'
export { classLabel, image, tensorFeature, text } from './features.ts'
export type { Example, ExampleValue, Features, FeatureSpec } from './features.ts'
export { register } from './known.ts'
export { KnownDataset, list, load, loadFromDirectory, loadFromNpz } from './load.ts'
export type { LoadOptions } from './load.ts'
export type { NpzSetOptions } from './npz-set.ts'
export type { DatasetInfo } from './source.ts'
