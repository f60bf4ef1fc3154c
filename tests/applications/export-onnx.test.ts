// ONNX export of the applications: onnxruntime gives the same features. One of each family; all of them with TANUKI_ALL_APPLICATIONS=1.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { afterAll, expect, test } from 'vitest'
import { applications, type Functional, setRandomSeed, type Tensor, tensor } from '../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'tanuki-onnx-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const small = [
  'convNeXtTiny', 'denseNet121', 'efficientNetB0', 'efficientNetLite0', 'efficientNetV2B0', 'inceptionResNetV2', 'inceptionV3', 'mobileNet',
  'mobileNetV2', 'mobileNetV3Small', 'nasNetMobile', 'resNet50', 'resNet50V2', 'vgg16', 'xception',
] // prettier-ignore
type Build = (options: {
  weights: null
  includeTop: false
  pooling: 'avg'
  inputShape: number[]
}) => Promise<Functional>
const builders = applications as unknown as Readonly<Record<string, Build>>
const names = applications.list().map(({ name }) => name)

test('each family is here', () => expect(small.filter((name) => !names.includes(name))).toEqual([]))

test.each(process.env.TANUKI_ALL_APPLICATIONS === '1' ? names : small)('%s', { timeout: 300_000 }, async (name) => {
  setRandomSeed(3)
  const size = /inception|xception/i.test(name) ? 75 : 32
  const network = await builders[name]!({
    weights: null,
    includeTop: false,
    pooling: 'avg',
    inputShape: [size, size, 3],
  })
  const path = join(folder, `${name}.onnx`)
  await network.export(path)
  const session = await InferenceSession.create(path)
  const shape = [2, size, size, 3]
  const data = Float32Array.from({ length: 2 * size * size * 3 }, (_, i) => 128 + 127 * Math.sin(i * 0.37))
  const features = (await network.predictOnBatch(tensor(data, { shape }))) as Tensor
  const wanted = await features.data()
  const results = await session.run({ [session.inputNames[0]!]: new OrtTensor('float32', data, shape) })
  const { data: values, dims } = results[session.outputNames[0]!]!
  await session.release()
  rmSync(path)
  expect(dims).toEqual(features.shape)
  let scale = 1e-6
  for (const value of wanted) scale = Math.max(scale, Math.abs(value))
  let worst = 0
  wanted.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - (values[i] as number)) / scale)))
  expect(worst).toBeLessThan(1e-5)
})
