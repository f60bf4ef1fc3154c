// What compile freezes: which variables are trained, and which layers count as trainable.
import type { Layer } from '../../layers/layer.ts'
import type { Variable } from '../../ops/index.ts'

/** A picture of all `trainable` flags of a model. */
export class TrainableSnapshot {
  /** The variables that are trained. */
  readonly variables: readonly Variable[]
  readonly #model: Layer
  readonly flags: Flags

  constructor(model: Layer) {
    this.#model = model
    this.variables = model.trainableVariables
    this.flags = readFlags(model)
  }

  /** True if a flag that matters has changed since. */
  isStale(): boolean {
    const now = this.#model.trainableVariables
    if (now.length !== this.variables.length || now.some((variable, i) => variable !== this.variables[i])) return true
    // A frozen BatchNormalization acts differently even where it has nothing to train.
    return this.flags.layers.some(([layer, flag]) => layer.trainable !== flag && layer.weights.length > 0)
  }

  /** Runs `body` (synchronously) with the flags of the picture. */
  during<R>(body: () => R): R {
    if (!this.isStale()) return body()
    const now = readFlags(this.#model)
    writeFlags(this.flags)
    try {
      return body()
    } finally {
      writeFlags(now)
    }
  }
}

/** Every `trainable` of a model. */
export interface Flags {
  /** Layers, each after all that contain it, because setting a flag sets those inside. */
  readonly layers: readonly (readonly [Layer, boolean])[]
  readonly variables: readonly (readonly [Variable, boolean])[]
}

export function readFlags(model: Layer): Flags {
  return {
    layers: outsideIn(model).map((layer) => [layer, layer.trainable] as const),
    variables: model.variables.map((variable) => [variable, variable.trainable] as const),
  }
}

export function writeFlags({ layers, variables }: Flags): void {
  for (const [layer, flag] of layers) layer.trainable = flag
  for (const [variable, flag] of variables) variable.trainable = flag
}

/** The model and everything in it, containers first (a layer may be in several). */
export function outsideIn(model: Layer): Layer[] {
  const order: Layer[] = []
  const seen = new Set<Layer>()
  const visit = (layer: Layer): void => {
    if (seen.has(layer)) return
    seen.add(layer)
    for (const inner of [...layer.directLayers()].reverse()) visit(inner)
    order.push(layer)
  }
  visit(model)
  return order.reverse()
}
