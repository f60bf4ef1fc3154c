import { test, expect } from 'vitest'
import { createNativeEngine } from '/work/main/src/engines/native/index.ts'
import { makeNode, graphOf } from '/work/main/src/graph/node.ts'
test('smoke', async () => {
  const e = await createNativeEngine()
  console.log(e.info())
  const x = makeNode('input', [], { name: 'x', shape: [4, 8, 8, 3], dtype: 'float32' })
  const k = makeNode('input', [], { name: 'k', shape: [3, 3, 3, 24], dtype: 'float32' })
  const y = makeNode('conv', [x, k], { strides: [2, 2], padding: [[0, 1], [0, 1]], dilation: [1, 1], groups: 1, epilogue: null })
  const z = makeNode('clamp', [y], { low: 0, high: 6 })
  const s = makeNode('reduceSum', [z], { axes: [0, 1, 2], keepDims: false })
  const g = graphOf([x, k] as never, [z, s])
  const ex = e.compile(g)
  console.log(ex.dump())
  const xb = e.upload(new Float32Array(4 * 64 * 3).map((_, i) => Math.sin(i)), x)
  const kb = e.upload(new Float32Array(27 * 24).map((_, i) => Math.cos(i)), k)
  const r = ex.run([xb, kb]); await r.done
  const out = await e.download(r.outputs[0]!)
  const sum = await e.download(r.outputs[1]!)
  const ref = new Float64Array(24)
  for (let i = 0; i < out.length; i++) ref[i % 24] += out[i]!
  console.log(out.slice(0, 8), sum.slice(0, 4), ref.slice(0, 4))
  expect(Math.abs(sum[3]! - ref[3]!)).toBeLessThan(1e-3)
})
