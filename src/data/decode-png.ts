// PNG to pixels, by sharp, with the channels and the bits that the file's header names.
import { type Frames, withChannels } from './pixels.ts'

interface Header {
  readonly bits: number
  /** Channels that TensorFlow gives unasked: palettes are RGB, with alpha if one of their colours is transparent. */
  readonly channels: number
}

/** The first bytes of the file, up to its pixels. */
function readHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.byteLength < 33) throw new Error('the header is cut off')
  const kind = bytes[25]!
  let transparent = false
  for (let at = 33; at + 8 <= bytes.byteLength; at += 12 + view.getUint32(at)) {
    const name = view.getUint32(at + 4)
    if (name === 0x49444154) break
    if (name === 0x74524e53) transparent = true
  }
  const channels = { 0: 1, 2: 3, 3: transparent ? 4 : 3, 4: 2, 6: 4 }[kind]
  if (channels === undefined) throw new Error(`colours of kind ${kind}`)
  return { bits: bytes[24]!, channels }
}

/**
 * channels 0: those of the file. `wide`: 16 bits, 8-bit values times 257; else 8 bits, of 16-bit values the high byte.
 * @throws Error that says what is wrong.
 */
export async function decodePng(
  bytes: Uint8Array,
  maxPixels: number,
  channels: number,
  wide: boolean,
): Promise<Frames> {
  const header = readHeader(bytes)
  const { default: sharp } = await import('sharp')
  const deep = header.bits === 16
  const picture = sharp(bytes, { ignoreIcc: true, failOn: 'error', limitInputPixels: maxPixels })
    .toColourspace(deep ? 'rgb16' : 'srgb')
    .ensureAlpha()
  const { data, info } = await picture.raw({ depth: deep ? 'ushort' : 'uchar' }).toBuffer({ resolveWithObject: true })
  const { height, width } = info
  const size = height * width * 4
  // A copy where the bytes do not lie at an even place.
  const buffer = deep && data.byteOffset % 2 ? Uint8Array.from(data) : data
  const rgba = deep
    ? new Uint16Array(buffer.buffer, buffer.byteOffset, size)
    : new Uint8Array(data.buffer, data.byteOffset, size)
  const pixels = withChannels<Frames>(
    { data: rgba, count: 1, height, width, channels: 4 },
    channels || header.channels,
    'libpng',
  )
  if (deep === wide) return pixels
  return {
    ...pixels,
    data: wide
      ? Uint16Array.from(pixels.data, (value) => value * 257)
      : Uint8Array.from(pixels.data, (value) => value >> 8),
  }
}
