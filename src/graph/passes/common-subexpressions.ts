// Common subexpressions: nodes that compute the same from the same are made one.
import type { Graph, Node } from '../node.ts'
import { graphOf, withInputs } from '../node.ts'
import type { PrimitiveName } from '../primitives.ts'
import type { TypedArray } from '../types.ts'

/** Exactly commutative also in floating point. Not maximum and minimum: they differ in which NaN or zero they return. */
const commutative: ReadonlySet<PrimitiveName> = new Set(['add', 'mul', 'equal', 'notEqual', 'and', 'or'] as const)

/** Merges nodes with one primitive, equal attributes and the same inputs; constants by content. Random numbers too: they are pure. */
export function mergeCommonSubexpressions(graph: Graph): Graph {
  const ids = new Map<Node, number>()
  const byKey = new Map<string, Node>()
  const constants = new Map<string, Node<'constant'>[]>()
  const replaced = new Map<Node, Node>()
  for (const node of graph.nodes) {
    const merged = merge(node)
    replaced.set(node, merged)
    if (!ids.has(merged)) ids.set(merged, ids.size)
  }
  return graphOf(
    graph.inputs,
    graph.outputs.map((output) => replaced.get(output)!),
  )

  function merge(node: Node): Node {
    if (node.op === 'input') return node
    if (node.op === 'constant') return mergeConstant(node as Node<'constant'>)
    const inputs = node.inputs.map((input) => replaced.get(input)!)
    const numbers = inputs.map((input) => ids.get(input)!)
    if (commutative.has(node.op)) numbers.sort((a, b) => a - b)
    const key = `${node.op}(${numbers.join()})${attributesKey(node.attrs)}`
    const known = byKey.get(key)
    if (known !== undefined) return known
    const rebuilt = withInputs(node, inputs)
    byKey.set(key, rebuilt)
    return rebuilt
  }

  function mergeConstant(node: Node<'constant'>): Node {
    const { data, shape, dtype } = node.attrs
    // The middle element tells large weights apart, which often begin alike.
    const key = `${dtype}(${shape.join()})${data[0]},${data[data.length >> 1]}`
    const bucket = constants.get(key)
    if (bucket === undefined) {
      constants.set(key, [node])
      return node
    }
    const known = bucket.find((other) => sameData(other.attrs.data, data))
    if (known === undefined) bucket.push(node)
    return known ?? node
  }
}

/** Equal to the bit, so that NaN equals itself and 0 differs from -0. */
function sameData(a: TypedArray, b: TypedArray): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => Object.is(value, b[i])))
}

const objectNumbers = new WeakMap<object, number>()
let objectCount = 0

/** Attributes as text that is equal exactly if they are. Bodies of fused nodes count by identity. */
export function attributesKey(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null || typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${value.map(attributesKey).join()}]`
  if (Object.getPrototypeOf(value) !== Object.prototype) return identity(value)
  const entries = Object.entries(value)
  if (entries.length === 0) return ''
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${key}:${attributesKey(inner)}`).join()}}`
}

function identity(value: object): string {
  let number = objectNumbers.get(value)
  if (number === undefined) objectNumbers.set(value, (number = objectCount++))
  return `#${number}`
}
