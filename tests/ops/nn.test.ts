import { describe, expect, test } from 'vitest'
import { ArgumentError, ShapeError } from '../../src/errors.ts'
import { expectArray, expectClose, f32, ops, type, u8, useReferenceEngine } from './helpers.ts'

useReferenceEngine()

describe('matmul', () => {
  const a = () => ops.reshape(ops.arange(0, 6, 1, 'float32'), [2, 3])
  test('matrices, transposed or not', async () => {
    await expectArray(ops.matmul(a(), a(), { transposeB: true }), [
      [5, 14],
      [14, 50],
    ])
    await expectArray(ops.matmul(a(), a(), { transposeA: true }), [
      [9, 12, 15],
      [12, 17, 22],
      [15, 22, 29],
    ])
  })
  test('vectors as NumPy treats them', async () => {
    await expectArray(ops.matmul(f32(1, 2, 3), f32(4, 5, 6)), 32)
    await expectArray(ops.matmul(a(), f32(1, 1, 1)), [3, 12])
    await expectArray(ops.matmul(f32(1, 1), a()), [3, 5, 7])
    expect(ops.matmul(ops.zeros([4, 2, 3]), f32(1, 1, 1)).shape).toEqual([4, 2])
    expect(ops.matmul(f32(1, 1), ops.zeros([4, 2, 3])).shape).toEqual([4, 3])
  })
  test('leading dims broadcast', async () => {
    const stack = ops.stack([a(), ops.multiply(a(), 2)])
    await expectArray(ops.matmul(stack, ops.ones([3, 1])), [
      [[3], [12]],
      [[6], [24]],
    ])
    await expectArray(ops.matmul(ops.ones([1, 2]), stack), [[[3, 5, 7]], [[6, 10, 14]]])
    expect(ops.matmul(ops.zeros([5, 1, 2, 3]), ops.zeros([4, 3, 6])).shape).toEqual([5, 4, 2, 6])
    expect(ops.matmul(ops.zeros([2, 3]), ops.zeros([1, 1, 3, 4])).shape).toEqual([1, 1, 2, 4])
  })
  test('integers are cast, wrong shapes refused', () => {
    expect(ops.matmul(u8(1), u8(1)).dtype).toBe('float32')
    expect(() => ops.matmul(a(), a())).toThrow(ShapeError)
    expect(() => ops.matmul(2, a())).toThrow(ShapeError)
    expect(() => ops.matmul(ops.zeros([2, 2, 3]), ops.zeros([3, 3, 2]))).toThrow(/leading dims/)
  })
})

/** A convolution by its definition, for one image and NHWC nested arrays. */
function naiveConv(
  x: number[][][],
  kernel: (i: number, j: number, c: number, f: number) => number,
  {
    size,
    filters,
    groups,
    stride,
    dilation,
    padding,
  }: Record<'filters' | 'groups' | 'stride' | 'dilation', number> & {
    size: [number, number]
    padding: [[number, number], [number, number]]
  },
): number[][][] {
  const [h, w, channels] = [x.length, x[0]!.length, x[0]![0]!.length]
  const out = (n: number, k: number, [lo, hi]: [number, number]) =>
    Math.floor((n + lo + hi - dilation * (k - 1) - 1) / stride) + 1
  const inner = channels / groups
  return Array.from({ length: out(h, size[0], padding[0]) }, (_, y) =>
    Array.from({ length: out(w, size[1], padding[1]) }, (_, z) =>
      Array.from({ length: filters }, (_, f) => {
        const group = Math.floor(f / (filters / groups))
        let total = 0
        for (let i = 0; i < size[0]; i++)
          for (let j = 0; j < size[1]; j++)
            for (let c = 0; c < inner; c++) {
              const pixel = x[y * stride + i * dilation - padding[0][0]]?.[z * stride + j * dilation - padding[1][0]]
              if (pixel) total += pixel[group * inner + c]! * kernel(i, j, c, f)
            }
        return total
      }),
    ),
  )
}

describe('convolutions', () => {
  const image = (h: number, w: number, c: number) =>
    Array.from({ length: h }, (_, y) =>
      Array.from({ length: w }, (_, x) => Array.from({ length: c }, (_, k) => ((y * 7 + x * 3 + k * 5) % 11) - 5)),
    )
  const weight = (i: number, j: number, c: number, f: number) => ((i * 5 + j * 3 + c * 2 + f) % 7) - 3
  const kernel = (kh: number, kw: number, c: number, f: number) =>
    Array.from({ length: kh }, (_, i) =>
      Array.from({ length: kw }, (_, j) =>
        Array.from({ length: c }, (_, k) => Array.from({ length: f }, (_, l) => weight(i, j, k, l))),
      ),
    )

  test.each([
    [
      'valid',
      { padding: 'valid' },
      {
        stride: 1,
        dilation: 1,
        groups: 1,
        padding: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    // n = 5, s = 2, k = 3: total (3 - 1) 2 + 3 - 5 = 2; n = 6: total 1, before 0.
    [
      'same, strided',
      { padding: 'same', strides: 2 },
      {
        stride: 2,
        dilation: 1,
        groups: 1,
        padding: [
          [1, 1],
          [0, 1],
        ],
      },
    ],
    [
      'same, dilated',
      { padding: 'same', dilationRate: 2 },
      {
        stride: 1,
        dilation: 2,
        groups: 1,
        padding: [
          [2, 2],
          [2, 2],
        ],
      },
    ],
    [
      'explicit',
      {
        padding: [
          [0, 2],
          [1, 0],
        ],
      },
      {
        stride: 1,
        dilation: 1,
        groups: 1,
        padding: [
          [0, 2],
          [1, 0],
        ],
      },
    ],
    [
      'grouped',
      { padding: 'valid', groups: 2 },
      {
        stride: 1,
        dilation: 1,
        groups: 2,
        padding: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
  ] as const)('conv, %s', async (_name, options, rule) => {
    const x = image(5, 6, 4)
    const result = ops.conv([x], kernel(3, 3, 4 / rule.groups, 4), options)
    const padding = rule.padding as unknown as [[number, number], [number, number]]
    await expectArray(result, [naiveConv(x, weight, { size: [3, 3], filters: 4, ...rule, padding })])
  })

  test('depthwiseConv puts the results of one channel together', async () => {
    const x = image(4, 4, 3)
    const expected = naiveConv(x, (i, j, _c, f) => weight(i, j, Math.floor(f / 2), f % 2), {
      size: [2, 2], filters: 6, groups: 3, stride: 1, dilation: 1, padding: [[0, 0], [0, 0]],
    }) // prettier-ignore
    const deep = ops.depthwiseConv([x], kernel(2, 2, 3, 2))
    await expectArray(deep, [expected])
    const separable = ops.separableConv([x], kernel(2, 2, 3, 2), kernel(1, 1, 6, 2))
    await expectArray(separable, await ops.conv(deep, kernel(1, 1, 6, 2)).array())
  })

  test('convTranspose is the gradient of conv, in the sizes that Keras gives', async () => {
    await expectArray(ops.convTranspose([[[[1], [2]]]], [[[[1]], [[10]], [[100]]]], { strides: 1 }), [
      [[[1], [12], [120], [200]]],
    ])
    await expectArray(
      ops.convTranspose([[[[1], [2]]]], [[[[1]], [[10]], [[100]]]], { strides: [1, 2], padding: 'same' }),
      [[[[1], [10], [102], [20]]]],
    )
    const shape = (options: ops.ConvTransposeOptions) =>
      ops.convTranspose(ops.zeros([1, 4, 5, 2]), ops.zeros([3, 3, 6, 2]), options).shape
    expect(shape({})).toEqual([1, 6, 7, 6])
    expect(shape({ strides: 2 })).toEqual([1, 9, 11, 6])
    expect(shape({ strides: 2, padding: 'same' })).toEqual([1, 8, 10, 6])
    expect(shape({ strides: 4 })).toEqual([1, 16, 20, 6])
    expect(shape({ strides: 2, padding: 'same', outputPadding: 0 })).toEqual([1, 7, 9, 6])
    expect(shape({ strides: 2, padding: 'same', outputPadding: 1 })).toEqual([1, 8, 10, 6])
    expect(shape({ strides: 2, outputPadding: [1, 0] })).toEqual([1, 10, 11, 6])
    expect(shape({ dilationRate: 2 })).toEqual([1, 8, 9, 6])
    expect(() => shape({ strides: 2, outputPadding: 2 })).toThrow(ArgumentError)
  })

  test('wrong shapes and options are refused by name', () => {
    const x = ops.zeros([1, 4, 4, 3])
    expect(() => ops.conv(ops.zeros([4, 4, 3]), ops.zeros([1, 1, 3, 1]))).toThrow(/conv: expected images of shape/)
    expect(() => ops.conv(x, ops.zeros([1, 1, 2, 1]))).toThrow(ShapeError)
    expect(() => ops.conv(x, ops.zeros([3, 3, 3]))).toThrow(/a kernel of shape/)
    expect(() => ops.conv(x, ops.zeros([1, 1, 3, 1]), { strides: 0 })).toThrow(ArgumentError)
    expect(() => ops.conv(x, ops.zeros([1, 1, 3, 1]), { padding: 'full' as 'same' })).toThrow(/padding/)
    expect(() => ops.depthwiseConv(x, ops.zeros([1, 1, 2, 1]))).toThrow(/a kernel for 3 channels/)
    expect(ops.conv(ops.zeros([1, 4, 4, 3], 'uint8'), ops.zeros([1, 1, 3, 1])).dtype).toBe('float32')
  })
})

describe('pooling', () => {
  const x = () => ops.reshape(ops.arange(0, 9, 1, 'float32'), [1, 3, 3, 1])
  const flat = (t: ops.Tensor) => ops.reshape(t, [-1])
  test('maxPool', async () => {
    await expectArray(flat(ops.maxPool(x())), [4])
    await expectArray(flat(ops.maxPool(x(), { strides: 1 })), [4, 5, 7, 8])
    await expectArray(flat(ops.maxPool(ops.subtract(-1, x()), { padding: 'same' })), [-1, -3, -7, -9])
  })
  test('averagePool does not count the padding', async () => {
    await expectArray(flat(ops.averagePool(x())), [2])
    await expectArray(flat(ops.averagePool(x(), { padding: 'same' })), [2, 3.5, 6.5, 8])
    await expectArray(flat(ops.averagePool(x(), { poolSize: [1, 3], strides: [2, 1] })), [1, 7])
  })
  test('ties in maxPool give the gradient to the first', async () => {
    const y = ops.ones([1, 2, 2, 1])
    await expectArray(flat(ops.gradients(ops.maxPool(y), [y])[0]!), [1, 0, 0, 0])
  })
  test('a window that does not fit is refused', () => {
    expect(() => ops.maxPool(x(), { poolSize: 4 })).toThrow(ShapeError)
    expect(() => ops.averagePool(x(), { poolSize: 1.5 })).toThrow(ArgumentError)
  })
})

describe('images', () => {
  const x = () =>
    ops.tensor([
      [
        [[0], [2]],
        [[4], [6]],
      ],
    ])
  test('affineTransform', async () => {
    const shift = ops.tensor([[1, 0, 0.5, 0, 1, 0, 0, 0]])
    await expectClose(ops.reshape(ops.affineTransform(x(), shift), [-1]), [1, 1, 5, 3])
    await expectClose(ops.reshape(ops.affineTransform(x(), shift, { fillMode: 'nearest' }), [-1]), [1, 2, 5, 6])
    await expectClose(
      ops.reshape(ops.affineTransform(x(), [[1, 0, 5, 0, 1, 0, 0, 0]], { fillValue: 9 }), [-1]),
      [9, 9, 9, 9],
    )
    expect(() => ops.affineTransform(x(), shift, { fillMode: 'mirror' as 'wrap' })).toThrow(ArgumentError)
    expect(() => ops.affineTransform(x(), ops.zeros([2, 8]))).toThrow(ShapeError)
  })
  test('resize', async () => {
    await expectClose(ops.reshape(ops.resize(x(), [2, 4]), [2, 4]), [
      [0, 0.5, 1.5, 2],
      [4, 4.5, 5.5, 6],
    ])
    const same = x()
    expect(ops.resize(same, [2, 2])).toBe(same)
    expect(type(ops.resize(ops.zeros([2, 2, 3], 'uint8'), [4, 5]))).toBe('float32(4,5,3)')
    expect(type(ops.resize(ops.zeros([1, 2, 2, 3], 'uint8'), [4, 5], { interpolation: 'nearest' }))).toBe(
      'uint8(1,4,5,3)',
    )
    expect(() => ops.resize(f32(1), [2, 2])).toThrow(ShapeError)
    expect(() => ops.resize(x(), [2, 3], { interpolation: 'cubic' as 'bicubic' })).toThrow(ArgumentError)
  })
})
