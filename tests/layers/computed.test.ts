// Layers that have no golden values, against plain loops over their definitions.
import { describe, expect, test } from 'vitest'
import * as layers from '../../src/layers/index.ts'
import { input, type Layer } from '../../src/layers/index.ts'
import { hostRandom, ones, type Tensor, tensor } from '../../src/ops/index.ts'
import { difference } from '../goldens-run/read.ts'

const random = hostRandom(5)
function normal(...shape: number[]): { readonly values: Float32Array; readonly tensor: Tensor } {
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal())
  return { values, tensor: tensor(values, { shape }) }
}
async function close(received: Tensor, shape: number[], expected: ArrayLike<number>): Promise<void> {
  expect(received.shape).toEqual(shape)
  expect(difference(await received.data(), expected, { relative: 1e-5 })).toBeNull()
}
/** Gives every weight normal values and returns them. */
function randomize(layer: Layer): Float32Array[] {
  const values = layer.weights.map(({ shape }) => normal(...shape).values)
  layer.setWeights(values)
  return values
}

describe.each(['valid', 'same', 'causal'] as const)('Conv1D, padding %s', (padding) => {
  test.each([
    [1, 1, 1],
    [2, 1, 1],
    [1, 2, 2],
  ])('stride %i, dilation %i, groups %i', async (strides, dilationRate, groups) => {
    const [n, length, channels, filters, size] = [2, 9, 4, 6, 3] as const
    const layer = layers.conv1D({ filters, kernelSize: size, strides, dilationRate, groups, padding })
    layer.build([null, length, channels])
    const [kernel, bias] = randomize(layer) as [Float32Array, Float32Array]
    const x = normal(n, length, channels)
    const reach = dilationRate * (size - 1)
    const count = padding === 'valid' ? Math.floor((length - reach - 1) / strides) + 1 : Math.ceil(length / strides)
    const total = Math.max((count - 1) * strides + reach + 1 - length, 0)
    const before = padding === 'same' ? Math.floor(total / 2) : padding === 'causal' ? reach : 0
    const out: number[] = []
    const [inner, outer] = [channels / groups, filters / groups]
    for (let i = 0; i < n; i++)
      for (let t = 0; t < count; t++)
        for (let f = 0; f < filters; f++) {
          let sum = bias[f]!
          for (let k = 0; k < size; k++) {
            const at = t * strides + k * dilationRate - before
            if (at < 0 || at >= length) continue
            for (let c = 0; c < inner; c++)
              sum +=
                x.values[(i * length + at) * channels + Math.floor(f / outer) * inner + c]! *
                kernel[(k * inner + c) * filters + f]!
          }
          out.push(sum)
        }
    await close(layer.apply(x.tensor), [n, count, filters], out)
    expect(layer.computeOutputShape([null, length, channels])).toEqual([null, count, filters])
  })
})

test.each([
  ['valid', 2, null],
  ['same', 2, null],
  ['valid', 3, 1],
  ['same', 1, null],
] as const)('Conv2DTranspose, padding %s, stride %i, output padding %s', async (padding, strides, outputPadding) => {
  const [height, width, channels, filters, size] = [3, 4, 2, 3, 3] as const
  const layer = layers.conv2DTranspose({ filters, kernelSize: size, strides, padding, outputPadding })
  layer.build([null, height, width, channels])
  const [kernel, bias] = randomize(layer) as [Float32Array, Float32Array]
  const x = normal(1, height, width, channels)
  const shape = layer.computeOutputShape([1, height, width, channels]) as number[]
  const [, rows, columns] = shape as [number, number, number, number]
  // Every input pixel adds a scaled kernel; `same` cuts the padding of the convolution that goes the other way.
  const cut = (n: number) =>
    padding === 'same' ? Math.floor(Math.max((Math.ceil(n / strides) - 1) * strides + size - n, 0) / 2) : 0
  const out = new Float64Array(rows * columns * filters)
  for (let i = 0; i < out.length; i++) out[i] = bias[i % filters]!
  for (let y = 0; y < height; y++)
    for (let xx = 0; xx < width; xx++)
      for (let ky = 0; ky < size; ky++)
        for (let kx = 0; kx < size; kx++) {
          const [oy, ox] = [y * strides + ky - cut(rows), xx * strides + kx - cut(columns)]
          if (oy < 0 || oy >= rows || ox < 0 || ox >= columns) continue
          for (let f = 0; f < filters; f++)
            for (let c = 0; c < channels; c++)
              out[(oy * columns + ox) * filters + f]! +=
                x.values[(y * width + xx) * channels + c]! * kernel[((ky * size + kx) * filters + f) * channels + c]!
        }
  await close(layer.apply(x.tensor), shape, out)
})

test('1D pooling', async () => {
  const x = tensor([[[1], [5], [2], [4], [3]]])
  await close(layers.maxPooling1D().apply(x), [1, 2, 1], [5, 4])
  await close(layers.maxPooling1D({ padding: 'same', strides: 3, poolSize: 2 }).apply(x), [1, 2, 1], [5, 4])
  await close(layers.averagePooling1D({ poolSize: 2, padding: 'same' }).apply(x), [1, 3, 1], [3, 3, 3])
  await close(layers.globalAveragePooling1D({ keepdims: true }).apply(x), [1, 1, 1], [3])
  await close(layers.globalMaxPooling1D().apply(x), [1, 1], [5])
})

test('Embedding', async () => {
  const layer = layers.embedding({ inputDim: 3, outputDim: 2 })
  const indices = tensor(Int32Array.of(2, 0, 2, 1), { shape: [2, 2] })
  const first = await layer.apply(indices).data()
  expect(Math.max(...first.map(Math.abs))).toBeLessThanOrEqual(0.05)
  const [table] = randomize(layer) as [Float32Array]
  const row = (i: number) => [...table.subarray(2 * i, 2 * i + 2)]
  await close(layer.apply(indices), [2, 2, 2], [2, 0, 2, 1].flatMap(row))
})

test('EinsumDense sums over what input and kernel share, in any order of letters', async () => {
  const layer = layers.einsumDense({ equation: 'abc,cbd->ad', outputShape: 3, biasAxes: 'd' })
  layer.build([null, 2, 4])
  expect(layer.weights.map((weight) => weight.shape)).toEqual([[4, 2, 3], [3]])
  const [kernel, bias] = randomize(layer) as [Float32Array, Float32Array]
  const x = normal(2, 2, 4)
  const out: number[] = []
  for (let a = 0; a < 2; a++)
    for (let d = 0; d < 3; d++) {
      let sum = bias[d]!
      for (let b = 0; b < 2; b++)
        for (let c = 0; c < 4; c++) sum += x.values[(a * 2 + b) * 4 + c]! * kernel[(c * 2 + b) * 3 + d]!
      out.push(sum)
    }
  await close(layer.apply(x.tensor), [2, 3], out)
  expect(() => layers.einsumDense({ equation: 'ab,cd->ab', outputShape: 3 })).toThrow(
    /letters of input and kernel alone/,
  )
})

describe('MultiHeadAttention', () => {
  const [n, queries, keys, heads, keyDim, valueDim] = [2, 3, 4, 2, 3, 5] as const

  /** The definition, head by head; `allowed(i, q, k)` is the mask. */
  function attend(
    x: Float32Array,
    y: Float32Array,
    w: readonly Float32Array[],
    allowed: (i: number, q: number, k: number) => boolean,
  ) {
    const [wq, bq, wk, bk, wv, bv, wo, bo] = w as [Float32Array, ...Float32Array[]] & readonly Float32Array[]
    const [dq, dk] = [x.length / n / queries, y.length / n / keys]
    const project = (
      input: Float32Array,
      row: number,
      width: number,
      kernel: Float32Array,
      bias: Float32Array,
      h: number,
      size: number,
    ) =>
      Array.from({ length: size }, (_, e) => {
        let sum = bias[h * size + e]!
        for (let c = 0; c < width; c++) sum += input[row * width + c]! * kernel[(c * heads + h) * size + e]!
        return sum
      })
    const out: number[] = []
    for (let i = 0; i < n; i++)
      for (let q = 0; q < queries; q++) {
        const result = [...bo!]
        for (let h = 0; h < heads; h++) {
          const query = project(x, i * queries + q, dq, wq, bq!, h, keyDim)
          const logits = Array.from({ length: keys }, (_, k) => {
            const key = project(y, i * keys + k, dk, wk!, bk!, h, keyDim)
            return allowed(i, q, k) ? query.reduce((s, v, e) => s + v * key[e]!, 0) / Math.sqrt(keyDim) : -Infinity
          })
          const weights = logits.map((logit) => Math.exp(logit - Math.max(...logits)))
          const total = weights.reduce((a, b) => a + b)
          for (let k = 0; k < keys; k++) {
            const value = project(y, i * keys + k, dk, wv!, bv!, h, valueDim)
            for (let e = 0; e < valueDim; e++)
              for (let o = 0; o < dq; o++)
                result[o]! += (weights[k]! / total) * value[e]! * wo![(h * valueDim + e) * dq + o]!
          }
        }
        out.push(...result)
      }
    return out
  }

  test('equals its definition, with a mask and causally', async () => {
    const layer = layers.multiHeadAttention({ numHeads: heads, keyDim, valueDim })
    const [x, y] = [normal(n, queries, 6), normal(n, keys, 7)]
    layer.build([
      [null, queries, 6],
      [null, keys, 7],
    ])
    expect(layer.weights.map((weight) => weight.path)).toContain('multi_head_attention/attention_output/kernel')
    const w = randomize(layer)
    const inputs = [x.tensor, y.tensor]
    await close(
      layer.apply(inputs),
      [n, queries, 6],
      attend(x.values, y.values, w, () => true),
    )
    const allowed = (i: number, q: number, k: number) => k === 0 || (i + q + k) % 2 === 0
    const bits = Array.from({ length: n * queries * keys }, (_, at) =>
      allowed(Math.floor(at / keys / queries), Math.floor(at / keys) % queries, at % keys) ? 1 : 0,
    )
    const attentionMask = tensor(Uint8Array.from(bits), { shape: [n, queries, keys], dtype: 'bool' })
    await close(layer.apply(inputs, { attentionMask }), [n, queries, 6], attend(x.values, y.values, w, allowed))
    const causal = (_: number, q: number, k: number) => k <= q
    await close(layer.apply(inputs, { useCausalMask: true }), [n, queries, 6], attend(x.values, y.values, w, causal))
  })

  test('gives its scores, really and symbolically', async () => {
    const layer = layers.multiHeadAttention({ numHeads: heads, keyDim })
    const x = normal(n, queries, 6).tensor
    const [y, scores] = layer.applyNested(x, { returnAttentionScores: true }) as unknown as [Tensor, Tensor]
    expect([y.shape, scores.shape]).toEqual([
      [n, queries, 6],
      [n, heads, queries, queries],
    ])
    for (const row of (await scores.array()) as number[][][][])
      for (const head of row) for (const q of head) expect(q.reduce((a, b) => a + b)).toBeCloseTo(1, 5)
    const symbols = layer.applyNested(input({ shape: [queries, 6] }), {
      returnAttentionScores: true,
    }) as unknown as layers.SymbolicTensor[]
    expect(symbols.map((symbol) => symbol.shape)).toEqual([
      [null, queries, 6],
      [null, heads, queries, queries],
    ])
  })
})

test('TimeDistributed applies one layer to every step', async () => {
  const dense = layers.dense({ units: 2 })
  const layer = layers.timeDistributed({ layer: dense })
  const x = normal(2, 3, 4)
  const all = await layer.apply(x.tensor).data()
  const steps = await dense.apply(tensor(x.values, { shape: [6, 4] })).data()
  expect(all).toEqual(steps)
  expect(dense.kernel!.path).toMatch(/^time_distributed(_\d+)?\/dense(_\d+)?\/kernel$/)
})

test('Lambda', async () => {
  const layer = layers.lambda({ function: (x: Tensor) => x, outputShape: [7] })
  expect(layer.apply(input({ shape: [3] })).shape).toEqual([null, 7])
  expect(
    await layers
      .lambda((x: Tensor) => x)
      .apply(ones([2]))
      .array(),
  ).toEqual([1, 1])
  expect(layers.lambda((x: Tensor) => x).apply(input({ shape: [3] })).shape).toEqual([null, 3])
})

test('Softmax with a mask, and over two axes', async () => {
  const x = tensor([[1, 2, 3]])
  const masked = layers.softmax().apply(x, { mask: tensor([[true, false, true]]) })
  const e = Math.exp(2)
  await close(masked, [1, 3], [1 / (1 + e), 0, e / (1 + e)])
  await close(layers.softmax({ axis: [1, 2] }).apply(ones([2, 2, 3])), [2, 2, 3], new Array<number>(12).fill(1 / 6))
})
