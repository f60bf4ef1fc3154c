// Gradients of a case: the graph that computes them, and differences in float64 to judge them by.
import { evaluateInFloat64 } from '../../src/engines/reference/index.ts'
import { makeNode } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import { generator, random } from './case.ts'
import type { Tensor } from './case.ts'

/** A scalar that depends on every element of every float32 output: sum(output * R). Null if there is no such output. */
export function lossOf(outputs: readonly Node[]): Node | null {
  const terms = outputs
    .filter(({ dtype }) => dtype === 'float32')
    .map((output, i) => {
      const { data } = random(output.shape, 77 + i)
      const weights = makeNode('constant', [], { data, shape: output.shape, dtype: 'float32' })
      const product = makeNode('mul', [output, weights], {})
      return makeNode('reduceSum', [product], { axes: output.shape.map((_, axis) => axis), keepDims: false })
    })
  return terms.length === 0 ? null : (terms as Node[]).reduce((a, b) => makeNode('add', [a, b], {}))
}

const step = 1e-5

export class Differences {
  readonly #loss: Node
  readonly #leaves: readonly Node[]
  readonly #values: readonly Float64Array[]

  constructor(loss: Node, leaves: readonly Node[], inputs: readonly Tensor[]) {
    this.#loss = loss
    this.#leaves = leaves
    this.#values = inputs.map(({ data }) => Float64Array.from(data))
  }

  /** (loss(x + h d) - loss(x - h d)) / 2h for a direction of input `index`. */
  along(index: number, direction: ArrayLike<number>): number {
    const at = (sign: number): number => {
      const moved = this.#values.map((value, i) =>
        i === index ? value.map((x, k) => x + sign * step * direction[k]!) : value,
      )
      const known = new Map(this.#leaves.map((leaf, i) => [leaf, moved[i]!]))
      return evaluateInFloat64([this.#loss], known)[0]![0]!
    }
    return (at(1) - at(-1)) / (2 * step)
  }

  /** Nodes' values in float64 at the inputs themselves. */
  values(nodes: readonly Node[]): Float64Array[] {
    return evaluateInFloat64(nodes, new Map(this.#leaves.map((leaf, i) => [leaf, this.#values[i]!])))
  }
}

/** Directions to look in: a random one through all elements, and a few single elements. */
export function directions(count: number, seed: number, singles = 6): Float64Array[] {
  if (count === 0) return []
  const next = generator(seed)
  const everywhere = Float64Array.from({ length: count }, () => 2 * next() - 1)
  const picked = Array.from({ length: Math.min(singles, count) }, () => {
    const unit = new Float64Array(count)
    unit[Math.floor(next() * count)] = 1
    return unit
  })
  return [everywhere, ...picked]
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
