// Every initializer case of the goldens: exact values, or the statistics of one draw.
import { describe, expect, test } from 'vitest'
import { getInitializer, type Initializer } from '../../src/initializers/index.ts'
import { fansOf } from '../../src/initializers/initializer.ts'
import { type Book, bookNames, type JsonObject, readBook } from './read.ts'

interface InitializerCase {
  readonly name: string
  readonly kind: string
  readonly class_name: string
  readonly config: JsonObject
  readonly shape: readonly number[]
  readonly tensor?: string
  readonly fan_in?: number
  readonly fan_out?: number
  readonly measured?: { readonly mean: number; readonly std: number; readonly kurtosis: number }
  readonly same_seed_same_values_on_every_call?: boolean
  readonly gram?: string
}

for (const name of bookNames('initializers')) {
  describe(name, () => {
    const book = readBook<InitializerCase>(name)
    for (const one of book.cases) test(one.name, () => check(book, one))
  })
}

function check(book: Book<InitializerCase>, one: InitializerCase): void {
  const initializer = getInitializer({ class_name: one.class_name, config: one.config })
  expect(initializer.getConfig()).toEqual(one.class_name === 'Identity' ? { gain: 1, ...one.config } : one.config)
  const values = initializer.values(one.shape, 'float32')
  switch (one.kind) {
    case 'exact':
      expect(exactValues(one, book.tensor(one.tensor!).data)).toEqual(book.tensor(one.tensor!).data)
      break
    case 'random':
      checkRandom(one, initializer, values as Float32Array)
      break
    case 'orthogonal':
      checkOrthogonal(one, values as Float32Array)
      break
    default:
      throw new Error(`unknown kind "${one.kind}"`)
  }
}

/** Keras's Identity forgets its gain in get_config: where it is missing the golden's first element gives it. */
function exactValues({ class_name, config, shape }: InitializerCase, golden: ArrayLike<number>): ArrayLike<number> {
  const full = class_name === 'Identity' ? { gain: golden[0]!, ...config } : config
  return getInitializer({ class_name, config: full }).values(shape, 'float32')
}

/** Options of all random initializers; which are there depends on the class. */
interface Options {
  readonly minval: number
  readonly maxval: number
  readonly mean: number
  readonly stddev: number
  readonly scale: number
  readonly mode: string
  readonly distribution: string
}

/** Bounds that hold exactly, and the moments, by the configuration. */
function expectation(one: InitializerCase): { centre: number; std: number; bound: number } {
  const { minval, maxval, mean, stddev, scale, mode, distribution } = one.config as unknown as Options
  if (one.class_name === 'RandomUniform')
    return { centre: (minval + maxval) / 2, std: (maxval - minval) / Math.sqrt(12), bound: (maxval - minval) / 2 }
  const cut = 0.87962566103423978
  if (one.class_name === 'RandomNormal') return { centre: mean, std: stddev, bound: Infinity }
  if (one.class_name === 'TruncatedNormal') return { centre: mean, std: stddev * cut, bound: 2 * stddev }
  const named: Record<string, [number, string, string]> = {
    GlorotUniform: [1, 'fan_avg', 'uniform'],
    GlorotNormal: [1, 'fan_avg', 'truncated_normal'],
    HeUniform: [2, 'fan_in', 'uniform'],
    HeNormal: [2, 'fan_in', 'truncated_normal'],
    LecunUniform: [1, 'fan_in', 'uniform'],
    LecunNormal: [1, 'fan_in', 'truncated_normal'],
    VarianceScaling: [scale, mode, distribution],
  }
  const entry = named[one.class_name]
  if (entry === undefined) throw new Error(`no expectation known for ${one.class_name}`)
  const [by, fanMode, kind] = entry
  const { fanIn, fanOut } = fansOf(one.shape)
  expect({ fanIn, fanOut }).toEqual({ fanIn: one.fan_in, fanOut: one.fan_out })
  const fan = { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 }[fanMode]!
  const std = Math.sqrt(by / Math.max(1, fan))
  const bound = kind === 'uniform' ? Math.sqrt(3) * std : kind === 'truncated_normal' ? (2 * std) / cut : Infinity
  return { centre: 0, std, bound }
}

function checkRandom(one: InitializerCase, initializer: Initializer, values: Float32Array): void {
  const { centre, std, bound } = expectation(one)
  const n = values.length
  const mean = values.reduce((a, b) => a + b, 0) / n
  const power = (k: number) => values.reduce((a, b) => a + (b - mean) ** k, 0) / n
  const measured = Math.sqrt(power(2))
  expect(Math.abs(mean - centre)).toBeLessThan((5 * std) / Math.sqrt(n))
  // 3 %, or what a draw of few numbers strays by: 4.5 standard errors of a normal's deviation, 1 / sqrt(2 n).
  const tolerance = Math.max(0.03, 4.5 / Math.sqrt(2 * n))
  expect(Math.abs(measured / std - 1)).toBeLessThan(tolerance)
  // The formula agrees with what Keras drew, and so does the kind of distribution (standard error sqrt(24 / n) for a normal).
  expect(Math.abs(one.measured!.std / std - 1)).toBeLessThan(tolerance)
  const strayed = Math.max(0.2, 6 * Math.sqrt(24 / n))
  expect(Math.abs(power(4) / measured ** 4 - one.measured!.kurtosis)).toBeLessThan(strayed)
  for (const value of values) expect(Math.abs(value - centre) <= bound * (1 + 1e-6)).toBe(true)
  if (one.same_seed_same_values_on_every_call === true) expect(initializer.values(one.shape, 'float32')).toEqual(values)
  const other = getInitializer({ class_name: one.class_name, config: { ...one.config, seed: 12 } })
  expect(other.values(one.shape, 'float32')).not.toEqual(values)
}

/** The Gram matrix of the rows or columns (as `gram` says) is gain^2 times the identity. */
function checkOrthogonal(one: InitializerCase, values: Float32Array): void {
  const columns = one.shape.at(-1)!
  const rows = values.length / columns
  const gain = (one.config.gain as number | undefined) ?? 1
  const byRows = one.gram!.startsWith('rows')
  expect(byRows).toBe(rows < columns)
  const [count, length] = byRows ? [rows, columns] : [columns, rows]
  const at = (vector: number, i: number) => values[byRows ? vector * columns + i : i * columns + vector]!
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < count; b++) {
      let dot = 0
      for (let i = 0; i < length; i++) dot += at(a, i) * at(b, i)
      expect(Math.abs(dot - (a === b ? gain * gain : 0))).toBeLessThan(1e-5 * Math.max(1, gain * gain))
    }
  }
}
