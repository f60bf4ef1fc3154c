import { test } from 'vitest'
import { makeNode, graphOf } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import { differentiate } from '../../src/graph/differentiate.ts'
import { dumpGraph } from '../../src/graph/dump.ts'
import { simplify, fuse, foldNormalization } from '../../src/graph/passes/index.ts'
import { evaluateNodes } from '../../src/engines/reference/index.ts'
import { createNativeEngine } from '../../src/engines/native/index.ts'
import * as B from '../../src/graph/build.ts'
export function inp(name: string, shape: number[]): Node<'input'> { return makeNode('input', [], { name, shape, dtype: 'float32' }) }
test('block', async () => {
  const x = inp('argument0', [8, 28, 28, 24])
  const vars: Node<'input'>[] = []
  const v = (n: string, s: number[]) => { const node = inp(n, s); vars.push(node); return node }
  const conv = (x: Node, name: string, k: number, o: number, groups = 1, s = 1) => {
    const c = x.shape[3]!
    const kernel = v(name, [k, k, groups > 1 ? 1 : c, o])
    const p = (k - 1) / 2
    const y = makeNode('conv', [x, kernel], { strides: [s, s], padding: [[p, p], [p, p]], dilation: [1, 1], groups, epilogue: null })
    const gamma = v(name + '_gamma', [o]), beta = v(name + '_beta', [o]), mean = v(name + '_mean', [o]), vr = v(name + '_var', [o])
    const scale = B.mul(gamma, makeNode('rsqrt', [B.add(vr, B.scalar(1e-3))], {}))
    const shift = B.sub(beta, B.mul(mean, scale))
    return B.add(B.mul(y, scale), shift)
  }
  const relu6 = (x: Node) => makeNode('clamp', [x], { low: 0, high: 6 })
  let y: Node = relu6(conv(x, 'stem', 1, 24))
  const b = y
  y = relu6(conv(y, 'expand', 1, 144))
  y = relu6(conv(y, 'dw', 3, 144, 144))
  y = B.add(conv(y, 'project', 1, 24), b)
  const loss = B.reduceSum(B.mul(y, y), [0, 1, 2, 3])
  const folded = foldNormalization(graphOf([x, ...vars], [loss]))
  const train = vars.filter((n) => !/mean|var/.test(n.attrs.name))
  const g = differentiate(folded.outputs[0]!, train)
  const lr = B.scalar(0.001)
  const outs = train.map((w, i) => B.sub(w, B.mul(lr, g[i]!)))
  const donations = new Map(train.map((w, i) => [1 + i, 1 + vars.indexOf(w)]))
  const stable = new Set(vars.flatMap((n, i) => (/mean|var/.test(n.attrs.name) ? [i + 1] : [])))
  const graph = fuse(simplify(graphOf([x, ...vars], [folded.outputs[0]!, ...outs]), { evaluate: evaluateNodes }), { donations, stableInputs: stable })
  console.log(dumpGraph(graph))
  const e = await createNativeEngine()
  const ex = e.compile(graph, { donations, stableInputs: stable })
  console.log(ex.dump())
  const bufs = [x, ...vars].map((n, k) => e.upload(new Float32Array(n.shape.reduce((a, b) => a * b, 1)).map((_, i) => /var/.test(n.attrs.name) ? 1 : Math.sin(i * 1.7 + k) * 0.2), n))
  for (let i = 0; i < 3; i++) { const r = ex.run(bufs); await r.done; console.log(await e.download(r.outputs[0]!)) }
})
