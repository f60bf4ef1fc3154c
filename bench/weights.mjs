// Deterministic weights and data, so that every engine computes the same thing and can be checked against the others.

/** Mulberry32: uniform numbers in [0, 1). @param {number} seed */
export function randomSource(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** @param {number} size @param {number} from @param {number} to @param {() => number} random */
export function uniform(size, from, to, random) {
  const values = new Float32Array(size)
  for (let i = 0; i < size; i++) values[i] = from + (to - from) * random()
  return values
}

/** Uniform values of a given standard deviation. @param {number} size @param {number} deviation @param {() => number} random */
function spread(size, deviation, random) {
  return uniform(size, -deviation * Math.sqrt(3), deviation * Math.sqrt(3), random)
}

/**
 * Values for one weight. Keras' own initializers would let the activations of an untrained Xception fade away, and then no
 * comparison of outputs could fail; these keep them near 1, and give BatchNorm statistics that matter.
 * @param {string} name Variable name as Keras has it.
 * @param {readonly number[]} shape
 * @param {() => number} random
 */
export function randomWeight(name, shape, random) {
  const size = shape.reduce((a, b) => a * b, 1)
  const [height = 1, width = 1, channels = 1] = shape
  switch (name) {
    case 'depthwise_kernel':
      return spread(size, Math.sqrt(2 / (height * width)), random)
    case 'pointwise_kernel':
      // Small, because these end the branches that are added to a residual: otherwise each block doubles the activations.
      return spread(size, Math.sqrt(0.25 / channels), random)
    case 'kernel':
      if (shape.length === 4) return spread(size, Math.sqrt(2 / (height * width * channels)), random)
      return spread(size, Math.sqrt(1 / height), random)
    case 'gamma':
    case 'moving_variance':
      return uniform(size, 0.8, 1.2, random)
    case 'beta':
    case 'moving_mean':
    case 'bias':
      return uniform(size, -0.1, 0.1, random)
    default:
      throw new Error(`bench: no rule for a weight named ${name}`)
  }
}
