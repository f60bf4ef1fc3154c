// What the goldens of weight lists say in words about freezing ("base frozen, its last BatchNormalization set trainable"), done to models.
import type { Layer } from '../../src/layers/index.ts'
import type { Model } from '../../src/models/index.ts'
import { isContainer, within } from './list-models.ts'
import type { GoldenLists } from './training-helpers.ts'

/** Models by the names that the case gives them, the outermost first. */
export type Models = ReadonlyMap<string, Model>

/** The model or layer of that name, for a case's own names and for those of the models. @throws Error if there is none. */
export function named(models: Models, name: string): Layer {
  const own = models.get(name)
  if (own !== undefined) return own
  const all = [...models.values()].flatMap((model) => [model, ...within(model)])
  const layer = all.find((one) => one.name === name)
  if (layer === undefined) throw new Error(`there is no model or layer "${name}"`)
  return layer
}

/** Brings the models, whatever state they are in, to the one in words; where the words are not understood, to that of the lists. */
export function bringTo(state: string, models: Models, lists: ReadonlyMap<string, GoldenLists>): void {
  for (const model of models.values()) model.trainable = true
  if (/^(as )?built\b/.test(state)) return
  const steps: (() => void)[] = []
  let target: Layer = [...models.values()][0]!
  for (const clause of state.split(/,|;|\band\b|\bthen\b|\bbut\b/)) {
    const match =
      /^(.*?) ?\b(?:is |set |made |kept )?(frozen|unfrozen|trainable|not trainable|non-trainable)( again)?$/.exec(
        clause.trim(),
      )
    const found = match === null ? null : targetsOf(match[1]!, target, models)
    if (found === null) return bringToLists(models, lists)
    if (found.length === 1 && isContainer(found[0])) target = found[0]
    const trainable = match![2] === 'unfrozen' || match![2] === 'trainable'
    steps.push(() => {
      for (const layer of found) layer.trainable = trainable
    })
  }
  for (const step of steps) step()
}

/** What "base", "first 3 layers of the base" or "its last BatchNormalization" are; null if that is not known. */
function targetsOf(words: string, before: Layer, models: Models): Layer[] | null {
  if (/^(all|everything|all layers)?$/.test(words)) return [[...models.values()][0]!]
  const lookUp = (name: string): Layer | null => {
    if (/^(it|its|it all)$/.test(name)) return before
    try {
      return named(models, name)
    } catch {
      return null
    }
  }
  const some = /^(?:the )?(first|last) (\d+) layers?(?: of (?:the )?(\S+))?$/.exec(words)
  if (some !== null) {
    const container = some[3] === undefined ? before : lookUp(some[3])
    if (container === null || !isContainer(container)) return null
    const count = Number(some[2])
    return some[1] === 'first' ? container.layers.slice(0, count) : container.layers.slice(-count)
  }
  const one = /^(?:(?:its|the) )?(first|last) ([A-Za-z]\w*)(?: of (?:the )?(\S+))?$/.exec(words)
  if (one !== null) {
    const container = one[3] === undefined ? before : lookUp(one[3])
    if (container === null || !isContainer(container)) return null
    const candidates =
      one[2] === 'layer' ? container.layers : container.layers.filter((layer) => layer.className === one[2])
    const layer = one[1] === 'first' ? candidates[0] : candidates.at(-1)
    return layer === undefined ? null : [layer]
  }
  const all = /^(?:all|every) ([A-Z]\w*)(?: layers?)?(?: of (?:the )?(\S+))?$/.exec(words)
  if (all !== null) {
    const container = all[2] === undefined ? before : lookUp(all[2])
    if (container === null || !isContainer(container)) return null
    return within(container as Model).filter((layer) => layer.className === all[1])
  }
  const single = lookUp(words.replace(/^the /, ''))
  return single === null ? null : [single]
}

/** Freezes the models whose lists have nothing to train, and the layers none of whose weights the outermost list trains. */
function bringToLists(models: Models, lists: ReadonlyMap<string, GoldenLists>): void {
  for (const [name, model] of models) if (lists.get(name)?.trainable_weights.length === 0) model.trainable = false
  const [[outermost, model]] = [...models] as [[string, Model]]
  const trained = lists.get(outermost)
  if (trained === undefined) throw new Error(`no lists of ${outermost}`)
  for (const layer of within(model)) {
    if (isContainer(layer) || layer.weights.length === 0) continue
    layer.trainable = layer.weights.some(({ path }) => trained.trainable_weights.includes(path))
  }
}
