// Layers that stand in several places of a stored model (in two nested models, in a wrapper and beside it) and are one layer:
// Keras' ObjectSharingScope, which marks them with `shared_object_id`.
import type { Config, SerializedObject } from './config.ts'
import type { Layer } from './layer.ts'

/** Numbers of the layers of the model that is being written. */
let writing: Map<Layer, number> | null = null
/** Layers of the model that is being read, by the id in the file. */
let reading: Map<unknown, Layer> | null = null

type Dict = Record<string, unknown>

/** The stored form that `write` gives; a layer that stands in it more than once has the same `shared_object_id` everywhere. */
export function writeShared<T extends object>(write: () => T): T {
  if (writing !== null) return write()
  writing = new Map()
  try {
    const stored = write()
    const counts = new Map<unknown, number>()
    visitObjects(stored, (object) => {
      const id = object.shared_object_id
      if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1)
      return true
    })
    return withoutSingles(stored, counts) as T
  } finally {
    writing = null
  }
}

/** `{ shared_object_id }` for the stored form of a layer within `writeShared`, `{}` outside. */
export function sharedId(layer: Layer): { readonly shared_object_id?: number } {
  if (writing === null) return {}
  if (!writing.has(layer)) writing.set(layer, writing.size + 1)
  return { shared_object_id: writing.get(layer)! }
}

/** Runs `read` on a stored model so that objects of one `shared_object_id` become one layer. */
export function readShared<S extends object, T>(stored: S, read: (stored: S) => T): T {
  if (reading !== null) return read(stored)
  reading = new Map()
  try {
    return read(withFirstIds(stored))
  } finally {
    reading = null
  }
}

/** The layer that `make` gives, or the one that the file's id stands for already. */
export function sharedLayer(stored: SerializedObject, make: () => Layer): Layer {
  const id = stored.shared_object_id
  if (reading === null || id === undefined || id === null) return make()
  const known = reading.get(id)
  if (known !== undefined) return known
  const made = make()
  reading.set(id, made)
  return made
}

/**
 * Keras 3.15 copies the config of a functional model as soon as it is made, so that what is found to be shared later has an id from
 * its second place on only. The first place is the first equal layer (an id is given to none that was not seen before).
 */
function withFirstIds<S extends object>(stored: S): S {
  const classes = new Set<unknown>()
  visitObjects(stored, (object) => {
    if (object.shared_object_id !== undefined && isLayerLike(object)) classes.add(object.class_name)
    return true
  })
  if (classes.size === 0) return stored
  const copy = structuredClone(stored)
  const firsts = new Map<string, Dict>()
  const seen = new Set<unknown>()
  visitObjects(copy, (object) => {
    if (!classes.has(object.class_name) || !isLayerLike(object)) return true
    const id = object.shared_object_id
    // What is inside of a second place stands in the first one, too.
    if (id !== undefined && seen.has(id)) return false
    const text = JSON.stringify([object.class_name, object.config], (key, value: unknown) => (key === 'shared_object_id' ? undefined : value)) // prettier-ignore
    const first = firsts.get(text)
    if (first === undefined) firsts.set(text, object)
    if (id === undefined) return true
    seen.add(id)
    if (first === undefined || first.shared_object_id !== undefined) return true
    first.shared_object_id = id
    return false
  })
  return copy
}

/** Layers and models have names; initializers, regularizers and dtype policies, which Keras marks as well, hold no state. */
function isLayerLike({ class_name: className, config }: Dict): boolean {
  return className !== 'DTypePolicy' && isPlain(config) && typeof config.name === 'string'
}

function isPlain(value: unknown): value is Dict {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** Visits stored objects in the order of the file; `enter` tells whether to look inside. Compile arguments hold no layers. */
function visitObjects(value: unknown, enter: (object: Dict) => boolean): void {
  if (Array.isArray(value)) for (const item of value) visitObjects(item, enter)
  else if (isPlain(value)) {
    if (typeof value.class_name === 'string' && !enter(value)) return
    for (const [key, item] of Object.entries(value)) if (key !== 'compile_config') visitObjects(item, enter)
  }
}

function withoutSingles(value: unknown, counts: ReadonlyMap<unknown, number>): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutSingles(item, counts))
  if (!isPlain(value)) return value
  const config: Config = {}
  for (const [key, item] of Object.entries(value)) {
    if (key === 'shared_object_id' && counts.get(item) === 1) continue
    config[key] = withoutSingles(item, counts)
  }
  return config
}
