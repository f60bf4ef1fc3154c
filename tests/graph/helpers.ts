// Leaves, deterministic data and evaluation for the tests of graphs.
import { expect } from 'vitest'
import { evaluateInFloat64, evaluateNodes } from '../../src/engines/reference/index.ts'
import { graphOf, makeNode, withInputs } from '../../src/graph/node.ts'
import type { Graph, Node } from '../../src/graph/node.ts'
import { philoxUniform } from '../../src/graph/philox.ts'
import type { ConvAttrs, Epilogue } from '../../src/graph/primitives.ts'
import { sizeOf } from '../../src/graph/types.ts'
import type { DType, Shape, TypedArray } from '../../src/graph/types.ts'

export function leaf(shape: Shape, dtype: DType = 'float32', name = 'x'): Node<'input'> {
  return makeNode('input', [], { name, shape, dtype })
}

export function constant(values: readonly number[], shape: Shape = [values.length], dtype: DType = 'float32'): Node {
  const data =
    dtype === 'float32'
      ? Float32Array.from(values)
      : dtype === 'int32'
        ? Int32Array.from(values)
        : Uint8Array.from(values)
  return makeNode('constant', [], { data, shape, dtype })
}

/** Numbers in [low, high), different for each seed. */
export function numbers(count: number, seed = 1, low = -1, high = 1): Float64Array {
  const uniform = new Float32Array(count)
  philoxUniform(seed, 77, uniform)
  return Float64Array.from(uniform, (u) => low + (high - low) * u)
}

/** Data for every input of a graph: float32 in [low, high), int32 and uint8 in 0..3, bool 0 or 1. */
export function feed(inputs: readonly Node[], seed = 1, low = -1, high = 1): Map<Node, Float64Array> {
  return new Map(
    inputs.map((input, i) => {
      const raw = numbers(sizeOf(input.shape), seed + i, 0, 1)
      if (input.dtype === 'float32') return [input, raw.map((u) => low + (high - low) * u)]
      return [input, raw.map((u) => Math.floor(u * (input.dtype === 'bool' ? 2 : 4)))]
    }),
  )
}

export function evaluate(graph: Graph, values: ReadonlyMap<Node, Float64Array>): Float64Array[] {
  return evaluateInFloat64(graph.outputs, values)
}

/** Graph over the given inputs. */
export function graph(inputs: readonly Node<'input'>[], ...outputs: Node[]): Graph {
  return graphOf(inputs, outputs)
}

export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-9): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!]
    if (Object.is(a, e) || a === e) continue
    const difference = Math.abs(a - e) / Math.max(1, Math.abs(e))
    if (!(difference <= tolerance)) expect.fail(`element ${i}: ${a} instead of ${e}`)
  }
}

/** Both graphs give the same values, of the same types, for the same data. */
export function expectSameValues(before: Graph, after: Graph, seed = 1, low = -1, high = 1): void {
  const typesOf = (g: Graph) => g.outputs.map(({ shape, dtype }) => ({ shape, dtype }))
  expect(typesOf(after)).toEqual(typesOf(before))
  expect(after.inputs).toEqual(before.inputs)
  const values = feed(before.inputs, seed, low, high)
  const expected = evaluate(before, values)
  evaluate(after, values).forEach((actual, i) => expectClose(actual, expected[i]!))
}

/** Both graphs give the same float32 values, to the bit but for the sign of zeros. */
export function expectSameFloats(before: Graph, after: Graph, seed = 1): void {
  const values = feed(before.inputs, seed)
  const expected = evaluateInFloat32(before, values)
  evaluateInFloat32(after, values).forEach((actual, i) => expectClose(actual, expected[i]!, 0))
}

function evaluateInFloat32(g: Graph, values: ReadonlyMap<Node, Float64Array>): TypedArray[] {
  const replaced = new Map<Node, Node>()
  for (const node of [...g.inputs, ...g.nodes]) {
    const data = values.get(node)
    if (data !== undefined) replaced.set(node, constant([...data], node.shape, node.dtype))
    else replaced.set(node, withInputs(node, node.inputs.map((input) => replaced.get(input)!))) // prettier-ignore
  }
  return evaluateNodes(g.outputs.map((output) => replaced.get(output)!))
}

export function opsOf(g: Graph): string[] {
  return g.nodes.map((node) => node.op)
}
export function count(g: Graph, op: string): number {
  return g.nodes.filter((node) => node.op === op).length
}

export function conv(
  inputs: readonly Node[],
  options: Partial<ConvAttrs> & { epilogue?: Epilogue | null } = {},
): Node<'conv'> {
  return makeNode('conv', inputs, { ...unitConv, epilogue: null, ...options })
}
export const unitConv: ConvAttrs = {
  strides: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
  dilation: [1, 1],
  groups: 1,
}

/** Every node stands after its inputs. */
export function expectOrdered(g: Graph): void {
  const seen = new Set<Node>(g.inputs)
  for (const node of g.nodes) {
    for (const input of node.inputs) expect(seen.has(input)).toBe(true)
    seen.add(node)
  }
  for (const output of g.outputs) expect(seen.has(output)).toBe(true)
}
