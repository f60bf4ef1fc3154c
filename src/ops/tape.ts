// GradientTape: remembers what was read and made while it records, and gives gradients of it.
import { ArgumentError, problem } from '../errors.ts'
import type { Node } from '../graph/node.ts'
import { isClass, requireOptions } from '../platform/arguments.ts'
import { evaluateWithNextFlush } from './evaluate.ts'
import { gradientNodes, requireSource, requireTargets } from './gradient.ts'
import type { GradientSource } from './gradient.ts'
import { Tensor } from './tensor.ts'
import { inTrace, withRecorder } from './trace.ts'
import type { Recorder, TracedVariable } from './trace.ts'
import { Variable } from './variable.ts'

export interface GradientTapeOptions {
  /** Allows more than one call of `gradient`; default false. */
  persistent?: boolean
  /** Watches trainable Variables when they are read; default true. */
  watchAccessedVariables?: boolean
}

/** One gradient for each source, in the same structure. */
export type Gradients<S> = S extends readonly GradientSource[] ? { [K in keyof S]: Tensor | null } : Tensor | null

/**
 * Records computations for differentiation.
 *
 *     const tape = new GradientTape()
 *     const loss = tape.record(() => lossFunction.apply(y, model.apply(x, { training: true })))
 *     const gradients = tape.gradient(loss, model.trainableWeights)
 */
export class GradientTape {
  readonly #persistent: boolean
  readonly #watchAccessed: boolean
  /** Nodes of tensors as they were made: reading a tensor meanwhile replaces its own node. */
  #tensors = new WeakMap<object, Node>()
  /** Each watched tensor or Variable, and the nodes that stood for it. */
  #watched = new Map<object, Set<Node>>()
  #used = false

  constructor(options: GradientTapeOptions = {}) {
    const known = ['persistent', 'watchAccessedVariables']
    requireOptions('GradientTape', options, known, 'new GradientTape({ persistent: true })')
    this.#persistent = options.persistent ?? false
    this.#watchAccessed = options.watchAccessedVariables ?? true
  }

  /** Calls `fn`, which must be synchronous, and records what it does. Returns what it returns. May be called repeatedly. */
  record<T>(fn: () => T): T {
    if (typeof fn !== 'function' || isClass(fn)) {
      const expected = 'a function that computes, as record(() => loss)'
      throw new ArgumentError(problem({ where: 'GradientTape.record', expected, received: fn }))
    }
    const result = withRecorder(this.#recorder(), () => {
      this.#refresh()
      return fn()
    })
    this.#refresh()
    if (result instanceof Promise) {
      throw new ArgumentError(
        problem({
          where: 'GradientTape.record',
          expected: 'a synchronous function',
          received: 'one that returns a promise',
          hint: 'Read values after record()',
        }),
      )
    }
    return result
  }

  /** Watches a tensor (or a Variable that is not trainable), so that `gradient` knows it as a source. */
  watch(source: GradientSource): void {
    requireSource('GradientTape.watch', source)
    this.#note(source, source instanceof Variable ? source.currentNode() : source.node)
  }

  /**
   * Gradients of `target` with respect to `sources`, in the structure of `sources`. Several targets, and the elements of a
   * target that is no scalar, are summed. Null where a source is not watched or the target does not depend on it.
   * @throws ArgumentError at a second call, unless the tape is persistent; for a target that is not float32.
   */
  gradient<const S extends GradientSource | readonly GradientSource[]>(
    target: Tensor | readonly Tensor[],
    sources: S,
  ): Gradients<S> {
    if (this.#used && !this.#persistent) {
      throw new ArgumentError(
        problem({
          where: 'GradientTape.gradient',
          expected: 'one call for each tape',
          received: 'a second one',
          hint: 'Make the tape with { persistent: true }',
        }),
      )
    }
    const targets = requireTargets('GradientTape.gradient', target)
    const list: readonly GradientSource[] = isList(sources) ? sources : [sources]
    for (const source of list) requireSource('GradientTape.gradient', source)
    const nodes = gradientNodes(
      'GradientTape.gradient',
      targets.map((tensor) => this.#tensors.get(tensor) ?? tensor.node),
      list.map((source) => [...(this.#watched.get(source) ?? [])]),
    )
    this.#used = true
    if (!this.#persistent) {
      this.#tensors = new WeakMap()
      this.#watched = new Map()
    }
    if (!inTrace()) for (const tensor of targets) evaluateWithNextFlush(tensor)
    const results = nodes.map((node) => (node === null ? null : new Tensor(node)))
    return (isList(sources) ? results : results[0]!) as Gradients<S>
  }

  #recorder(): Recorder {
    return {
      noteTensor: (tensor, node) => this.#tensors.set(tensor, node),
      noteRead: (variable: TracedVariable, node) => {
        if ((this.#watchAccessed && variable.trainable) || this.#watched.has(variable)) this.#note(variable, node)
      },
    }
  }

  #note(source: object, node: Node): void {
    const nodes = this.#watched.get(source)
    if (nodes === undefined) this.#watched.set(source, new Set([node]))
    else nodes.add(node)
  }

  /** A watched tensor that was read has a new node since. */
  #refresh(): void {
    for (const [source, nodes] of this.#watched) if (source instanceof Tensor) nodes.add(source.node)
  }
}

function isList(sources: GradientSource | readonly GradientSource[]): sources is readonly GradientSource[] {
  return Array.isArray(sources)
}
