// Decoded, resized and loaded pictures, and the functions on pictures, of the goldens.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeImage, decodeWebp } from '../../src/data/index.ts'
import { decodePixels } from '../../src/data/decode-image.ts'
import type { PillowFilter } from '../../src/data/pillow-resize.ts'
import { type Channels, withChannels } from '../../src/data/pixels.ts'
import { resizeImage } from '../../src/data/resize-image.ts'
import { arrayToImg, loadImg, normalize, toCategorical } from '../../src/data/utils.ts'
import { FormatError, TanukiError } from '../../src/errors.ts'
import type { ResizeMethod } from '../../src/graph/primitives.ts'
import { image, tensor } from '../../src/ops/index.ts'
import type { Tensor } from '../../src/ops/index.ts'
import { bySharp, sharpLevels } from './jpeg.ts'
import { type Book, difference, goldensRoot, type Json, type JsonObject, readBook } from './read.ts'

const folder = join(goldensRoot, 'data')

interface Stored {
  readonly shape?: readonly number[]
  readonly tensor?: string
  readonly error?: string
  readonly same_as_channels3?: boolean
  readonly size?: [number, number]
}
interface DecodedCase {
  readonly name: string
  readonly file: string
  readonly tensorflow: Readonly<Record<string, Stored>>
  readonly pillow: Readonly<Record<string, Stored>>
  readonly resized: Readonly<Record<string, { source: string; size: [number, number]; tensor: string }>>
}

describe('data/decoded', () => {
  const book = readBook<DecodedCase>('data/decoded')
  for (const one of book.cases) {
    const bytes = readFileSync(join(folder, one.file))
    const source = one.file
    const jpeg = bytes[0] === 0xff
    const cmyk = jpeg && one.name.includes('cmyk')
    const compare = async (made: Tensor, key: string, absolute = 0, skip?: (i: number) => boolean): Promise<void> => {
      const { shape, data } = book.tensor(key)
      expect(made.shape.filter((_, i) => i < 3 || shape.length > 2)).toEqual(shape.length === 2 ? [...shape, 1] : shape)
      expect(difference(await made.data(), data, { absolute }, skip ? { skip } : {}), key).toBe(null)
    }
    const decoders: Readonly<Record<string, () => Promise<Tensor>>> = {
      channels0: () => decodeImage(bytes, { source, expandAnimations: false }),
      channels1: () => decodeImage(bytes, { source, channels: 1, expandAnimations: false }),
      channels3: () => decodeImage(bytes, { source, channels: 3, expandAnimations: false }),
      channels4: () => decodeImage(bytes, { source, channels: 4, expandAnimations: false }),
      uint16: () => decodeImage(bytes, { source, dtype: 'uint16', expandAnimations: false }),
      integer_accurate: () => decodeImage(bytes, { source, channels: 3, dct: 'accurate' }),
      integer_fast: () => decodeImage(bytes, { source, channels: 3, dct: 'fast' }),
      no_fancy_upscaling: () => decodeImage(bytes, { source, channels: 3, fancyUpscaling: false }),
      frames: () => decodeImage(bytes, { source }),
      decode_webp: () => decodeWebp(bytes, { source }),
    }
    /** What TensorFlow refuses and this library converts, as Pillow does. */
    const converted = (key: string): boolean =>
      one.pillow.rgb?.error === undefined && (key === 'channels4' || key === 'channels1')

    for (const [key, stored] of Object.entries(one.tensorflow)) {
      const note = jpeg && key !== 'integer_accurate' ? bySharp : ''
      const impossible = note !== '' && key === 'no_fancy_upscaling'
      test.skipIf(impossible)(`${one.name} by TensorFlow: ${key}${note}`, async () => {
        const decode = decoders[key]
        if (decode === undefined) throw new Error(`no way to decode as ${key}`)
        if (stored.error !== undefined) {
          if (converted(key)) {
            expect((await decode()).shape.at(-1)).toBe(key === 'channels4' ? 4 : 1)
            return
          }
          await expect(decode()).rejects.toThrow(FormatError)
          await expect(decode()).rejects.toThrow(one.file)
          return
        }
        const expected = stored.same_as_channels3 ? one.tensorflow.channels3!.tensor! : stored.tensor!
        // TensorFlow fills in the alpha of the file's bit depth (15, 1) for palettes and bits, an artefact.
        const artefact = key === 'channels4' && bytes[0] === 0x89 && bytes[24]! < 16 && ![4, 6].includes(bytes[25]!)
        const opaque = artefact ? (i: number): boolean => i % 4 === 3 : undefined
        await compare(await decode(), expected, note === '' ? 0 : sharpLevels, opaque)
      })
    }

    const modes: Readonly<Record<string, Channels>> = { grayscale: 1, rgb: 3, rgba: 4 }
    for (const [key, stored] of Object.entries(one.pillow)) {
      const channels = modes[key]
      test(`${one.name} by Pillow: ${key}`, async () => {
        if (channels === undefined) {
          const found = /^load_img_([a-z]+?)(_keep_aspect)?$/.exec(key)
          if (found === null) throw new Error(`no way to load as ${key}`)
          const options = { targetSize: stored.size!, interpolation: found[1] as PillowFilter, keepAspectRatio: found[2] !== undefined } // prettier-ignore
          await compare(await loadImg(bytes, options), stored.tensor!, cmyk ? 1 : 0)
          return
        }
        const colorMode = key as 'grayscale' | 'rgb' | 'rgba'
        if (stored.error !== undefined) {
          await expect(loadImg(join(folder, one.file), { colorMode })).rejects.toThrow(one.file)
          return
        }
        // Pillow makes a white picture of 16-bit grey: not copied.
        const clipped = bytes[24] === 16 && bytes[25] === 0 && colorMode !== 'grayscale'
        const made = await loadImg(join(folder, one.file), { colorMode })
        if (clipped) expect(made.shape).toEqual(stored.shape)
        else await compare(made, stored.tensor!, cmyk ? 1 : 0)
        // And from the decoder's own RGB.
        const rgb = await decodePixels(bytes, { channels: 3, dct: 'accurate' })
        if (channels === 1 && !clipped && made.dtype === 'uint8')
          expect(withChannels(rgb, 1).data).toEqual(await made.data())
      })
    }

    for (const [name, { source: from, size, tensor: key }] of Object.entries(one.resized))
      test(`${one.name} resized: ${name}`, async () => {
        const { data, shape } = book.tensor(from)
        const [height, width, channels] = shape as [number, number, number]
        const method = name.replace(/_antialias$/, '') as ResizeMethod
        const antialias = name.endsWith('_antialias')
        const pixels = { data: data as Uint8Array, height, width, channels }
        const resized = await resizeImage(pixels, { size, method, antialias })
        const expected = book.tensor(key).data
        expect(difference(resized, expected, { absolute: 1e-3 })).toBe(null)
        const byEngine = image.resize(tensor(data, { shape }), size, { interpolation: method, antialias })
        expect(difference(await byEngine.data(), expected, { absolute: 1e-3 })).toBe(null)
      })
  }
})

interface FunctionCase {
  readonly name: string
  readonly function: string
  readonly arguments: JsonObject
  readonly inputs: readonly string[]
  readonly outputs: readonly string[] | null
  readonly error?: string
}

/** Options and values as the functions take them, from Keras' and TensorFlow's names. */
const camel = (given: JsonObject): Record<string, Json> =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [key.replace(/_./g, (part) => part[1]!.toUpperCase()), value])) // prettier-ignore

type Call = (x: Tensor, options: Record<string, never>) => Tensor | Promise<Tensor>
const functions: Readonly<Record<string, Call>> = {
  smart_resize: (x, { size, ...rest }) => image.smartResize(x, size!, rest),
  'tf.image.resize_with_pad': (x, { targetHeight, targetWidth, method, antialias }) =>
    image.resizeWithPad(x, targetHeight!, targetWidth!, { interpolation: method ?? 'bilinear', antialias: antialias ?? false }), // prettier-ignore
  'tf.image.resize_with_crop_or_pad': (x, { targetHeight, targetWidth }) =>
    image.resizeWithCropOrPad(x, targetHeight!, targetWidth!),
  array_to_img: (x, options) => arrayToImg(x, options),
  to_categorical: (x, { numClasses }) => toCategorical(x, numClasses),
  normalize: (x, options) => normalize(x, options),
  'tf.image.resize': (x, { size, method, ...rest }) => image.resize(x, size!, { interpolation: method!, ...rest }),
  'tf.image.flip_left_right': (x) => image.flipLeftRight(x),
  'tf.image.flip_up_down': (x) => image.flipUpDown(x),
  'tf.image.transpose': (x) => image.transpose(x),
  'tf.image.rot90': (x, { k }) => image.rot90(x, k),
  'tf.image.central_crop': (x, { centralFraction }) => image.centralCrop(x, centralFraction!),
  'tf.image.crop_to_bounding_box': (x, o) => image.cropToBoundingBox(x, o.offsetHeight!, o.offsetWidth!, o.targetHeight!, o.targetWidth!), // prettier-ignore
  'tf.image.pad_to_bounding_box': (x, o) => image.padToBoundingBox(x, o.offsetHeight!, o.offsetWidth!, o.targetHeight!, o.targetWidth!), // prettier-ignore
  'tf.image.adjust_brightness': (x, { delta }) => image.adjustBrightness(x, delta!),
  'tf.image.adjust_contrast': (x, { contrastFactor }) => image.adjustContrast(x, contrastFactor!),
  'tf.image.adjust_hue': (x, { delta }) => image.adjustHue(x, delta!),
  'tf.image.adjust_saturation': (x, { saturationFactor }) => image.adjustSaturation(x, saturationFactor!),
  'tf.image.adjust_gamma': (x, { gamma, gain }) => image.adjustGamma(x, gamma, gain),
  'tf.image.rgb_to_grayscale': (x) => image.rgbToGrayscale(x),
  'tf.image.grayscale_to_rgb': (x) => image.grayscaleToRgb(x),
  'tf.image.rgb_to_hsv': (x) => image.rgbToHsv(x),
  'tf.image.hsv_to_rgb': (x) => image.hsvToRgb(x),
  'tf.image.per_image_standardization': (x) => image.perImageStandardization(x),
  'keras.ops.image.extract_patches': (x, options) => image.extractPatches(x, options as never),
  'keras.ops.image.resize': (x, { size, cropToAspectRatio, padToAspectRatio, ...rest }) =>
    image.resize(cropToAspectRatio ? image.cropToAspectRatio(x, size!) : padToAspectRatio ? image.padToAspectRatio(x, size!) : x, size!, rest), // prettier-ignore
}

async function checkFunction(book: Book<FunctionCase>, one: FunctionCase): Promise<void> {
  const call = functions[one.function]
  if (call === undefined) throw new Error(`no function ${one.function}`)
  const { data, shape, dtype } = book.tensor(one.inputs[0]!)
  const input = tensor(data, { shape, dtype })
  const options = camel(one.arguments) as Record<string, never>
  if (one.outputs === null) {
    await expect((async () => call(input, options))()).rejects.toThrow(TanukiError)
    return
  }
  const made = await call(input, options)
  const expected = book.tensor(one.outputs[0]!)
  expect(made.shape).toEqual(expected.shape.length === 2 && made.rank === 3 ? [...expected.shape, 1] : expected.shape)
  if (one.function !== 'array_to_img') expect(made.dtype).toBe(expected.dtype)
  // Fractions that fall on either side of a whole number may be cut off to either.
  const whole = expected.dtype !== 'float32'
  const colours = whole && one.function.includes('adjust')
  const scale = data.some((value) => value > 2) ? 1e-3 : 1e-5
  const got = await made.data()
  expect(difference(got, expected.data, { absolute: whole ? (colours ? 1 : 0) : scale })).toBe(null)
  if (colours) {
    const off = got.filter((value: number, i: number) => value !== expected.data[i]).length
    expect(off).toBeLessThanOrEqual(Math.ceil(got.length / 50))
  }
}

describe('data/image_utils', () => {
  const book = readBook<FunctionCase>('data/image_utils')
  for (const one of book.cases) test(one.name, () => checkFunction(book, one))
})

// Made by scripts/goldens/images.py.
describe('data/image_functions', () => {
  const book = readBook<FunctionCase>('data/image_functions')
  for (const one of book.cases) test(one.name, () => checkFunction(book, one))
})
