// tf.image.resize on decoded pixels, away from the main thread where the addon is: by the weights that the engines use too.
import type { ResizeTables } from '../engines/native/binding.ts'
import type { Pair, ResizeMethod } from '../graph/primitives.ts'
import { resizeWeights, type AxisWeights } from '../graph/resize-weights.ts'
import { LruCache } from '../ops/lru.ts'
import { pictureAddon } from './picture-addon.ts'
import type { Pixels } from './pixels.ts'

/**
 * How a picture of another shape gets the new size: `stretch`; `crop` cuts the longer side in the middle first (Keras'
 * smart_resize); `pad` keeps all of it, with zeros around (tf.image.resize_with_pad).
 */
export type Fit = 'stretch' | 'crop' | 'pad'

export interface ResizePlan {
  readonly size: Pair
  /** Default `bilinear`. */
  readonly method?: ResizeMethod
  readonly antialias?: boolean
  /** Default `stretch`. */
  readonly fit?: Fit
}

/** Pictures of a folder share few widths and heights, and each table is used many times. */
const tables = new LruCache<AxisWeights>(512)

function weightsFor(input: number, output: number, method: ResizeMethod, antialias: boolean): AxisWeights {
  const key = `${input} ${output} ${method} ${antialias}`
  let found = tables.get(key)
  if (found === undefined) tables.set(key, (found = resizeWeights(input, output, method, antialias)))
  return found
}

/** One axis: the part [from, from + inner.input) of `size` elements, written to [to, to + inner.output) of `output`, zeros around. */
interface Placing {
  readonly size: number
  readonly output: number
  readonly from: number
  readonly input: number
  readonly to: number
  readonly inner: number
}

function placed(place: Placing, method: ResizeMethod, antialias: boolean): AxisWeights {
  const { starts, span, weights } = weightsFor(place.input, place.inner, method, antialias)
  if (place.from === 0 && place.inner === place.output) return { starts, span, weights }
  const outStarts = new Int32Array(place.output)
  const outWeights = new Float32Array(place.output * span)
  for (let i = 0; i < place.inner; i++) outStarts[place.to + i] = starts[i]! + place.from
  outWeights.set(weights, place.to * span)
  return { starts: outStarts, span, weights: outWeights }
}

/** The tables that bring a picture to `size`. */
export function resizeTables([height, width]: Pair, channels: number, plan: ResizePlan): ResizeTables {
  const { size, fit = 'stretch' } = plan
  const [rowPlace, columnPlace] = (fit === 'crop' ? cropped : fit === 'pad' ? padded : stretched)([height, width], size)
  const { method = 'bilinear', antialias = false } = plan
  const rows = placed(rowPlace, method, antialias)
  const columns = placed(columnPlace, method, antialias)
  return {
    height,
    width,
    channels,
    rowStarts: rows.starts,
    rowWeights: rows.weights,
    columnStarts: columns.starts,
    columnWeights: columns.weights,
  }
}

function stretched(input: Pair, size: Pair): [Placing, Placing] {
  const along = (i: 0 | 1): Placing => ({ size: input[i], output: size[i], from: 0, input: input[i], to: 0, inner: size[i] }) // prettier-ignore
  return [along(0), along(1)]
}

function cropped([height, width]: Pair, [targetHeight, targetWidth]: Pair): [Placing, Placing] {
  const cropHeight = Math.max(Math.min(height, Math.trunc((width * targetHeight) / targetWidth)), 1)
  const cropWidth = Math.max(Math.min(width, Math.trunc((height * targetWidth) / targetHeight)), 1)
  const along = (size: number, input: number, output: number): Placing => ({ size, output, from: Math.trunc((size - input) / 2), input, to: 0, inner: output }) // prettier-ignore
  return [along(height, cropHeight, targetHeight), along(width, cropWidth, targetWidth)]
}

/** In float32, as TensorFlow computes it. A side that would vanish keeps one pixel (TensorFlow refuses). */
function padded([height, width]: Pair, [targetHeight, targetWidth]: Pair): [Placing, Placing] {
  const f = Math.fround
  const ratio = Math.max(f(width / targetWidth), f(height / targetHeight))
  const along = (size: number, output: number): Placing => {
    const exact = f(size / ratio)
    const inner = Math.max(1, Math.floor(exact))
    return { size, output, from: 0, input: size, to: Math.max(0, Math.floor((output - exact) / 2)), inner }
  }
  return [along(height, targetHeight), along(width, targetWidth)]
}

/** Float32Array: unrounded, as tf.image.resize gives them; Uint8Array: rounded half to even, within 0..255. */
export async function resizePixels<T extends Uint8Array | Float32Array>(
  pixels: Uint8Array | Float32Array,
  how: ResizeTables,
  target: T,
): Promise<T> {
  const addon = await pictureAddon()
  if (addon !== null) return addon.functions.resizePixels(pixels, how, target)
  resizeHere(pixels, how, target)
  return target
}

/** float32 pixels of the new size. */
export function resizeImage(pixels: Pixels, plan: ResizePlan): Promise<Float32Array> {
  const [height, width] = plan.size
  const how = resizeTables([pixels.height, pixels.width], pixels.channels, plan)
  return resizePixels(pixels.data, how, new Float32Array(height * width * pixels.channels))
}

/** The same in JavaScript, where there is no addon. */
export function resizeHere(
  data: Uint8Array | Float32Array,
  how: ResizeTables,
  target: Uint8Array | Float32Array,
): void {
  const { width, channels, rowStarts, rowWeights, columnStarts, columnWeights } = how
  const [rowSpan, columnSpan] = [rowWeights.length / rowStarts.length, columnWeights.length / columnStarts.length]
  const pitch = columnStarts.length * channels
  // Each source row that is needed is resized to the new width once; few are alive at a time.
  const narrow = new Map<number, Float32Array>()
  const rowOf = (y: number): Float32Array => {
    let row = narrow.get(y)
    if (row) return row
    row = new Float32Array(pitch)
    for (let x = 0; x < columnStarts.length; x++) {
      const start = (y * width + columnStarts[x]!) * channels
      for (let t = 0; t < columnSpan; t++) {
        const weight = columnWeights[x * columnSpan + t]!
        if (weight === 0) continue
        for (let c = 0; c < channels; c++) row[x * channels + c]! += weight * data[start + t * channels + c]!
      }
    }
    narrow.set(y, row)
    return row
  }
  const sum = new Float32Array(pitch)
  for (let y = 0; y < rowStarts.length; y++) {
    const first = rowStarts[y]!
    for (const known of narrow.keys()) if (known < first) narrow.delete(known)
    sum.fill(0)
    for (let t = 0; t < rowSpan; t++) {
      const weight = rowWeights[y * rowSpan + t]!
      if (weight === 0) continue
      const row = rowOf(first + t)
      for (let i = 0; i < pitch; i++) sum[i]! += weight * row[i]!
    }
    if (target instanceof Float32Array) target.set(sum, y * pitch)
    else for (let i = 0; i < pitch; i++) target[y * pitch + i] = Math.max(0, Math.min(255, roundHalfEven(sum[i]!)))
  }
}

/** As NumPy rounds. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value)
  const rest = value - low
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low
}
