// Decodes GIF pictures as TensorFlow does: frames drawn over one another, transparent pixels left as they were, disposal ignored.
import type { Frames } from './pixels.ts'

interface Frame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  /** RGB triples. */
  readonly palette: Uint8Array
  /** -1: none. */
  readonly transparent: number
  readonly indices: Uint8Array
}

/** Reads forward; what is not there any more is an error. */
class Reader {
  at: number
  readonly bytes: Uint8Array
  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes
    this.at = at
  }
  byte(): number {
    if (this.at >= this.bytes.byteLength) throw new Error('the file is cut off')
    return this.bytes[this.at++]!
  }
  short(): number {
    return this.byte() | (this.byte() << 8)
  }
  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.byteLength) throw new Error('the file is cut off')
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }
  /** The chained blocks of data that begin here. */
  blocks(): Uint8Array[] {
    const found: Uint8Array[] = []
    for (let size = this.byte(); size > 0; size = this.byte()) found.push(this.take(size))
    return found
  }
}

/**
 * RGB frames. A file that is cut off gives the frames that are whole.
 * @throws Error that says what is wrong; nothing is allocated before the headers have been checked.
 */
export function decodeGif(bytes: Uint8Array, maxPixels: number, all: boolean): Frames<Uint8Array> {
  const frames: Frame[] = []
  try {
    // The canvas is as large as the largest frame: even for the first picture all must be seen.
    for (const frame of readFrames(bytes, maxPixels)) frames.push(frame)
  } catch (error) {
    if (frames.length === 0) throw error
  }
  if (frames.length === 0) throw new Error('there is no picture in it')
  const width = Math.max(...frames.map((frame) => frame.width))
  const height = Math.max(...frames.map((frame) => frame.height))
  const count = all ? frames.length : 1
  if (width * height * count > maxPixels) throw new Error(`it holds ${count} frames of ${height} x ${width} pixels`)
  const size = width * height * 3
  const data = new Uint8Array(count * size)
  for (const [k, frame] of frames.slice(0, count).entries()) {
    const canvas = data.subarray(k * size, (k + 1) * size)
    if (k > 0) canvas.set(data.subarray((k - 1) * size, k * size))
    draw(frame, canvas, height, width)
  }
  return { data, count, height, width, channels: 3 }
}

function draw(
  { left, top, palette, transparent, indices, ...frame }: Frame,
  canvas: Uint8Array,
  height: number,
  width: number,
): void {
  const right = Math.min(left + frame.width, width)
  const bottom = Math.min(top + frame.height, height)
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      const index = indices[(y - top) * frame.width + (x - left)]!
      if (index === transparent) continue
      if (index * 3 >= palette.length) throw new Error(`colour ${index} of a palette of ${palette.length / 3}`)
      canvas.set(palette.subarray(index * 3, index * 3 + 3), (y * width + x) * 3)
    }
}

function* readFrames(bytes: Uint8Array, maxPixels: number): Generator<Frame> {
  const reader = new Reader(bytes, 6)
  reader.take(4)
  const flags = reader.byte()
  reader.take(2)
  const common = flags & 0x80 ? reader.take(3 << ((flags & 7) + 1)) : null
  let transparent = -1
  let pixels = 0
  for (;;) {
    const kind = reader.byte()
    if (kind === 0x3b) return
    if (kind === 0x21) {
      const label = reader.byte()
      const [control] = reader.blocks()
      if (label === 0xf9 && control !== undefined && control.length >= 4)
        transparent = control[0]! & 1 ? control[3]! : -1
    } else if (kind === 0x2c) {
      const [left, top, width, height] = [reader.short(), reader.short(), reader.short(), reader.short()]
      const local = reader.byte()
      const palette = local & 0x80 ? reader.take(3 << ((local & 7) + 1)) : common
      if (palette === null) throw new Error('a frame without colours')
      pixels += width * height
      if (width === 0 || height === 0 || pixels > maxPixels) throw new Error(`its frames claim ${pixels} pixels`)
      const codes = unpack(reader, width * height)
      yield {
        left,
        top,
        width,
        height,
        palette,
        transparent,
        indices: local & 0x40 ? woven(codes, width, height) : codes,
      }
      transparent = -1
    } else throw new Error(`an unknown block ${kind}`)
  }
}

/** Rows of an interlaced picture in their order: every eighth, those between, and so on. */
function woven(stored: Uint8Array, width: number, height: number): Uint8Array {
  const out = new Uint8Array(stored.length)
  let from = 0
  for (const [first, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const)
    // prettier-ignore
    for (let y = first; y < height; y += step, from += width) out.set(stored.subarray(from, from + width), y * width)
  return out
}

/** LZW with codes of growing width, as GIF has it. */
function unpack(reader: Reader, count: number): Uint8Array {
  const bits = reader.byte()
  if (bits < 1 || bits > 8) throw new Error(`codes of ${bits} bits`)
  const [clear, end] = [1 << bits, (1 << bits) + 1]
  const prefix = new Uint16Array(4096)
  const suffix = new Uint8Array(4096)
  const first = new Uint8Array(4096)
  const lengths = new Uint16Array(4096)
  for (let i = 0; i < clear; i++) {
    suffix[i] = first[i] = i
    lengths[i] = 1
  }
  const out = new Uint8Array(count)
  let [written, next, width, previous] = [0, end + 1, bits + 1, -1]
  let [held, have] = [0, 0]
  let ended = false
  for (const block of reader.blocks()) {
    if (ended) continue
    for (const byte of block) {
      held |= byte << have
      have += 8
      while (have >= width && !ended) {
        const code = held & ((1 << width) - 1)
        held >>>= width
        have -= width
        if (code === clear) {
          ;[next, width, previous] = [end + 1, bits + 1, -1]
          continue
        }
        if (code === end || written === count) {
          ended = true
          break
        }
        if (code > next || (code === next && previous < 0) || (previous < 0 && code > end))
          throw new Error('broken data')
        if (previous >= 0 && next < 4096) {
          prefix[next] = previous
          suffix[next] = first[code === next ? previous : code]!
          first[next] = first[previous]!
          lengths[next] = lengths[previous]! + 1
          next++
          if (next === 1 << width && width < 12) width++
        } else if (code >= next) throw new Error('broken data')
        // Written from its end, as the chain is linked.
        const length = lengths[code]!
        for (let at = written + length - 1, link = code; at >= written; at--, link = prefix[link]!)
          if (at < count) out[at] = suffix[link]!
        written = Math.min(written + length, count)
        previous = code
      }
    }
  }
  if (written < count) throw new Error('the pixels are cut off')
  return out
}
