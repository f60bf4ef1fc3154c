import { describe, expect, it } from 'vitest'
import { philoxBlock, philoxUniform } from '../../src/graph/philox.ts'

// Known-answer vectors of Random123 (kat_vectors: philox4x32 10).
const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const
const vectors = [
  { counter: [0, 0, 0, 0], key: [0, 0], words: ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8'] },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: ['408f276d', '41c83b0e', 'a20bc7c6', '6d5451fd'],
  },
  { counter: pi, key: [0xa4093822, 0x299f31d0], words: ['d16cfe09', '94fdcceb', '5001e420', '24126ea1'] },
] as const

describe('philox', () => {
  it.each(vectors)('gives the published words for key $key', ({ counter, key, words }) => {
    const out = new Uint32Array(4)
    philoxBlock(counter, key, out)
    expect([...out].map((word) => word.toString(16).padStart(8, '0'))).toEqual(words)
  })

  it('takes element e from word e % 4 of block floor(e / 4), 24 bits each', () => {
    const out = new Float32Array(11)
    philoxUniform(5, 9, out)
    const words = new Uint32Array(4)
    for (let e = 0; e < out.length; e++) {
      philoxBlock([Math.floor(e / 4), 0, 0, 0], [5, 9], words)
      expect(out[e]).toBe((words[e % 4]! >>> 8) / 2 ** 24)
    }
  })

  it('takes negative int32 seeds as uint32', () => {
    const [a, b] = [new Float32Array(8), new Float32Array(8)]
    philoxUniform(-1, -2, a)
    philoxUniform(0xffffffff, 0xfffffffe, b)
    expect(a).toEqual(b)
  })

  it('is uniform in [0, 1)', () => {
    const out = new Float32Array(100_000)
    philoxUniform(1, 2, out)
    const mean = out.reduce((sum, u) => sum + u, 0) / out.length
    const variance = out.reduce((sum, u) => sum + (u - mean) ** 2, 0) / out.length
    expect(out.every((u) => u >= 0 && u < 1)).toBe(true)
    expect(mean).toBeCloseTo(0.5, 2)
    expect(variance).toBeCloseTo(1 / 12, 3)
  })
})
