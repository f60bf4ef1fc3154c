// NumPy's legacy RandomState: MT19937 and its shuffle, so that a seed gives Keras' order of files.
import { ArgumentError, problem } from '../errors.ts'

/** The 32-bit Mersenne Twister (Matsumoto and Nishimura, 1998), seeded as init_genrand does. */
export class RandomState {
  readonly #state = new Uint32Array(624)
  #next = 624

  /** `seed`: a whole number from 0 to 2^32 - 1. @throws ArgumentError for any other. */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
      throw new ArgumentError(
        problem({ where: 'RandomState', expected: 'a seed from 0 to 4294967295', received: seed }),
      )
    this.#state[0] = seed >>> 0
    for (let i = 1; i < 624; i++) {
      const previous = this.#state[i - 1]! ^ (this.#state[i - 1]! >>> 30)
      this.#state[i] = (Math.imul(1812433253, previous) + i) >>> 0
    }
  }

  uint32(): number {
    if (this.#next === 624) this.#twist()
    let y = this.#state[this.#next++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  /** In place, as numpy.random.RandomState(seed).shuffle for up to 2^32 elements: masked rejection, from the end. */
  shuffle<T>(items: T[]): void {
    if (!Array.isArray(items))
      throw new ArgumentError(problem({ where: 'RandomState.shuffle', expected: 'a list', received: items }))
    for (let i = items.length - 1; i > 0; i--) {
      const mask = 2 ** (32 - Math.clz32(i)) - 1
      let j: number
      do j = (this.uint32() & mask) >>> 0
      while (j > i)
      ;[items[i], items[j]] = [items[j]!, items[i]!]
    }
  }

  #twist(): void {
    const mt = this.#state
    for (let k = 0; k < 624; k++) {
      const y = (mt[k]! & 0x80000000) | (mt[(k + 1) % 624]! & 0x7fffffff)
      mt[k] = mt[(k + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
    }
    this.#next = 0
  }
}
