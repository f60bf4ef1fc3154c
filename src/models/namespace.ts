// `models`, as `keras.models` has it: the classes, and what brings models back from files.
export { cloneModel, modelFromJSON } from './clone.ts'
export { Functional } from './functional.ts'
export { Model } from './model.ts'
export { loadModel, loadModel as load } from './saving.ts'
export { Sequential, sequential } from './sequential.ts'
