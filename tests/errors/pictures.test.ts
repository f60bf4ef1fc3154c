// Mistakes with picture files as bytes: decoding, encoding, telling kinds apart, and Keras' functions on single pictures.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { data, ops, tensor, utils } from '../../src/index.ts'
import { quietFolder } from './folder.ts'
import { checkMistakes, each, loose, type Mistakes, wrong } from './mistakes.ts'

const folder = quietFolder()
mkdirSync(join(folder, 'a.png'))

const pixels = tensor(Uint8Array.from({ length: 12 }, (_, i) => i), { shape: [2, 2, 3] }) // prettier-ignore
const png = await data.encodePng(pixels)
const bmp = await data.encodeBmp(pixels)
const files = { png, bmp, jpeg: await data.encodeJpeg(pixels), gif: await data.encodeGif(pixels), webp: await data.encodeWebp(pixels) } // prettier-ignore

const noBytes = {
  'nothing': undefined, 'null': null, 'a path': 'cat.jpg', 'a promise': Promise.resolve(png), 'an ArrayBuffer': png.buffer, 'a list of numbers': [...png.slice(0, 4)],
  'a picture': pixels, 'a base64 text': 'data:image/png;base64,iVBORw0KGgo=', 'a Uint16Array': new Uint16Array(4), 'a URL': new URL('https://example.org/cat.jpg'),
} // prettier-ignore

/** What the functions that decode share. */
function decoding(name: string, own: keyof typeof files | null): Mistakes {
  const decode = loose(data)[name]!
  const good = files[own ?? 'png']
  return {
    ...each(decode, noBytes),
    'no bytes': () => decode(new Uint8Array(0)),
    'a text file': () => decode(new TextEncoder().encode('not a picture')),
    'channels without their name': () => decode(good, 3),
    'null in place of options': () => decode(good, null),
    'expand_animations': () => decode(good, { expand_animations: false }),
    'three channels as text': () => decode(good, { channels: 'rgb' }),
    'two channels': () => decode(good, { channels: 2 }),
    'float64': () => decode(good, { dtype: 'float64' }),
    'a fraction as ratio': () => decode(good, { ratio: 0.5 }),
    'dct_method': () => decode(good, { dct_method: 'INTEGER_ACCURATE' }),
    'dct in capitals': () => decode(good, { dct: 'INTEGER_ACCURATE' }),
    'fancyUpscaling as text': () => decode(good, { fancyUpscaling: 'no' }),
    'no pixels at all': () => decode(good, { maxPixels: 0 }),
    'an orientation by number': () => decode(good, { applyExifOrientation: 6 }),
    'a source that is a number': () => decode(good, { source: 1 }),
    // Of JPEG, each of the two decoders has its own words.
    ...(own === 'jpeg'
      ? {}
      : {
          'half of a file': () => decode(good.slice(0, good.length / 2)),
          'fewer pixels than it has': () => decode(good, { maxPixels: 2 }),
        }),
    ...(own === null ? {} : { 'a file of another kind': () => decode(own === 'bmp' ? png : bmp) }),
    ...(own === null ? { 'expandAnimations as text': () => decode(good, { expandAnimations: 'first' }) } : {}),
  }
} // prettier-ignore

const noPictures = {
  'nothing': undefined, 'null': null, 'a path': 'cat.jpg', 'a promise': Promise.resolve(pixels), 'the bytes of a file': png, 'a batch': ops.zeros([4, 2, 2, 3], 'uint8'), 'a matrix': ops.zeros([2, 2], 'uint8'),
  'floats': ops.ones([2, 2, 3]), 'nested numbers': [[[0, 0, 0]]], 'five channels': ops.zeros([2, 2, 5], 'uint8'), 'no pixels': ops.zeros([0, 2, 3], 'uint8'), 'a function': () => pixels,
} // prettier-ignore

const encoders: Record<string, Mistakes> = {
  'data.encodeJpeg': {
    ...each(loose(data).encodeJpeg!, noPictures),
    'alpha': () => data.encodeJpeg(ops.zeros([2, 2, 4], 'uint8')),
    'a quality without its name': () => data.encodeJpeg(pixels, wrong(95)),
    'a quality beyond 100': () => data.encodeJpeg(pixels, { quality: 101 }),
    'a quality from 0 to 1': () => data.encodeJpeg(pixels, { quality: 0.95 }),
    'a quality as text': () => data.encodeJpeg(pixels, { quality: wrong('high') }),
    'optimize_size': () => data.encodeJpeg(pixels, wrong({ optimize_size: true })),
    'progressive as text': () => data.encodeJpeg(pixels, { progressive: wrong('yes') }),
    'another unit': () => data.encodeJpeg(pixels, { densityUnit: wrong('inch') }),
    'a density of 0': () => data.encodeJpeg(pixels, { xDensity: 0 }),
  },
  'data.encodePng': {
    ...each(loose(data).encodePng!, noPictures),
    'a level without its name': () => data.encodePng(pixels, wrong(9)),
    'a level beyond 9': () => data.encodePng(pixels, { compression: 10 }),
    'no compression': () => data.encodePng(pixels, { compression: wrong(false) }),
    'a quality': () => data.encodePng(pixels, wrong({ quality: 80 })),
    'values beyond 16 bits': () => data.encodePng(tensor([[[70000]]], { dtype: 'int32' })),
    'values below 0': () => data.encodePng(tensor([[[-1]]], { dtype: 'int32' })),
  },
  'data.encodeWebp': {
    ...each(loose(data).encodeWebp!, noPictures),
    'grey': () => data.encodeWebp(ops.zeros([2, 2, 1], 'uint8')),
    'a quality without its name': () => data.encodeWebp(pixels, wrong(80)),
    'a quality of 0': () => data.encodeWebp(pixels, { quality: 0 }),
    'lossless as a number': () => data.encodeWebp(pixels, { lossless: wrong(1) }),
    'loseless': () => data.encodeWebp(pixels, wrong({ loseless: true })),
  },
  'data.encodeGif': each(loose(data).encodeGif!, noPictures),
  'data.encodeBmp': { ...each(loose(data).encodeBmp!, noPictures), 'alpha': () => data.encodeBmp(ops.zeros([2, 2, 4], 'uint8')) },
} // prettier-ignore

const to = (name: string): string => join(folder, name)
const save = (...given: unknown[]) => loose(utils).saveImg!(...given)
const { floats: _, 'nested numbers': __, ...noArrays } = noPictures
const single: Record<string, Mistakes> = {
  'utils.imgToArray': {
    ...each(loose(utils).imgToArray!, { ...noArrays, 'a matrix': 5, 'five channels': [], 'no pixels': ['cat.jpg'] }),
    'a dtype without its name': () => utils.imgToArray(pixels, wrong('float32')),
    'float64': () => utils.imgToArray(pixels, { dtype: wrong('float64') }),
    'data_format': () => utils.imgToArray(pixels, wrong({ data_format: 'channels_first' })),
    'dataFormat': () => utils.imgToArray(pixels, wrong({ dataFormat: 'channels_first' })),
    'null in place of options': () => utils.imgToArray(pixels, wrong(null)),
  },
  'utils.arrayToImg': {
    ...each(loose(utils).arrayToImg!, noArrays),
    'scale without its name': () => utils.arrayToImg(pixels, wrong(false)),
    'scale as a number': () => utils.arrayToImg(pixels, { scale: wrong(255) }),
    'data_format': () => utils.arrayToImg(pixels, wrong({ data_format: 'channels_last' })),
    'channels in front': () => utils.arrayToImg(ops.ones([3, 8, 8])),
  },
  'utils.saveImg': {
    'nothing': () => save(),
    'no picture': () => save(to('b.png')),
    'the picture in front': () => save(pixels, to('b.png')),
    'no ending': () => save(to('b'), pixels),
    'the ending of a text': () => save(to('b.txt'), pixels),
    'TIFF': () => save(to('b.tiff'), pixels),
    'a format without its name': () => save(to('b.png'), pixels, 'png'),
    'file_format': () => save(to('b'), pixels, { file_format: 'png' }),
    'a format that is not there': () => save(to('b.png'), pixels, { fileFormat: 'tiff' }),
    'a batch': () => save(to('b.png'), ops.zeros([4, 2, 2, 3], 'uint8')),
    'a promise of a picture': () => save(to('b.png'), Promise.resolve(pixels)),
    'a quality from 0 to 1': () => save(to('b.jpg'), pixels, { quality: 0.9 }),
    'scale as text': () => save(to('b.png'), pixels, { scale: 'no' }),
    'a deep grey picture as JPEG': () => save(to('b.jpg'), tensor([[[1000]]]), { scale: false }),
    'a path that is a folder': () => save(to('a.png'), pixels),
  },
} // prettier-ignore

checkMistakes('pictures', {
  'data.imageKind': each(loose(data).imageKind!, noBytes),
  'data.decodeImage': decoding('decodeImage', null),
  'data.decodeJpeg': decoding('decodeJpeg', 'jpeg'),
  'data.decodePng': decoding('decodePng', 'png'),
  'data.decodeGif': decoding('decodeGif', 'gif'),
  'data.decodeBmp': decoding('decodeBmp', 'bmp'),
  'data.decodeWebp': decoding('decodeWebp', 'webp'),
  ...encoders,
  ...single,
  'data.TensorSpec': {
    'nothing': () => new data.TensorSpec(wrong(undefined), wrong(undefined)),
    'no dtype': () => new data.TensorSpec([2], wrong(undefined)),
    'the dtype in front': () => new data.TensorSpec(wrong('float32'), wrong([2])),
    'an object': () => new data.TensorSpec(wrong({ shape: [2], dtype: 'float32' }), wrong(undefined)),
    'a number as shape': () => new data.TensorSpec(wrong(2), 'float32'),
    'null as shape': () => new data.TensorSpec(wrong(null), 'float32'),
    '-1 for an open size': () => new data.TensorSpec([-1, 3], 'float32'),
    'undefined for an open size': () => new data.TensorSpec(wrong([undefined, 3]), 'float32'),
    'a fraction': () => new data.TensorSpec([2.5], 'float32'),
    'float64': () => new data.TensorSpec([2], wrong('float64')),
    'text': () => new data.TensorSpec([], wrong('string')),
    'a class as dtype': () => new data.TensorSpec([2], wrong(Float32Array)),
  },
}, { hide: { [folder]: '<folder>' } }) // prettier-ignore

test('what is refused leaves no file', () => {
  expect(existsSync(to('b.png'))).toBe(false)
  expect(readdirSync(folder)).toEqual(['a.png'])
})
