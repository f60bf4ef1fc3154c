// tf.image.resize on one decoded picture, on the host: rows, then columns, with the weights that the engines use.
import { resizeAxes } from '../graph/resize-weights.ts'
import type { ResizeMethod } from '../graph/primitives.ts'

export interface Pixels {
  readonly data: Uint8Array | Float32Array
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** float32 pixels of the new size, unrounded, as tf.image.resize gives them. */
export function resizeImage(
  { data, height, width, channels }: Pixels,
  size: readonly [number, number],
  method: ResizeMethod = 'bilinear',
  antialias = false,
): Float32Array {
  const [rows, columns] = resizeAxes([height, width], { size, method, antialias })
  const [outHeight, outWidth] = size
  const out = new Float32Array(outHeight * outWidth * channels)
  // Each source row that is needed is resized to the new width once; few are alive at a time.
  const narrow = new Map<number, Float32Array>()
  const rowOf = (y: number): Float32Array => {
    let row = narrow.get(y)
    if (row) return row
    row = new Float32Array(outWidth * channels)
    const source = y * width * channels
    for (let x = 0; x < outWidth; x++) {
      const start = source + columns.starts[x]! * channels
      for (let t = 0; t < columns.span; t++) {
        const weight = columns.weights[x * columns.span + t]!
        if (weight === 0) continue
        for (let c = 0; c < channels; c++) row[x * channels + c]! += weight * data[start + t * channels + c]!
      }
    }
    narrow.set(y, row)
    return row
  }
  for (let y = 0; y < outHeight; y++) {
    const first = rows.starts[y]!
    for (const known of narrow.keys()) if (known < first) narrow.delete(known)
    const target = out.subarray(y * outWidth * channels, (y + 1) * outWidth * channels)
    for (let t = 0; t < rows.span; t++) {
      const weight = rows.weights[y * rows.span + t]!
      if (weight === 0) continue
      const row = rowOf(first + t)
      for (let i = 0; i < target.length; i++) target[i]! += weight * row[i]!
    }
  }
  return out
}
