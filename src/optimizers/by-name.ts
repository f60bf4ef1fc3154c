// The table of optimizers by name, filled by registry.ts; apart from it, so that LossScaleOptimizer can store what it wraps.
import { ObjectRegistry } from '../initializers/objects.ts'
import type { Optimizer } from './optimizer.ts'

export const optimizersByName = new ObjectRegistry<Optimizer>('optimizers', 'keras.optimizers')
