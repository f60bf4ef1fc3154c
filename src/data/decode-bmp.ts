// Decodes Windows bitmaps: 1, 4 and 8 bits with a palette, 16, 24 and 32 bits with or without bit masks; not the compressed ones.

export interface BmpPixels {
  /** RGBA, row-major, top row first; alpha 255 where the file has none. */
  readonly data: Uint8Array
  /** 1 for a palette of greys, 3, or 4 with an alpha mask or 32 bits. */
  readonly channels: 1 | 3 | 4
  readonly height: number
  readonly width: number
}

interface Header {
  readonly offset: number
  readonly width: number
  readonly height: number
  readonly topDown: boolean
  readonly bits: number
  readonly masks: readonly [number, number, number, number]
  /** Where the palette begins, and its entries. */
  readonly palette: { readonly at: number; readonly size: number; readonly entryBytes: number }
}

/** @throws Error that says what is wrong; nothing is allocated before the header has been checked against the bytes. */
export function decodeBmp(bytes: Uint8Array, maxPixels: number): BmpPixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = readHeader(view, maxPixels)
  const { width, height, bits, offset, topDown } = header
  // Rows are padded to four bytes.
  const stride = Math.ceil((width * bits) / 32) * 4
  if (offset + stride * (height - 1) + Math.ceil((width * bits) / 8) > bytes.byteLength)
    throw new Error('the pixels are cut off')
  const rgba = new Uint8Array(width * height * 4)
  const pixel = bits <= 8 ? paletteReader(view, header) : directReader(view, header)
  for (let y = 0; y < height; y++) {
    const row = offset + stride * (topDown ? y : height - 1 - y)
    for (let x = 0; x < width; x++) pixel(row, x, rgba, (y * width + x) * 4)
  }
  return { data: rgba, height, width, channels: bits > 8 ? (bits === 32 ? 4 : 3) : isGrey(view, header) ? 1 : 3 }
}

function isGrey(view: DataView, { palette }: Header): boolean {
  for (let i = 0, at = palette.at; i < palette.size; i++, at += palette.entryBytes)
    if (view.getUint8(at) !== view.getUint8(at + 1) || view.getUint8(at) !== view.getUint8(at + 2)) return false
  return true
}

function readHeader(view: DataView, maxPixels: number): Header {
  if (view.byteLength < 26) throw new Error('the header is cut off')
  const headerSize = view.getUint32(14, true)
  const old = headerSize === 12
  if (!old && (headerSize < 40 || headerSize > 124)) throw new Error(`a header of ${headerSize} bytes`)
  if (view.byteLength < 14 + headerSize) throw new Error('the header is cut off')
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true)
  const rows = old ? view.getUint16(20, true) : view.getInt32(22, true)
  const height = Math.abs(rows)
  if (width <= 0 || height === 0 || width * height > maxPixels)
    throw new Error(`the header claims ${width} x ${height} pixels`)
  const bits = view.getUint16(old ? 24 : 28, true)
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`${bits} bits a pixel`)
  const compression = old ? 0 : view.getUint32(30, true)
  const masked = compression === 3 || compression === 6
  if (compression !== 0 && !(masked && (bits === 16 || bits === 32)))
    throw new Error(`compression ${compression}, which is not supported`)
  const colours = old ? 0 : view.getUint32(46, true)
  const size = bits > 8 ? 0 : colours === 0 ? 1 << bits : Math.min(colours, 1 << bits)
  const maskBytes = masked && headerSize === 40 ? (compression === 6 ? 16 : 12) : 0
  const at = 14 + headerSize + maskBytes
  const entryBytes = old ? 3 : 4
  if (at + size * entryBytes > view.byteLength) throw new Error('the palette is cut off')
  const offset = view.getUint32(10, true)
  return {
    offset,
    width,
    height,
    topDown: rows < 0,
    bits,
    masks: masksOf(view, bits, masked, headerSize, compression),
    palette: { at, size, entryBytes },
  }
}

function masksOf(
  view: DataView,
  bits: number,
  masked: boolean,
  headerSize: number,
  compression: number,
): [number, number, number, number] {
  if (!masked) return bits === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0x00ff00, 0x0000ff, 0]
  // Behind the classic header, or within the longer ones: at the same place.
  const mask = (i: number): number => view.getUint32(54 + 4 * i, true)
  return [mask(0), mask(1), mask(2), compression === 6 || headerSize >= 56 ? mask(3) : 0]
}

type PixelReader = (row: number, x: number, out: Uint8Array, to: number) => void

function paletteReader(view: DataView, { bits, palette }: Header): PixelReader {
  const perByte = 8 / bits
  return (row, x, out, to) => {
    const byte = view.getUint8(row + Math.floor(x / perByte))
    const index = (byte >> (8 - bits * ((x % perByte) + 1))) & ((1 << bits) - 1)
    if (index >= palette.size) throw new Error(`colour ${index} of a palette of ${palette.size}`)
    const from = palette.at + index * palette.entryBytes
    for (let c = 0; c < 3; c++) out[to + c] = view.getUint8(from + 2 - c)
    out[to + 3] = 255
  }
}

function directReader(view: DataView, { bits, masks }: Header): PixelReader {
  if (bits === 24)
    return (row, x, out, to) => {
      for (let c = 0; c < 3; c++) out[to + c] = view.getUint8(row + 3 * x + 2 - c)
      out[to + 3] = 255
    }
  const channels = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask)
    const most = mask >>> shift
    return (value: number, none: number): number =>
      most === 0 ? none : Math.round((((value & mask) >>> shift) * 255) / most)
  })
  return (row, x, out, to) => {
    const value = bits === 16 ? view.getUint16(row + 2 * x, true) : view.getUint32(row + 4 * x, true)
    channels.forEach((channel, c) => (out[to + c] = channel(value, c === 3 ? 255 : 0)))
  }
}
