// Colour spaces against values of TensorFlow, and there and back.
import { describe, expect, test } from 'vitest'
import { ShapeError } from '../../src/errors.ts'
import { expectClose, ops, useReferenceEngine } from './helpers.ts'

useReferenceEngine()

const expectFlat = (x: ops.Tensor, values: number[], tolerance: number) =>
  expectClose(ops.reshape(x, [-1]), values, tolerance)

const pictures = () =>
  ops.tensor(
    [10, 200, 30, 0, 0, 0, 255, 255, 255, 80, 80, 20, 20, 80, 80, 200, 10, 90, 0.2, 0.9, 0.4, 120, 120, 120, -5, 3, -9],
    { shape: [1, 3, 3, 3] },
  )

describe('colour spaces', () => {
  test('rgbToHsv', async () => {
    await expectFlat(
      ops.rgbToHsv(pictures()),
      [
        0.3508772, 0.95, 200, 0, 0, 0, 0, 0, 255, 0.16666669, 0.75, 80, 0.5, 0.75, 80, 0.92982453, 0.95, 200,
        0.38095239, 0.7777778, 0.9, 0, 0, 120, 0.27777779, 4, 3,
      ],
      1e-5,
    )
  })
  test('hsvToRgb, also of a hue beyond 1', async () => {
    const x = ops.tensor([0.1, 0.5, 200, 1.2, 0.3, 0.9, -0.2, 1, 1], { shape: [1, 3, 3] })
    await expectFlat(ops.hsvToRgb(x), [200, 160, 100, 0.9, 0.63, 0.63, 1, 0, 0], 1e-4)
    const back = ops.hsvToRgb(ops.rgbToHsv(pictures()))
    const values = [...(await back.data())].slice(0, 24)
    for (const [i, value] of [...(await pictures().data())].slice(0, 24).entries())
      expect(values[i]).toBeCloseTo(value, 3)
  })
  test('rgbToGrayscale', async () => {
    const gray = ops.rgbToGrayscale(pictures())
    expect(gray.shape).toEqual([1, 3, 3, 1])
    await expectFlat(gray, [123.809, 0, 254.9745, 73.152, 62.058, 75.91, 0.63368, 119.988, -0.7595], 1e-3)
    expect(await ops.rgbToGrayscale(gray).data()).toEqual(await gray.data())
  })
  test('refuse other channels', () => {
    expect(() => ops.rgbToHsv(ops.ones([2, 2, 4]))).toThrow(ShapeError)
    expect(() => ops.rgbToGrayscale(ops.ones([2, 2, 2]))).toThrow(/1 or 3 channels.*\(2, 2, 2\)/)
  })
})
