import { test } from 'vitest'
import { makeNode, graphOf } from '../../src/graph/node.ts'
import { differentiate } from '../../src/graph/differentiate.ts'
import * as B from '../../src/graph/build.ts'
import { createNativeEngine } from '../../src/engines/native/index.ts'
import { createReferenceEngine } from '../../src/engines/reference/index.ts'
test('dw', async () => {
  const x = makeNode('input', [], { name: 'x', shape: [2, 5, 4, 5], dtype: 'float32' })
  const k = makeNode('input', [], { name: 'k', shape: [3, 3, 1, 5], dtype: 'float32' })
  const r = makeNode('input', [], { name: 'r', shape: [2, 5, 4, 5], dtype: 'float32' })
  const a = { strides: [1, 1], padding: [[1, 1], [1, 1]], dilation: [1, 1], groups: 5 } as const
  const y = makeNode('conv', [x, k], { ...a, epilogue: null })
  const g = differentiate(B.reduceSum(B.mul(y, r), [0, 1, 2, 3]), [x, k])
  const graph = graphOf([x, k, r] as never, g as never)
  const outs: Float32Array[][] = []
  for (const e of [await createNativeEngine(), createReferenceEngine()]) {
    const ex = e.compile(graph)
    console.log(ex.dump())
    const xb = [x, k, r].map((n, j) => e.upload(new Float32Array(n.shape.reduce((a, b) => a * b, 1)).map((_, i) => Math.sin(i + j)), n))
    const run = ex.run(xb); await run.done
    outs.push([await e.download(run.outputs[0]!) as Float32Array, await e.download(run.outputs[1]!) as Float32Array])
  }
  for (const i of [0, 1]) console.log(outs[0]![i]!.slice(0, 4), outs[1]![i]!.slice(0, 4), outs[0]![i]!.map((v, k) => Math.abs(v - outs[1]![i]![k]!)).findIndex((d) => d > 1e-4))
})
