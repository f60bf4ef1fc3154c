// Small networks with the patterns that plans treat specially, one training step: every result equals the reference engine's.
import { describe, expect, it } from 'vitest'
import { createNativeEngine } from '../../../src/engines/native/index.ts'
import { createReferenceEngine, evaluateNodes } from '../../../src/engines/reference/index.ts'
import type { Engine } from '../../../src/engines/engine.ts'
import * as b from '../../../src/graph/build.ts'
import { differentiate } from '../../../src/graph/differentiate.ts'
import { graphOf, makeNode } from '../../../src/graph/node.ts'
import type { Graph, Node } from '../../../src/graph/node.ts'
import { foldNormalization, fuse, simplify } from '../../../src/graph/passes/index.ts'
import { sizeOf } from '../../../src/graph/types.ts'

type Input = Node<'input'>

/** Layers that make their weights as graph inputs. */
class Network {
  readonly weights: Input[] = []
  readonly x: Input
  constructor(shape: readonly number[]) {
    this.x = makeNode('input', [], { name: 'argument0', shape, dtype: 'float32' })
  }
  weight(name: string, shape: readonly number[]): Input {
    const node = makeNode('input', [], { name: `${name}${this.weights.length}`, shape, dtype: 'float32' })
    this.weights.push(node)
    return node
  }
  conv(x: Node, size: number, filters: number, { strides = 1, depthwise = false } = {}): Node {
    const channels = x.shape[3]!
    const kernel = this.weight('kernel', [size, size, depthwise ? 1 : channels, filters])
    const pad = (n: number): [number, number] => {
      const total = Math.max(0, (Math.ceil(n / strides) - 1) * strides + size - n)
      return [total >> 1, total - (total >> 1)]
    }
    return makeNode('conv', [x, kernel], {
      strides: [strides, strides],
      padding: [pad(x.shape[1]!), pad(x.shape[2]!)],
      dilation: [1, 1],
      groups: depthwise ? channels : 1,
      epilogue: null,
    })
  }
  norm(x: Node): Node {
    const channels = [x.shape[3]!]
    const scale = b.mul(this.weight('gamma', channels), makeNode('rsqrt', [b.add(this.weight('variance', channels), b.scalar(1e-3))], {}))
    return b.add(b.mul(x, scale), b.sub(this.weight('beta', channels), b.mul(this.weight('mean', channels), scale)))
  }
  /** One step: loss, then new weights (the running statistics stay). */
  step(features: Node): { graph: Graph; donations: Map<number, number>; stable: Set<number> } {
    const pooled = b.reduceSum(features, [1, 2])
    const logits = makeNode('matmul', [pooled, this.weight('head', [features.shape[3]!, 3])], { transposeA: false, transposeB: false })
    const loss = b.reduceSum(b.mul(logits, logits), [0, 1])
    const inputs = [this.x, ...this.weights]
    const folded = foldNormalization(graphOf(inputs, [loss]))
    const trained = this.weights.filter(({ attrs }) => !/mean|variance/.test(attrs.name))
    const gradients = differentiate(folded.outputs[0]!, trained)
    const donations = new Map(trained.map((weight, i) => [i + 1, inputs.indexOf(weight)]))
    const stable = new Set(inputs.flatMap(({ attrs }, i) => (/mean|variance/.test(attrs.name) ? [i] : [])))
    const updates = trained.map((weight, i) => b.sub(weight, b.mul(b.scalar(1e-4), gradients[i]!)))
    const graph = simplify(graphOf(inputs, [folded.outputs[0]!, ...updates]), { evaluate: evaluateNodes })
    return { graph: fuse(graph, { donations, stableInputs: stable }), donations, stable }
  }
}

const relu = (x: Node): Node => makeNode('clamp', [x], { low: 0, high: Infinity })
const relu6 = (x: Node): Node => makeNode('clamp', [x], { low: 0, high: 6 })

function inverted(batch: number, size: number): ReturnType<Network['step']> {
  const n = new Network([batch, size, size, 3])
  let x = relu6(n.norm(n.conv(n.x, 3, 20, { strides: 2 })))
  for (const [kernel, strides] of [[3, 1], [5, 2], [3, 2]] as const) {
    const wide = relu6(n.norm(n.conv(x, 1, 40)))
    const deep = relu6(n.norm(n.conv(wide, kernel, 40, { strides, depthwise: true })))
    const out = n.norm(n.conv(deep, 1, 20))
    x = strides === 1 ? b.add(out, x) : out
  }
  return n.step(relu6(n.norm(n.conv(x, 1, 33))))
}

function separable(batch: number, size: number): ReturnType<Network['step']> {
  const n = new Network([batch, size, size, 3])
  const sep = (x: Node, filters: number): Node => n.norm(n.conv(n.conv(x, 3, x.shape[3]!, { depthwise: true }), 1, filters))
  let x = relu(n.norm(n.conv(n.x, 3, 18)))
  const shortcut = n.norm(n.conv(x, 1, 24, { strides: 2 }))
  const half = Math.ceil(size / 2)
  const total = Math.max(0, (half - 1) * 2 + 3 - size)
  const pad = [total >> 1, total - (total >> 1)] as const
  x = makeNode('maxPool', [sep(relu(sep(x, 24)), 24)], { window: [3, 3], strides: [2, 2], padding: [pad, pad] })
  x = b.add(x, shortcut)
  for (let block = 0; block < 2; block++) {
    const input = x
    for (let i = 0; i < 2; i++) x = sep(relu(x), 24)
    x = b.add(x, input)
  }
  return n.step(relu(sep(x, 32)))
}

/** Pictures so large that a chunk's sources and results do not fit the second-level cache together. */
function wide(batch: number, size: number): ReturnType<Network['step']> {
  const n = new Network([batch, size, size, 3])
  const x = relu(n.norm(n.conv(n.x, 3, 300)))
  return n.step(relu(b.add(n.norm(n.conv(relu(n.norm(n.conv(x, 1, 300))), 1, 300)), x)))
}

async function run(engine: Engine, { graph, donations, stable }: ReturnType<Network['step']>): Promise<Float32Array[]> {
  const executable = engine.compile(graph, { donations, stableInputs: stable })
  const buffers = graph.inputs.map((input, k) => {
    const fan = sizeOf(input.shape.slice(0, -1))
    const base = /variance|gamma/.test(input.attrs.name) ? 1 : 0
    const spread = base === 1 ? 0.2 : input.shape.length === 1 ? 0.1 : k === 0 ? 1 : Math.sqrt(3 / fan)
    const data = Float32Array.from({ length: sizeOf(input.shape) }, (_, i) => base + spread * Math.sin(i * 12.9898 + k * 78.233))
    return engine.upload(data, input)
  })
  let last: Float32Array[] = []
  for (let step = 0; step < 2; step++) {
    const { outputs, done } = executable.run(buffers)
    await done
    last = await Promise.all(outputs.map(async (output) => (await engine.download(output)) as Float32Array))
  }
  return last
}

/** Runs a step on both engines. */
async function compare(step: ReturnType<Network['step']>): Promise<void> {
  const [native, reference] = [await run(await createNativeEngine(), step), await run(createReferenceEngine(), step)]
  native.forEach((values, i) => {
    const scale = Math.max(1e-3, ...reference[i]!.map(Math.abs))
    const worst = values.reduce((most, value, k) => Math.max(most, Math.abs(value - reference[i]![k]!)), 0)
    expect(worst / scale, `output ${i}`).toBeLessThan(1e-4)
  })
}

describe.each([
  { name: 'inverted residuals', make: inverted },
  { name: 'separable convolutions with residuals and pooling', make: separable },
])('$name', ({ make }) => {
  it.each([[1, 16], [2, 17], [6, 19], [7, 12]])('batch %i, %i pixels', async (batch, size) => {
    await compare(make(batch, size))
  })
})

it('calls convolutions on as many pictures of a chunk as the cache takes', async () => {
  const step = wide(8, 12)
  const executable = (await createNativeEngine()).compile(step.graph, { donations: step.donations, stableInputs: step.stable })
  expect(executable.dump()).toContain('chunks of 4')
  await compare(step)
})
