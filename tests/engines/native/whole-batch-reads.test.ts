// A value of the batch that is also read as a whole: chunks of pictures must not run ahead of it.
import { beforeAll, expect, it } from 'vitest'
import {
  cast, equal, logsumexp, matmul, ready, reshape, setEngine, tensor, transpose, where,
} from '../../../src/ops/index.ts' // prettier-ignore

beforeAll(async () => {
  await setEngine('native')
  await ready()
})

it('compares each label with all others while the batch runs in chunks', async () => {
  const count = 8
  const classes = Int32Array.of(0, 1, 0, 3, 1, 0, 2, 3)
  const points = Float32Array.from({ length: count * 5 }, (_, i) => Math.sin(i))
  const labels = reshape(cast(cast(tensor(classes), 'float32'), 'int32'), [count, 1])
  const p = tensor(points, { shape: [count, 5] })
  const products = matmul(p, transpose(p))
  const received = await logsumexp(where(equal(labels, transpose(labels)), products, -1e9), { axis: 1 }).data()
  const dot = (a: number, b: number): number => {
    let sum = 0
    for (let k = 0; k < 5; k++) sum += points[a * 5 + k]! * points[b * 5 + k]!
    return sum
  }
  for (let a = 0; a < count; a++) {
    let sum = 0
    for (let b = 0; b < count; b++) if (classes[a] === classes[b]) sum += Math.exp(dot(a, b))
    expect(received[a]).toBeCloseTo(Math.log(sum), 4)
  }
})
