// JPEG by the addon: its options, and broken, hostile and mutated files. What pixels are right stands in the goldens.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { decodePixels } from '../../src/data/decode-image.ts'
import { jpegHeader } from '../../src/data/jpeg-header.ts'
import { jpegAddon } from '../../src/data/picture-addon.ts'
import { resizeHere, resizeTables } from '../../src/data/resize-image.ts'
import { ArgumentError, FormatError } from '../../src/errors.ts'
import { goldensRoot } from '../goldens-run/read.ts'

const images = join(goldensRoot, 'data', 'images')
const file = (name: string): Uint8Array => Uint8Array.from(readFileSync(join(images, name)))
/** Deterministic bits for mutations. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe('headers', () => {
  test('sizes, components, orientation', () => {
    expect(jpegHeader(file('rgb_420.jpg'))).toEqual({ height: 17, width: 23, components: 3, orientation: 1 })
    expect(jpegHeader(file('progressive.jpg'))).toMatchObject({ height: 17, width: 23, components: 3 })
    expect(jpegHeader(file('gray.jpg'))).toMatchObject({ components: 1 })
    expect(jpegHeader(file('cmyk.jpg'))).toMatchObject({ components: 4 })
    for (const orientation of [3, 6, 8])
      expect(jpegHeader(file(`exif_orientation_${orientation}.jpg`))).toMatchObject({ orientation })
  })
  test('nothing there', () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0xff, 0xd8), file('rgb.png')])
      expect(jpegHeader(bytes)).toBe(null)
  })
})

test('wrong options', async () => {
  await expect(decodePixels(file('rgb_420.jpg'), { channels: 2 as 3 })).rejects.toThrow(ArgumentError)
  await expect(decodePixels(file('rgb_420.jpg'), { dct: 'slow' as 'fast' })).rejects.toThrow(ArgumentError)
  await expect(decodePixels(file('rgb_420.jpg'), { ratio: 3 as 2 })).rejects.toThrow(ArgumentError)
})

describe.skipIf((await jpegAddon()) !== null)('without libjpeg-turbo in the addon (else skipped)', () => {
  const photo = file('rgb_420.jpg')
  test('sharp decodes, whatever `dct` says; a cut file names itself', async () => {
    const pictures = await Promise.all((['fast', 'accurate'] as const).map((dct) => decodePixels(photo, { dct })))
    expect(pictures[0]!.data).toEqual(pictures[1]!.data)
    await expect(decodePixels(photo.subarray(0, -40), { source: 'x.jpg' })).rejects.toThrow(/^x\.jpg/)
  })
  test('what sharp cannot do is an error that says what is needed', async () => {
    for (const options of [{ ratio: 2 }, { fancyUpscaling: false }, { tryRecoverTruncated: true }] as const)
      await expect(decodePixels(photo, options)).rejects.toThrow(/need the addon with libjpeg-turbo/)
  })
})

describe.skipIf((await jpegAddon()) === null)('with libjpeg-turbo in the addon (else skipped)', () => {
  let photo: Uint8Array
  beforeAll(async () => {
    const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
    photo = await sharp({ create: { width: 120, height: 90, channels: 3, background: '#000', noise } }).jpeg().toBuffer() // prettier-ignore
  })
  const decoded = (bytes: Uint8Array, options: Parameters<typeof decodePixels>[1] = {}) =>
    decodePixels(bytes, { source: 'x.jpg', ...options })

  test('ratio gives a smaller picture', async () => {
    expect(await decoded(photo, { ratio: 2 })).toMatchObject({ height: 45, width: 60 })
    expect(await decoded(photo, { ratio: 8 })).toMatchObject({ height: 12, width: 15 })
  })
  test('a cut file is an error, or what it still holds', async () => {
    const cut = photo.subarray(0, photo.length / 2)
    await expect(decoded(cut)).rejects.toThrow(/^x\.jpg: expected a readable JPEG.*Premature end/s)
    const [whole, rescued] = [await decoded(photo), await decoded(cut, { tryRecoverTruncated: true })]
    const row = 120 * 3
    expect(rescued.data.subarray(0, 30 * row)).toEqual(whole.data.subarray(0, 30 * row))
    expect(rescued.data.subarray(80 * row)).not.toEqual(whole.data.subarray(80 * row))
  })
  test('the end marker alone is missed too, as in TensorFlow', () =>
    expect(decoded(photo.subarray(0, -2))).rejects.toThrow(FormatError))
  test('bytes behind the end are nobody’s business', async () => {
    const more = Uint8Array.from([...photo, 1, 2, 3])
    expect((await decoded(more)).data).toEqual((await decoded(photo)).data)
  })
  test('a header that claims a huge picture is refused before anything is allocated', async () => {
    const bomb = Uint8Array.from(photo)
    const at = bomb.findIndex((byte, i) => byte === 0xff && bomb[i + 1] === 0xc0)
    bomb.set([0xff, 0xdc, 0xff, 0xdc], at + 5)
    await expect(decoded(bomb)).rejects.toThrow(/65500 x 65500/)
    expect((await decoded(photo, { maxPixels: 120 * 90 })).height).toBe(90)
    await expect(decoded(photo, { maxPixels: 120 * 90 - 1 })).rejects.toThrow(/90 x 120/)
  })
  test('more scans than any encoder writes are refused', async () => {
    const progressive = await sharp(photo).jpeg({ progressive: true }).toBuffer()
    const starts = [...progressive.keys()].filter((i) => progressive[i] === 0xff && progressive[i + 1] === 0xda)
    const [last, end] = [starts.at(-1)!, progressive.length - 2]
    const again = progressive.subarray(last, end)
    const many = Buffer.concat([progressive.subarray(0, end), ...Array.from({ length: 600 }, () => again), progressive.subarray(end)]) // prettier-ignore
    await expect(decoded(many)).rejects.toThrow(/scans/)
  })

  test('the addon resizes as JavaScript does', async () => {
    const picture = await decoded(photo)
    for (const method of ['nearest', 'bilinear', 'area', 'lanczos3'] as const)
      for (const [Target, tolerance] of [
        [Float32Array, 1e-3],
        [Uint8Array, 1],
      ] as const)
        // prettier-ignore
        for (const fit of ['stretch', 'crop', 'pad'] as const) {
          const tables = resizeTables([90, 120], 3, { size: [33, 200], method, antialias: true, fit })
          const [here, there] = [new Target(33 * 200 * 3), new Target(33 * 200 * 3)]
          resizeHere(picture.data, tables, here)
          const addon = (await jpegAddon())!
          await addon.resizePixels(picture.data, tables, there)
          let worst = 0
          here.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - there[i]!))))
          expect(worst).toBeLessThanOrEqual(tolerance)
        }
  })
  test('tables and targets that do not fit are refused', async () => {
    const addon = (await jpegAddon())!
    const pixels = new Uint8Array(4 * 4 * 3)
    const tables = resizeTables([4, 4], 3, { size: [2, 2] })
    expect(() => addon.resizePixels(pixels, tables, new Float32Array(3))).toThrow(/target/)
    expect(() => addon.resizePixels(pixels.subarray(1), tables, new Float32Array(12))).toThrow(/pixels/)
    const beyond = { ...tables, rowStarts: Int32Array.of(0, 3) }
    expect(() => addon.resizePixels(pixels, beyond, new Float32Array(12))).toThrow(/outside/)
    expect(() => addon.resizePixels(pixels, { ...tables, height: -1 }, new Float32Array(12))).toThrow(/size/)
  })

  // TANUKI_FUZZ=20000 runs more of them.
  const rounds = Number(process.env.TANUKI_FUZZ ?? 2000)
  test(`${rounds} mutated files give pixels or a FormatError`, async () => {
    const seeds = ['rgb_420.jpg', 'progressive.jpg', 'gray.jpg', 'cmyk.jpg', 'rgb_422.jpg', 'exif_orientation_6.jpg', 'optimized.jpg'].map(file) // prettier-ignore
    const next = generator(7)
    let good = 0
    const one = async (): Promise<void> => {
      const bytes = Uint8Array.from(seeds[next(seeds.length)]!)
      const changes = 1 + next(6)
      for (let k = 0; k < changes; k++) {
        // Headers are where decoders break: half of the changes hit the first bytes.
        const at = next(2) ? next(bytes.length) : next(Math.min(bytes.length, 200))
        if (next(3)) bytes[at] = next(256)
        else bytes.set([0xff, 0xc0 + next(64)], Math.min(at, bytes.length - 2))
      }
      const cut = next(4) ? bytes : bytes.subarray(0, next(bytes.length))
      const options = { channels: ([1, 3, 4] as const)[next(3)]!, dct: next(2) ? 'fast' : 'accurate', maxPixels: 1e6, tryRecoverTruncated: next(2) === 0 } as const // prettier-ignore
      const outcome = decodePixels(cut, options).then(({ data, height, width, channels }) => expect(data.length).toBe(height * width * channels)) // prettier-ignore
      await outcome.then(
        () => good++,
        (error: unknown) => expect(error).toBeInstanceOf(FormatError),
      )
    }
    for (let i = 0; i < rounds; i += 100) await Promise.all(Array.from({ length: Math.min(100, rounds - i) }, one))
    // Both outcomes are met, or the test tests nothing.
    expect(good).toBeGreaterThan(rounds / 100)
    expect(good).toBeLessThan(rounds)
  }, 600_000)
})
