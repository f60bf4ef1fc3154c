// ONNX export of the applications: onnxruntime gives the same features. One of each family; all of them with TANUKI_ALL_APPLICATIONS=1.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { afterAll, expect, test } from 'vitest'
import { type Tensor, tensor } from '../../src/index.ts'
import { conditioned, strangers, tested } from './random-weights.ts'

const folder = mkdtempSync(join(tmpdir(), 'tanuki-onnx-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bound = 1e-5
type Values = ArrayLike<number>
const largest = (values: Values): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
const distance = (a: Values, b: Values): number => largest(Array.from(a, (value, i) => value - b[i]!)) / largest(a)

test('each family is here', () => expect(strangers()).toEqual([]))

test.each(tested)('%s', { timeout: 600_000 }, async (name) => {
  const { network, pictures, shape } = await conditioned(name)
  const features = async (data: Float32Array) => (await network.predictOnBatch(tensor(data, { shape }))) as Tensor
  const own = await features(pictures)
  const wanted = (await own.data()) as Float32Array
  // A network that amplifies one rounding of its inputs, or gives the same for all pictures, would tell nothing.
  const [first, second] = [wanted.subarray(0, wanted.length / 2), wanted.subarray(wanted.length / 2)]
  expect(distance(first, second)).toBeGreaterThan(1e-3)
  const rounded = pictures.map((value, i) => Math.fround(value * (1 + (i % 2 === 0 ? 1 : -1) * 2 ** -23)))
  expect(distance(wanted, await (await features(rounded)).data())).toBeLessThan(bound)

  const path = join(folder, `${name}.onnx`)
  await network.export(path)
  const session = await InferenceSession.create(path)
  const results = await session.run({ [session.inputNames[0]!]: new OrtTensor('float32', pictures, shape) })
  const { data: values, dims } = results[session.outputNames[0]!]!
  await session.release()
  rmSync(path)
  expect(dims).toEqual(own.shape)
  const apart = distance(wanted, values as Float32Array)
  expect(apart).toBeLessThan(bound)
})
