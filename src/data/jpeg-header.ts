// What the first segments of a JPEG file say, read without decoding it: size, components, EXIF orientation.

export interface JpegHeader {
  readonly height: number
  readonly width: number
  /** 1 grey, 3 colour, 4 CMYK. */
  readonly components: number
  /** EXIF's 1 to 8; 1 (upright) if there is none. */
  readonly orientation: number
}

/** Null if there is no frame header where it should be. */
export function jpegHeader(bytes: Uint8Array): JpegHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let orientation = 1
  for (let at = 2; at + 9 < bytes.byteLength && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!
    // Fill bytes, and markers without a length.
    if (marker === 0xff) at++
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7), components: bytes[at + 9]!, orientation }
    else {
      const length = view.getUint16(at + 2)
      if (marker === 0xe1) orientation = exifOrientation(bytes.subarray(at + 4, at + 2 + length)) ?? orientation
      at += 2 + length
    }
  }
  return null
}

/** The orientation in an APP1 segment; null if it holds none. */
function exifOrientation(segment: Uint8Array): number | null {
  const start = [0x45, 0x78, 0x69, 0x66, 0, 0]
  if (segment.byteLength < 14 || !start.every((byte, i) => segment[i] === byte)) return null
  return tiffOrientation(segment.subarray(6))
}

/** The orientation in a TIFF header with its first directory (EXIF in JPEG, PNG and WebP). */
export function tiffOrientation(tiff: Uint8Array): number | null {
  if (tiff.byteLength < 8) return null
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const little = view.getUint16(0) === 0x4949
  if (!little && view.getUint16(0) !== 0x4d4d) return null
  const directory = view.getUint32(4, little)
  if (directory + 2 > tiff.byteLength) return null
  const count = view.getUint16(directory, little)
  for (let i = 0, at = directory + 2; i < count && at + 12 <= tiff.byteLength; i++, at += 12)
    if (view.getUint16(at, little) === 0x0112) {
      const value = view.getUint16(at + 8, little)
      return value >= 1 && value <= 8 ? value : null
    }
  return null
}
