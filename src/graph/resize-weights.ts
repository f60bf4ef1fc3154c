// Weights of tf.image.resize along one axis: which input elements make each output element, and how much of each.
import type { Pair, ResizeAttrs, ResizeMethod } from './primitives.ts'

/** output[i] = sum over t < span of weights[i * span + t] * input[starts[i] + t]; starts[i] + span never passes the input's end. */
export interface AxisWeights {
  /** [outputSize] */
  readonly starts: Int32Array
  /** Taps of each output element; those that an element does not need have weight 0. */
  readonly span: number
  /** [outputSize * span] */
  readonly weights: Float32Array
}

/** What one output element takes: `weights[t]` of input element `start + t`. */
interface Taps {
  readonly start: number
  readonly weights: readonly number[]
}

// TensorFlow computes positions and weights in float32; positions near a boundary fall on its side only if this does too.
const f = Math.fround

/**
 * The weights that turn `inputSize` elements into `outputSize`, both >= 1.
 * - nearest and area ignore `antialias`, as TensorFlow does.
 * - bilinear and bicubic without antialias are TensorFlow's kernels with half-pixel centres (bicubic: Keys, a = -0.5).
 * - everything else is TensorFlow's ScaleAndTranslate: a kernel around the half-pixel centre, stretched by the scale when
 *   shrinking with antialias, cut at the border and renormalized to sum 1.
 *
 * No exception for images that keep their size: gaussian and mitchellcubic blur them in TensorFlow too.
 */
export function resizeWeights(
  inputSize: number,
  outputSize: number,
  method: ResizeMethod,
  antialias: boolean,
): AxisWeights {
  const tapsOf = tapsRule(inputSize, outputSize, method, antialias)
  return pack(
    inputSize,
    Array.from({ length: outputSize }, (_, i) => tapsOf(i)),
  )
}

/** The weights of both axes, height first. */
export function resizeAxes(inputSize: Pair, { size, method, antialias }: ResizeAttrs): [AxisWeights, AxisWeights] {
  const along = (i: 0 | 1): AxisWeights => resizeWeights(inputSize[i], size[i], method, antialias)
  return [along(0), along(1)]
}

function tapsRule(n: number, m: number, method: ResizeMethod, antialias: boolean): (i: number) => Taps {
  const scale = f(n / m)
  switch (method) {
    case 'nearest':
      return (i) => ({ start: Math.min(Math.floor(f(f(i + 0.5) * scale)), n - 1), weights: [1] })
    case 'area':
      return (i) => areaTaps(n, scale, i)
    case 'bilinear':
      return antialias ? spanRule(n, m, kernels.triangle, true) : (i) => bilinearTaps(n, scale, i)
    case 'bicubic':
      return antialias ? spanRule(n, m, kernels.keysCubic, true) : (i) => bicubicTaps(n, scale, i)
    default:
      return spanRule(n, m, kernels[method], antialias)
  }
}

/** The position of output element `i` among the inputs, by half-pixel centres. */
function position(i: number, scale: number): number {
  return f(f(f(i + 0.5) * scale) - 0.5)
}

function bilinearTaps(n: number, scale: number, i: number): Taps {
  const at = position(i, scale)
  const lower = Math.max(Math.floor(at), 0)
  const upper = Math.min(Math.ceil(at), n - 1)
  const part = f(at - Math.floor(at))
  return lower === upper ? { start: lower, weights: [1] } : { start: lower, weights: [f(1 - part), part] }
}

const cubicSteps = 1024

/** Keys' cubic (a = -0.5) at distance x of 0..1 and 1..2. */
const nearCubic = (x: number): number => f(f(f(f(f(1.5 * x) - 2.5) * x) * x) + 1)
const farCubic = (x: number): number => f(f(f(f(f(f(-0.5 * x) + 2.5) * x) - 4) * x) + 2)

/** TensorFlow takes the fraction in steps of 1/1024, and gives neighbours outside no weight before it renormalizes. */
function bicubicTaps(n: number, scale: number, i: number): Taps {
  const at = position(i, scale)
  const base = Math.floor(at)
  const step = halfToEven(f(f(at - base) * cubicSteps)) / cubicSteps
  const raw = [farCubic(step + 1), nearCubic(step), nearCubic(1 - step), farCubic(2 - step)]
  const inside = raw.flatMap((weight, k) => {
    const index = base - 1 + k
    return index >= 0 && index < n ? [{ index, weight }] : []
  })
  return normalized(
    inside[0]!.index,
    inside.map(({ weight }) => weight),
  )
}

function halfToEven(x: number): number {
  const floor = Math.floor(x)
  if (x - floor !== 0.5) return Math.round(x)
  return floor % 2 === 0 ? floor : floor + 1
}

/** The mean over [i scale, (i + 1) scale); elements half inside count by the part that is. */
function areaTaps(n: number, scale: number, i: number): Taps {
  const from = f(i * scale)
  const to = f(f(i + 1) * scale)
  const start = Math.floor(from)
  const end = Math.ceil(to)
  const first = Math.min(start, n - 1)
  const weights = new Array<number>(Math.min(end - 1, n - 1) - first + 1).fill(0)
  for (let k = start; k < end; k++) {
    const covered = k < from ? (k + 1 > to ? scale : f(k + 1 - from)) : k + 1 > to ? f(to - k) : 1
    // Rounding can reach one element past the end; TensorFlow reads the last one instead.
    const at = Math.min(k, n - 1) - first
    weights[at] = f(weights[at]! + f(covered / scale))
  }
  return { start: first, weights }
}

interface SamplingKernel {
  readonly radius: number
  /** The weight at distance x >= 0. */
  readonly at: (x: number) => number
}

function lanczos(radius: number): SamplingKernel {
  const at = (x: number): number => {
    if (x > radius) return 0
    if (x <= 1e-3) return 1
    return (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * Math.PI * x * x)
  }
  return { radius, at }
}

const gaussianRadius = 1.5
const sigma = gaussianRadius / 3

const kernels: Readonly<
  Record<'triangle' | 'keysCubic' | 'mitchellcubic' | 'gaussian' | 'lanczos3' | 'lanczos5', SamplingKernel>
> = {
  triangle: { radius: 1, at: (x) => Math.max(1 - x, 0) },
  keysCubic: { radius: 2, at: (x) => (x >= 2 ? 0 : x >= 1 ? farCubic(x) : nearCubic(x)) },
  mitchellcubic: {
    radius: 2,
    at: (x) => {
      if (x >= 2) return 0
      if (x >= 1) return (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9
      return ((7 / 6) * x - 2) * x * x + 8 / 9
    },
  },
  gaussian: {
    radius: gaussianRadius,
    at: (x) => (x >= gaussianRadius ? 0 : Math.exp((-x * x) / (2 * sigma * sigma))),
  },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
}

/** TensorFlow's ScaleAndTranslate without translation. */
function spanRule(n: number, m: number, kernel: SamplingKernel, antialias: boolean): (i: number) => Taps {
  // TensorFlow is given output / input, and inverts it in float32.
  const inverse = f(1 / f(m / n))
  const stretch = antialias ? Math.max(inverse, 1) : 1
  const reach = f(kernel.radius * stretch)
  const squeeze = f(1 / stretch)
  const clamp = (index: number): number => Math.min(Math.max(index, 0), n - 1)
  return (i) => {
    const centre = f(f(i + 0.5) * inverse)
    if (centre > n) return { start: 0, weights: [0] }
    const start = clamp(Math.ceil(f(f(centre - reach) - 0.5)))
    const end = clamp(Math.floor(f(f(centre + reach) - 0.5)))
    const weights: number[] = []
    for (let k = start; k <= end; k++) weights.push(f(kernel.at(Math.abs(f(f(f(k + 0.5) - centre) * squeeze)))))
    return normalized(start, weights)
  }
}

/** Weights divided by their sum; none at all where they cancel out. */
function normalized(start: number, weights: readonly number[]): Taps {
  const total = weights.reduce((sum, weight) => f(sum + weight), 0)
  if (Math.abs(total) < 1000 * 2 ** -126) return { start, weights: [0] }
  const factor = f(1 / total)
  return { start, weights: weights.map((weight) => f(weight * factor)) }
}

/** Gives all elements the same number of taps, moving starts back where they would read past the end. */
function pack(inputSize: number, taps: readonly Taps[]): AxisWeights {
  const span = taps.reduce((most, { weights }) => Math.max(most, weights.length), 1)
  const starts = new Int32Array(taps.length)
  const weights = new Float32Array(taps.length * span)
  taps.forEach((tap, i) => {
    const start = Math.min(tap.start, inputSize - span)
    starts[i] = start
    weights.set(tap.weights, i * span + tap.start - start)
  })
  return { starts, span, weights }
}
