// Functions of numbers that Math lacks or defines otherwise than IEEE 754 and NumPy do.

/** The nearest integer; halves go to the even one. */
export function roundHalfToEven(x: number): number {
  const floor = Math.floor(x)
  const fraction = x - floor
  if (fraction < 0.5) return floor
  // Infinities have a NaN fraction, and are their own floor.
  if (fraction > 0.5) return floor + 1
  if (fraction === 0.5) return floor % 2 === 0 ? floor : floor + 1
  return floor
}

/** IEEE 754's pow: 1 to any power and -1 to an infinite one are 1, where Math.pow says NaN. */
export function ieeePow(base: number, exponent: number): number {
  if (base === 1) return 1
  if (base === -1 && Math.abs(exponent) === Infinity) return 1
  return Math.pow(base, exponent)
}

/** The remainder with the divisor's sign. NaN for a divisor of 0 (stored as 0 in an integer array). */
export function floorMod(a: number, b: number): number {
  const remainder = a % b
  return remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder
}

/**
 * The error function by its series 2/sqrt(pi) exp(-x²) sum 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)) (Abramowitz and Stegun 7.1.6), whose terms
 * all have one sign. Beyond |x| = 6, 1 - |erf x| is less than float64 can tell from 0.
 */
export function erf(x: number): number {
  if (!(Math.abs(x) < 6)) return Number.isNaN(x) ? x : Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}
