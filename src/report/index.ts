// Pictures for people: what models look like, and what data look like.
export { ImageGrid, imageGrid } from './image-grid.ts'
export type { ImageGridOptions } from './image-grid.ts'
export { modelToDot } from './model-dot.ts'
export type { ModelToDotOptions } from './model-dot.ts'
export { plotModel } from './plot-model.ts'
export type { PlotModelOptions } from './plot-model.ts'
export { Svg } from './svg.ts'
