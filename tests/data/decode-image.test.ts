// Decoding what the goldens do not have: kinds of bitmaps, broken, huge and misnamed files.
import { describe, expect, test } from 'vitest'
import sharp from 'sharp'
import { decodePixels } from '../../src/data/decode-image.ts'
import { ArgumentError, FormatError } from '../../src/errors.ts'

/** A bitmap of 40 bytes of header; `extra` stands between header and pixels. */
function bitmap(
  width: number,
  height: number,
  bits: number,
  pixels: readonly number[],
  extra: readonly number[] = [],
  compression = 0,
): Uint8Array {
  const out = new Uint8Array(54 + extra.length + pixels.length)
  const view = new DataView(out.buffer)
  out.set([0x42, 0x4d])
  view.setUint32(10, 54 + extra.length, true)
  view.setUint32(14, 40, true)
  view.setInt32(18, width, true)
  view.setInt32(22, height, true)
  view.setUint16(28, bits, true)
  view.setUint32(30, compression, true)
  if (bits <= 8) view.setUint32(46, extra.length / 4, true)
  out.set(extra, 54)
  out.set(pixels, 54 + extra.length)
  return out
}
const palette = [0, 0, 0, 0, 3, 2, 1, 0, 6, 5, 4, 0]
const rgb = async (bytes: Uint8Array): Promise<number[]> => [...(await decodePixels(bytes)).data]
const pixels = { data: [1, 2, 3, 4, 5, 6] }

describe('bitmaps', () => {
  test('1 bit', async () => expect(await rgb(bitmap(3, 1, 1, [0b0100_0000, 0, 0, 0], palette.slice(0, 8)))).toEqual([0, 0, 0, 1, 2, 3, 0, 0, 0])) // prettier-ignore
  test('4 bits', async () => expect(await rgb(bitmap(2, 1, 4, [0x12, 0, 0, 0], palette))).toEqual(pixels.data))
  test('8 bits, bottom row first', async () => expect(await rgb(bitmap(1, 2, 8, [2, 0, 0, 0, 1, 0, 0, 0], palette))).toEqual(pixels.data)) // prettier-ignore
  test('8 bits, top row first', async () => expect(await rgb(bitmap(1, -2, 8, [1, 0, 0, 0, 2, 0, 0, 0], palette))).toEqual(pixels.data)) // prettier-ignore
  test('16 bits', async () => expect(await rgb(bitmap(1, 1, 16, [0x1f, 0x7c, 0, 0]))).toEqual([255, 0, 255]))
  test('32 bits, and with masks', async () => {
    expect(await rgb(bitmap(2, 1, 32, [3, 2, 1, 0, 6, 5, 4, 0]))).toEqual(pixels.data)
    const masks = [0, 0, 0, 0xff, 0, 0, 0xff, 0, 0, 0xff, 0, 0]
    expect(await rgb(bitmap(1, 1, 32, [0, 3, 2, 1], masks, 3))).toEqual([1, 2, 3])
  })
  const broken = {
    'a huge size': bitmap(100_000, 100_000, 24, [0, 0, 0]),
    'no rows': bitmap(1, 0, 24, [0, 0, 0]),
    'negative width': bitmap(-1, 1, 24, [0, 0, 0]),
    'pixels cut off': bitmap(2, 2, 24, [0, 0, 0]),
    'a colour beyond the palette': bitmap(1, 1, 8, [9, 0, 0, 0], palette),
    'a palette cut off': bitmap(1, 1, 8, [], palette).subarray(0, 60),
    'run lengths': bitmap(1, 1, 8, [0, 0, 0, 0], palette, 1),
    'a header cut off': bitmap(1, 1, 24, [0, 0, 0]).subarray(0, 30),
    'another number of bits': bitmap(1, 1, 7, [0, 0, 0, 0]),
  }
  for (const [name, bytes] of Object.entries(broken))
    test(`${name} is refused`, () =>
      expect(decodePixels(bytes, { source: 'x.bmp' })).rejects.toThrow(/^x\.bmp: expected/))
})

describe('other kinds', () => {
  const made = (kind: 'png' | 'jpeg' | 'gif' | 'webp'): Promise<Buffer> =>
    sharp({ create: { width: 40, height: 30, channels: 3, background: '#204060' } }).toFormat(kind).toBuffer() // prettier-ignore
  for (const kind of ['png', 'jpeg', 'gif', 'webp'] as const)
    test(`${kind}: whole, cut, too large`, async () => {
      const bytes = await made(kind)
      expect(await decodePixels(bytes)).toMatchObject({ height: 30, width: 40, channels: 3 })
      for (const part of [0.5, 0.8]) {
        const cut = decodePixels(bytes.subarray(0, Math.floor(bytes.length * part)), { source: `cut.${kind}` })
        await expect(cut).rejects.toThrow(FormatError)
        await expect(cut).rejects.toThrow(`cut.${kind}`)
      }
      await expect(decodePixels(bytes, { maxPixels: 1199, source: 'big' })).rejects.toThrow(/^big: expected/)
      expect((await decodePixels(bytes, { maxPixels: 1200 })).data.length).toBe(3600)
    })
  test('a PNG that claims a huge size', async () => {
    const bytes = Uint8Array.from(await made('png'))
    new DataView(bytes.buffer).setUint32(16, 60_000)
    new DataView(bytes.buffer).setUint32(20, 60_000)
    await expect(decodePixels(bytes, { source: 'bomb.png' })).rejects.toThrow(FormatError)
  })
  test('channels', () => expect(decodePixels(new Uint8Array(8), { channels: 2 as 3 })).rejects.toThrow(ArgumentError))
})
