// Moments of the gamma family, its behaviour near 0, and random orders.
import { describe, expect, test } from 'vitest'
import { i32, ops, useReferenceEngine } from './helpers.ts'

useReferenceEngine()

const n = 20_000
const seed = () => i32(11, 2)
async function moments(x: ops.Tensor): Promise<{ mean: number; variance: number; values: number[] }> {
  const values = Array.from(await x.data())
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length, values }
}

describe('the gamma family', () => {
  test.each([0.3, 1, 4.5])('gamma of %d', async (alpha) => {
    const { mean, variance, values } = await moments(ops.randomGamma([n], { alpha, seed: seed() }))
    // Mean and variance are alpha; the variance of the sample variance is (2 alpha^2 + 6 alpha) / n.
    expect(Math.abs(mean - alpha)).toBeLessThan(5 * Math.sqrt(alpha / n))
    expect(Math.abs(variance - alpha)).toBeLessThan(5 * Math.sqrt((2 * alpha ** 2 + 6 * alpha) / n))
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
    expect(new Set(values).size).toBeGreaterThan(0.9 * n)
  })
  test.each([
    [0.2, 0.2],
    [1, 1],
    [2, 5],
  ])('beta of %d and %d', async (alpha, beta) => {
    const { mean, variance, values } = await moments(ops.randomBeta([n], { alpha, beta, seed: seed() }))
    const wanted = (alpha * beta) / ((alpha + beta) ** 2 * (alpha + beta + 1))
    expect(Math.abs(mean - alpha / (alpha + beta))).toBeLessThan(5 * Math.sqrt(wanted / n))
    expect(Math.abs(variance / wanted - 1)).toBeLessThan(0.05)
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true)
  })
  test('beta of parameters next to 0 is 0 or 1, never NaN', async () => {
    const { mean, values } = await moments(ops.randomBeta([400], { alpha: 1e-6, beta: 1e-6, seed: seed() }))
    expect(values.every((value) => value === 0 || value === 1)).toBe(true)
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.13)
  })
  test('the shape parameter may differ from draw to draw', async () => {
    const alpha = ops.tensor([0.5, 8])
    const rows = (await ops.randomGamma([4000, 2], { alpha, seed: seed() }).array()) as number[][]
    for (const [i, wanted] of [0.5, 8].entries()) {
      const mean = rows.reduce((a, row) => a + row[i]!, 0) / rows.length
      expect(Math.abs(mean - wanted)).toBeLessThan(5 * Math.sqrt(wanted / rows.length))
    }
  })
  test('parts of 1', async () => {
    const rows = (await ops.randomDirichlet([500, 3], { alpha: 1, seed: seed() }).array()) as number[][]
    for (const row of rows) expect(row[0]! + row[1]! + row[2]!).toBeCloseTo(1, 5)
    const first = rows.reduce((a, row) => a + row[0]!, 0) / rows.length
    expect(Math.abs(first - 1 / 3)).toBeLessThan(5 * Math.sqrt(2 / 36 / 500))
  })
})

test('random orders are permutations, each as likely as another', async () => {
  const counts = new Map<string, number>()
  for (let i = 0; i < 600; i++) {
    const order = [...(await ops.randomPermutation(3, { seed: i32(5, i) }).data())]
    expect([...order].sort()).toEqual([0, 1, 2])
    counts.set(order.join(), (counts.get(order.join()) ?? 0) + 1)
  }
  expect(counts.size).toBe(6)
  for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(5 * Math.sqrt(100))
})
