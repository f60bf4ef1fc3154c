// The counter-based random generator Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

const multiplier0 = 0xd2511f53
const multiplier1 = 0xcd9e8d57
const weyl0 = 0x9e3779b9
const weyl1 = 0xbb67ae85
const rounds = 10

/** The high 32 bits of the 64-bit product of two uint32. */
function multiplyHigh(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  // Each partial sum stays below 2^53, so doubles hold it exactly.
  const middle = a1 * b0 + ((a0 * b0) >>> 16)
  const carry = a0 * b1 + (middle & 0xffff)
  return (a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0
}

/** One block: four uint32 words from a counter of four words and a key of two. Writes into `out`. */
export function philoxBlock(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array,
): void {
  let [c0, c1, c2, c3] = counter
  let k0 = key[0] >>> 0
  let k1 = key[1] >>> 0
  for (let round = 0; round < rounds; round++) {
    const high0 = multiplyHigh(multiplier0, c0 >>> 0)
    const low0 = Math.imul(multiplier0, c0)
    const high1 = multiplyHigh(multiplier1, c2 >>> 0)
    const low1 = Math.imul(multiplier1, c2)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + weyl0) >>> 0
    k1 = (k1 + weyl1) >>> 0
  }
  out[0] = c0
  out[1] = c1
  out[2] = c2
  out[3] = c3
}

/**
 * Fills `out` with uniform numbers in [0, 1), the same on every engine: element e comes from word e % 4 of the block with
 * counter (floor(e / 4), 0, 0, 0) and key (seed0, seed1), both taken as uint32; its value is (word >>> 8) * 2^-24.
 */
export function philoxUniform(seed0: number, seed1: number, out: Float32Array): void {
  const words = new Uint32Array(4)
  const key: readonly [number, number] = [seed0, seed1]
  for (let start = 0; start < out.length; start += 4) {
    philoxBlock([start / 4, 0, 0, 0], key, words)
    const count = Math.min(4, out.length - start)
    for (let i = 0; i < count; i++) out[start + i] = (words[i]! >>> 8) * 2 ** -24
  }
}
