import { describe, expect, test } from 'vitest'
import { ArgumentError } from '../../src/errors.ts'
import { expectArray, i32, ops, useReferenceEngine } from './helpers.ts'

useReferenceEngine()

async function stats(x: ops.Tensor) {
  const data = Array.from(await x.data())
  const mean = data.reduce((a, b) => a + b, 0) / data.length
  const std = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length)
  const kurtosis = data.reduce((a, b) => a + (b - mean) ** 4, 0) / data.length / std ** 4
  return { mean, std, kurtosis, min: Math.min(...data), max: Math.max(...data), distinct: new Set(data).size }
}
const seed = () => i32(7, 3)
const n = 40_000

describe('random tensors', () => {
  test('are functions of the seed', async () => {
    const [a, b, c] = [i32(7, 3), i32(7, 3), i32(7, 4)].map((s) => ops.randomNormal([5], { seed: s }))
    expect(await a!.data()).toEqual(await b!.data())
    expect(await a!.data()).not.toEqual(await c!.data())
  })
  test('randomUniform', async () => {
    const { mean, std, min, max } = await stats(ops.randomUniform([n], { minval: -1, maxval: 3, seed: seed() }))
    expect(mean).toBeCloseTo(1, 1)
    expect(std).toBeCloseTo(4 / Math.sqrt(12), 1)
    expect(min).toBeGreaterThanOrEqual(-1)
    expect(max).toBeLessThanOrEqual(3)
  })
  test('randomNormal, of odd size too', async () => {
    const { mean, std, kurtosis, distinct } = await stats(
      ops.randomNormal([n + 1], { mean: 2, stddev: 3, seed: seed() }),
    )
    expect(Math.abs(mean - 2)).toBeLessThan(0.06)
    expect(Math.abs(std / 3 - 1)).toBeLessThan(0.02)
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.15)
    expect(distinct).toBeGreaterThan(n * 0.95)
    expect(ops.randomNormal([3, 5], { seed: seed() }).shape).toEqual([3, 5])
    expect(await ops.randomNormal([0], { seed: seed() }).data()).toHaveLength(0)
  })
  test('truncatedNormal stays within two standard deviations', async () => {
    const { mean, std, min, max, kurtosis } = await stats(
      ops.truncatedNormal([n], { mean: 1, stddev: 2, seed: seed() }),
    )
    expect(Math.abs(mean - 1)).toBeLessThan(0.05)
    // The standard deviation of a normal distribution cut at 2 is 0.87962566; its kurtosis 2.3655.
    expect(Math.abs(std / (2 * 0.8796) - 1)).toBeLessThan(0.02)
    expect(Math.abs(kurtosis - 2.3655)).toBeLessThan(0.1)
    expect(min).toBeGreaterThanOrEqual(-3)
    expect(max).toBeLessThanOrEqual(5)
    expect(min).toBeLessThan(-2.9)
    expect(max).toBeGreaterThan(4.9)
  })
  test('bernoulli', async () => {
    const { mean, min, max } = await stats(ops.bernoulli([n], { probability: 0.3, seed: seed() }))
    expect(Math.abs(mean - 0.3)).toBeLessThan(0.01)
    expect([min, max]).toEqual([0, 1])
    await expectArray(ops.bernoulli([3], { probability: [0, 1, 0], seed: seed() }), [0, 1, 0])
  })
  test('randomInt', async () => {
    const draws = ops.randomInt([n], { minval: -2, maxval: 3, seed: seed() })
    expect(draws.dtype).toBe('int32')
    const { mean, min, max, distinct } = await stats(draws)
    expect([min, max, distinct]).toEqual([-2, 2, 5])
    expect(Math.abs(mean)).toBeLessThan(0.05)
    expect(() => ops.randomInt([1], { maxval: 0 })).toThrow(ArgumentError)
    expect(() => ops.randomInt([1], { maxval: 2 ** 25 })).toThrow(ArgumentError)
  })
  test('a seed of another type is refused', () => {
    expect(() => ops.randomUniform([1], { seed: ops.zeros([2]) })).toThrow(ArgumentError)
    expect(() => ops.randomUniform([1], { seed: i32(1) })).toThrow(ArgumentError)
  })
})

describe('SeedGenerator', () => {
  test('returns the state, then counts', async () => {
    const generator = new ops.SeedGenerator(42)
    expect(generator.state.trainable).toBe(false)
    await expectArray(generator.next(), [42, 0])
    await expectArray(generator.next(), [42, 1])
    const [a, b] = [generator.next(), generator.next()]
    await expectArray(b, [42, 3])
    await expectArray(a, [42, 2])
    await expectArray(generator.state, [42, 4])
    expect(() => new ops.SeedGenerator(-1)).toThrow(ArgumentError)
  })
  test('advances inside traced functions', async () => {
    const generator = new ops.SeedGenerator(5)
    const draw = ops.compileFunction(() => [ops.randomUniform([4], { seed: generator.next() })])
    const first = await draw.run().outputs[0]!.data()
    const second = await draw.run().outputs[0]!.data()
    expect(first).not.toEqual(second)
    await expectArray(generator.state, [5, 2])
    expect(first).toEqual(await ops.randomUniform([4], { seed: i32(5, 0) }).data())
  })
})

describe('seeds on the host', () => {
  test('setRandomSeed repeats what follows', () => {
    ops.setRandomSeed(1)
    const first = [ops.nextSeed(), ops.nextSeed(), new ops.SeedGenerator().seed]
    ops.setRandomSeed(1)
    expect([ops.nextSeed(), ops.nextSeed(), new ops.SeedGenerator().seed]).toEqual(first)
    ops.setRandomSeed(2)
    expect(ops.nextSeed()).not.toBe(first[0])
    expect(new Set(first).size).toBe(3)
    for (const seed of first) {
      expect(seed).toBeGreaterThanOrEqual(1)
      expect(seed).toBeLessThanOrEqual(1e9)
    }
    expect(() => ops.setRandomSeed(0.5)).toThrow(ArgumentError)
  })
  test('hostRandom', () => {
    const random = ops.hostRandom(3)
    const uniforms = Array.from({ length: 20_000 }, () => random.uniform())
    expect(uniforms.every((u) => u >= 0 && u < 1)).toBe(true)
    expect(Math.abs(uniforms.reduce((a, b) => a + b) / 20_000 - 0.5)).toBeLessThan(0.01)
    const normals = Array.from({ length: 20_000 }, () => random.normal())
    expect(Math.abs(normals.reduce((a, b) => a + b) / 20_000)).toBeLessThan(0.03)
    expect(Math.abs(normals.reduce((a, b) => a + b * b, 0) / 20_000 - 1)).toBeLessThan(0.05)
    const dice = Array.from({ length: 6000 }, () => random.int(6))
    expect(new Set(dice)).toEqual(new Set([0, 1, 2, 3, 4, 5]))
    expect(() => random.int(0)).toThrow(ArgumentError)
    expect(ops.hostRandom(3).uniform()).toBe(uniforms[0])
    expect(ops.hostRandom(3, 1).uniform()).not.toBe(uniforms[0])
    expect(ops.hostRandom(3 + 2 ** 32).uniform()).not.toBe(uniforms[0])
  })
})
