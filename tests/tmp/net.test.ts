import { test } from 'vitest'
import { makeNode, graphOf } from '../../src/graph/node.ts'
import type { Node } from '../../src/graph/node.ts'
import { differentiate } from '../../src/graph/differentiate.ts'
import { simplify, fuse, foldNormalization } from '../../src/graph/passes/index.ts'
import { evaluateNodes } from '../../src/engines/reference/index.ts'
import { createNativeEngine } from '../../src/engines/native/index.ts'
import * as B from '../../src/graph/build.ts'
import { writeFileSync } from 'node:fs'
function inp(name: string, shape: number[]): Node<'input'> { return makeNode('input', [], { name, shape, dtype: 'float32' }) }
const N = Number(process.env.N ?? 32)
const stages = [[3, 1, 32, 16, 1, 1],[3, 2, 16, 24, 6, 2],[5, 2, 24, 40, 6, 2],[3, 3, 40, 80, 6, 2],[5, 3, 80, 112, 6, 1],[5, 4, 112, 192, 6, 2],[3, 1, 192, 320, 6, 1]]
function build(model: string, train: boolean) {
  const size = model === 'lite0' ? 224 : 150
  const x = inp('argument0', [N, size, size, 3])
  const vars: Node<'input'>[] = []
  const v = (n: string, s: number[]) => { const node = inp(n, s); vars.push(node); return node }
  const raw = (x: Node, k: number, o: number, groups = 1, s = 1, valid = false) => {
    const c = x.shape[3]!
    const kernel = v('k' + vars.length, [k, k, groups > 1 ? 1 : c, o])
    const pad = (n: number) => { if (valid) return [0, 0] as const; const t = Math.max(0, (Math.ceil(n / s) - 1) * s + k - n); return [t >> 1, t - (t >> 1)] as const }
    return makeNode('conv', [x, kernel], { strides: [s, s], padding: [pad(x.shape[1]!), pad(x.shape[2]!)], dilation: [1, 1], groups, epilogue: null })
  }
  const bn = (y: Node) => {
    const o = y.shape[3]!
    const gamma = v('gamma' + vars.length, [o]), beta = v('beta' + vars.length, [o]), mean = v('mean' + vars.length, [o]), vr = v('var' + vars.length, [o])
    const scale = B.mul(gamma, makeNode('rsqrt', [B.add(vr, B.scalar(1e-3))], {}))
    return B.add(B.mul(y, scale), B.sub(beta, B.mul(mean, scale)))
  }
  const relu6 = (x: Node) => makeNode('clamp', [x], { low: 0, high: 6 })
  const relu = (x: Node) => makeNode('clamp', [x], { low: 0, high: Infinity })
  let y: Node = x
  if (model === 'lite0') {
    y = relu6(bn(raw(y, 3, 32, 1, 2)))
    for (const [k, r, from, to, e, s] of stages as number[][]) for (let i = 0; i < r!; i++) {
      const input = y
      const cin = i ? to! : from!
      if (e !== 1) y = relu6(bn(raw(y, 1, cin * e!)))
      y = relu6(bn(raw(y, k!, cin * e!, cin * e!, i ? 1 : s!)))
      y = bn(raw(y, 1, to!))
      if ((i || s === 1) && cin === to) y = B.add(y, input)
    }
    y = relu6(bn(raw(y, 1, 1280)))
  } else {
    const sep = (x: Node, o: number) => bn(raw(raw(x, 3, x.shape[3]!, x.shape[3]!), 1, o))
    y = relu(bn(raw(y, 3, 32, 1, 2, true)))
    y = relu(bn(raw(y, 3, 64, 1, 1, true)))
    const down = (x: Node, f: number[], act: boolean) => {
      const res = bn(raw(x, 1, f[1]!, 1, 2))
      let z = act ? relu(x) : x
      z = sep(z, f[0]!)
      z = sep(relu(z), f[1]!)
      const pad = (n: number) => { const t = Math.max(0, (Math.ceil(n / 2) - 1) * 2 + 3 - n); return [t >> 1, t - (t >> 1)] as const }
      z = makeNode('maxPool', [z], { window: [3, 3], strides: [2, 2], padding: [pad(z.shape[1]!), pad(z.shape[2]!)] })
      return B.add(z, res)
    }
    y = down(y, [128, 128], false); y = down(y, [256, 256], true); y = down(y, [728, 728], true)
    for (let b = 0; b < 8; b++) { const r = y; for (let i = 0; i < 3; i++) y = sep(relu(y), 728); y = B.add(y, r) }
    y = down(y, [728, 1024], true)
    y = relu(sep(y, 1536)); y = relu(sep(y, 2048))
  }
  const [, h, w, c] = y.shape as number[]
  const pooled = B.mul(B.reduceSum(y, [1, 2]), B.scalar(1 / (h! * w!)))
  if (!train) return { graph: graphOf([x, ...vars], [pooled]), vars, donations: new Map<number, number>() }
  const head = v('head', [c!, 6])
  const logits = makeNode('matmul', [pooled, head], { transposeA: false, transposeB: false })
  const loss = B.reduceSum(B.mul(logits, logits), [0, 1])
  const folded = foldNormalization(graphOf([x, ...vars], [loss]))
  const weights = vars.filter((n) => !/mean|var/.test(n.attrs.name))
  const g = differentiate(folded.outputs[0]!, weights)
  const outs: Node[] = []
  const donations = new Map<number, number>()
  const ms = weights.map((w, i) => v('m' + i, [...w.shape])), vs = weights.map((w, i) => v('v' + i, [...w.shape]))
  weights.forEach((w, i) => {
    const m = B.add(ms[i]!, B.mul(B.sub(g[i]!, ms[i]!), B.scalar(0.1)))
    const q = B.add(vs[i]!, B.mul(B.sub(B.mul(g[i]!, g[i]!), vs[i]!), B.scalar(0.001)))
    const nw = B.sub(w, B.div(B.mul(m, B.scalar(1e-5)), B.add(makeNode('sqrt', [q], {}), B.scalar(1e-7))))
    for (const [o, src] of [[m, ms[i]!], [q, vs[i]!], [nw, w]] as const) { donations.set(outs.length + 1, 1 + vars.indexOf(src)); outs.push(o) }
  })
  return { graph: graphOf([x, ...vars], [folded.outputs[0]!, ...outs]), vars, donations }
}
test('net', async () => {
  const e = await createNativeEngine()
  for (const model of (process.env.M ?? 'lite0,xception').split(',')) for (const train of (process.env.T ?? 'f,t').split(',').map((s) => s === 't')) {
    const t0 = performance.now()
    const { graph: g0, vars, donations } = build(model, train)
    const t1 = performance.now()
    const donated = new Set(donations.values())
    const stable = new Set(vars.flatMap((n, i) => (donated.has(i + 1) ? [] : [i + 1])))
    const graph = fuse(simplify(g0, { evaluate: evaluateNodes }), { donations, stableInputs: stable })
    const t2 = performance.now()
    const ex = e.compile(graph, { donations, stableInputs: stable })
    const t3 = performance.now()
    const bufs = g0.inputs.map((n, k) => { const c = n.shape.reduce((a, b) => a * b, 1), fan = n.shape.slice(0, -1).reduce((a, b) => a * b, 1); return e.upload(new Float32Array(c).map((_, i) => /var|gamma/.test(n.attrs.name) ? 1 : /^(m\d|v\d|mean|beta)/.test(n.attrs.name) ? 0 : k === 0 ? Math.sin(i) : (((i * 2654435761) >>> 8 & 1023) / 512 - 1) * Math.sqrt(3 / fan)), n) })
    const times: number[] = []
    for (let i = 0; i < Number(process.env.R ?? 12); i++) { const t = performance.now(); const r = ex.run(bufs); await r.done; times.push(performance.now() - t); if (i === 11) console.log(((await e.download(r.outputs[0]!)) as Float32Array).slice(0, 4)) }
    times.sort((a, b) => a - b)
    const med = times[times.length >> 1]!
    const p = ex.plan.placement
    console.log(`${model} ${train ? 'train' : 'forward'} N=${N}: ${(N / med * 1000).toFixed(1)} img/s median ${med.toFixed(2)} ms min ${times[0]!.toFixed(2)}; build+diff ${(t1 - t0).toFixed(0)} passes ${(t2 - t1).toFixed(0)} compile ${(t3 - t2).toFixed(0)} ms; nodes ${graph.nodes.length}; arena ${(p.arenaBytes / 1e6).toFixed(0)} thread ${(p.threadArenaBytes / 1e6).toFixed(0)} persistent ${(p.persistentBytes / 1e6).toFixed(0)} rss ${(process.memoryUsage().rss / 1e6).toFixed(0)} chunks ${ex.plan.segments.map((s) => s.chunk + 'x' + s.ops.length).join(' ')}`)
    writeFileSync(`/tmp/plan-${model}-${train}.txt`, ex.dump())
  }
}, 600000)
