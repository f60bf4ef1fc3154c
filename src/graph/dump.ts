// Graphs as readable text, one line a node.
import type { Graph, Node } from './node.ts'
import type { FusedBody } from './primitives.ts'
import { showType } from './shapes/check.ts'
import type { TypedArray } from './types.ts'

const shownElements = 6

/**
 * `%12 = conv(%3, %7) strides=[1,1] … : float32 (32, 112, 112, 32)`, one line a node in the graph's order, then the outputs.
 * Constants are cut to their first elements; the body of a fused node follows it, indented.
 */
export function dumpGraph(graph: Graph): string {
  const names = new Map<Node, string>()
  for (const input of graph.inputs) names.set(input, `%${names.size}`)
  for (const node of graph.nodes) if (!names.has(node)) names.set(node, `%${names.size}`)
  const used = new Set(graph.nodes)
  const lines = graph.inputs.filter((input) => !used.has(input)).map((input) => `${line(input, names)} (unused)`)
  for (const node of graph.nodes) lines.push(...linesOf(node, names, ''))
  lines.push(`return ${graph.outputs.map((output) => names.get(output) ?? '?').join(', ')}`)
  return lines.join('\n')
}

function linesOf(node: Node, names: ReadonlyMap<Node, string>, indent: string): string[] {
  const lines = [indent + line(node, names)]
  if (node.op === 'fused') lines.push(...bodyLines((node as Node<'fused'>).attrs.body, `${indent}  `))
  return lines
}

function bodyLines({ parameters, results }: FusedBody, indent: string): string[] {
  const names = new Map<Node, string>()
  parameters.forEach((parameter, i) => names.set(parameter, `p${i}`))
  const lines: string[] = []
  const visit = (root: Node): void => {
    const stack = [root]
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!
      const pending = names.has(node) ? [] : node.inputs.filter((input) => !names.has(input))
      if (pending.length > 0) {
        // Reversed, so that the first input is written first.
        stack.push(...pending.reverse())
        continue
      }
      stack.pop()
      if (names.has(node)) continue
      names.set(node, `t${names.size - parameters.length}`)
      lines.push(indent + line(node, names))
    }
  }
  results.forEach(visit)
  lines.push(`${indent}yield ${results.map((result) => names.get(result)!).join(', ')}`)
  return lines
}

function line(node: Node, names: ReadonlyMap<Node, string>): string {
  const inputs = node.inputs.map((input) => names.get(input) ?? '?').join(', ')
  const attrs = Object.entries(node.attrs)
    .filter(([key]) => !hidden(node, key))
    .map(([key, value]) => ` ${key}=${show(value)}`)
    .join('')
  return `${names.get(node) ?? '?'} = ${node.op}(${inputs})${attrs} : ${showType(node)}`
}

/** What the result's type says already, and bodies, which have lines of their own. */
function hidden(node: Node, key: string): boolean {
  if (key === 'dtype' || key === 'body') return true
  return key === 'shape' && node.op !== 'scatterAdd' && node.op !== 'scatterAlong'
}

function show(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${value.map(show).join(',')}]`
  if (ArrayBuffer.isView(value)) {
    const data = value as TypedArray
    const elements = Array.from(data.subarray(0, shownElements), shortNumber)
    const rest = data.length > shownElements ? `,… (${data.length})` : ''
    return `[${elements.join(',')}${rest}]`
  }
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}:${show(inner)}`)
    .join(',')}}`
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)))
}
