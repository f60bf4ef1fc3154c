import { test, expect } from 'vitest'
import { readFile } from 'node:fs/promises'
import { efficientNetLite0 } from '../../src/applications/index.ts'
import { decodeSafetensors, toFloat32 } from '../../src/formats/safetensors.ts'
import { tensor } from '../../src/ops/index.ts'
import * as ops from '../../src/ops/index.ts'
test('features', async () => {
  const t0 = performance.now()
  const model = await efficientNetLite0({ weights: 'imagenet', includeTop: true, classifierActivation: null })
  console.log('build', performance.now() - t0, model.countParams(), model.layers.length, model.weights.length, (await ops.ready(), ops.engine.info()))
  const { tensors } = decodeSafetensors(await readFile('assets/weights/features_golden.safetensors'))
  const im = tensors.get('images')!
  const x = new Float32Array(im.bytes).map((v) => (v - 127) / 128)
  const t1 = performance.now()
  const y = await model.predict(tensor(x, { shape: im.shape }), { verbose: 0 } as never)
  console.log('predict', performance.now() - t1)
  const got = await (y as any).data()
  const want = toFloat32(tensors.get('logits')!)
  let worst = 0
  for (let i = 0; i < want.length; i++) worst = Math.max(worst, Math.abs(got[i] - want[i]!))
  console.log('worst', worst)
  expect(worst).toBeLessThan(1e-3)
}, 200000)
