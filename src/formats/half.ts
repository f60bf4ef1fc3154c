// float16 and bfloat16 values as float32: both widen without loss.

/** float32 values of IEEE float16 patterns. */
export function halvesToFloat32(patterns: Uint16Array): Float32Array<ArrayBuffer> {
  const table = halves()
  // A loop, not Float32Array.from: that takes ten times as long with a function.
  const out = new Float32Array(patterns.length)
  for (let i = 0; i < out.length; i++) out[i] = table[patterns[i]!]!
  return out
}

/** float32 values of bfloat16 patterns: the upper halves of float32. */
export function wordsToFloat32(patterns: Uint16Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(patterns.length)
  for (let i = 0; i < words.length; i++) words[i] = patterns[i]! << 16
  return new Float32Array(words.buffer)
}

let allHalves: Float32Array | null = null

/** The value of each of the 65536 float16 patterns, made at the first use. */
function halves(): Float32Array {
  if (allHalves === null) {
    allHalves = new Float32Array(65536)
    for (let half = 0; half < allHalves.length; half++) allHalves[half] = halfToFloat(half)
  }
  return allHalves
}

function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
