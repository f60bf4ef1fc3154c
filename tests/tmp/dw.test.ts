import { test } from 'vitest'
import { makeNode, graphOf } from '../../src/graph/node.ts'
import { createNativeEngine } from '../../src/engines/native/index.ts'
import { createReferenceEngine } from '../../src/engines/reference/index.ts'
test('dw', async () => {
  const x = makeNode('input', [], { name: 'x', shape: [2, 5, 4, 5], dtype: 'float32' })
  const k = makeNode('input', [], { name: 'k', shape: [2, 5, 4, 5], dtype: 'float32' })
  const k2 = makeNode('input', [], { name: 'k', shape: [3, 3, 5, 5], dtype: 'float32' })
  const a = { strides: [1, 1], padding: [[1, 1], [1, 1]], dilation: [1, 1] } as const
  const y = makeNode('convKernelGrad', [x, k], { ...a, groups: 5, kernelShape: [3, 3, 1, 5] })
  const z = makeNode('convInputGrad', [x, k2], { ...a, groups: 1, inputShape: [2, 5, 4, 5] })
  const g = graphOf([x, k, k2] as never, [y, z])
  const outs: Float32Array[][] = []
  for (const e of [await createNativeEngine(), createReferenceEngine()]) {
    const ex = e.compile(g)
    console.log(ex.dump())
    const xb = [x, k, k2].map((n, j) => e.upload(new Float32Array(n.shape.reduce((a, b) => a * b, 1)).map((_, i) => Math.sin(i + j)), n))
    const r = ex.run(xb); await r.done
    outs.push([await e.download(r.outputs[0]!) as Float32Array, await e.download(r.outputs[1]!) as Float32Array])
  }
  for (const i of [0, 1]) console.log(outs[0]![i]!.slice(0, 4), outs[1]![i]!.slice(0, 4), outs[0]![i]!.map((v, k) => Math.abs(v - outs[1]![i]![k]!)).findIndex((d) => d > 1e-4))
})
