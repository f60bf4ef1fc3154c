// Pictures for people: what models look like, and what data look like.
export { ImageGrid, imageGrid } from './image-grid.ts'
export type { ImageGridOptions } from './image-grid.ts'
