// Operations of Keras' graphs on pictures: resizing, colours, windows and fixed kernels. Channels come last.
import { ArgumentError, problem } from '../errors.ts'
import { resizing } from '../layers/index.ts'
import type { Config } from '../layers/config.ts'
import * as ops from '../ops/index.ts'
import type { Padding, PairLike, Tensor } from '../ops/index.ts'
import { rule } from './operation-rules.ts'
import type { OperationRule } from './operation-rules.ts'

const image = 'keras.src.ops.image'
const nn = 'keras.src.ops.nn'

/** A rule for [N, H, W, C] (or, on pictures, [H, W, C]). @throws ArgumentError for channels in front. */
function channelsLast(module: string, run: (x: Tensor, attributes: Config, args: readonly unknown[]) => Tensor) {
  return rule(module, (args, attributes) => {
    const format = attributes.data_format ?? 'channels_last'
    if (format !== 'channels_last')
      throw new ArgumentError(
        problem({ where: 'operation', expected: '`data_format` channels_last', received: format }),
      )
    return run(args[0] as Tensor, attributes, args)
  })
}

interface Windows {
  readonly strides?: PairLike
  readonly padding: Padding
}
function windows({ strides, padding }: Config): Windows {
  return {
    ...(strides === null || strides === undefined ? {} : { strides: strides as PairLike }),
    padding: (padding ?? 'valid') as Padding,
  }
}
const poolSize = (attributes: Config): PairLike => attributes.pool_size as PairLike
const dilation = (attributes: Config): PairLike => (attributes.dilation_rate ?? 1) as PairLike

/** What is left of `size` pixels from both sides, of which two of three numbers are given. */
function sides(first: unknown, last: unknown, target: unknown, total: number): [number, number] {
  const [a, b, length] = [first, last, target].map((value) => (typeof value === 'number' ? value : null))
  if (a === null) return [total - length! - b!, b!]
  return [a!, b ?? total - length! - a!]
}

export const imageRules: Record<string, OperationRule> = {
  Resize: channelsLast(image, (x, attributes) => {
    const [height, width] = attributes.size as [number, number]
    return resizing({
      height,
      width,
      interpolation: (attributes.interpolation ?? 'bilinear') as 'bilinear',
      antialias: attributes.antialias === true,
      cropToAspectRatio: attributes.crop_to_aspect_ratio === true,
      padToAspectRatio: attributes.pad_to_aspect_ratio === true,
      fillMode: (attributes.fill_mode ?? 'constant') as 'constant',
      fillValue: (attributes.fill_value ?? 0) as number,
    }).call(x)
  }),
  RGBToGrayscale: channelsLast(image, (x) => ops.rgbToGrayscale(x)),
  RGBToHSV: channelsLast(image, (x) => ops.rgbToHsv(x)),
  HSVToRGB: channelsLast(image, (x) => ops.hsvToRgb(x)),
  CropImages: channelsLast(image, (x, at) => {
    const [top, bottom] = sides(at.top_cropping, at.bottom_cropping, at.target_height, x.shape.at(-3)!)
    const [left, right] = sides(at.left_cropping, at.right_cropping, at.target_width, x.shape.at(-2)!)
    const before = x.rank === 4 ? [0] : []
    const sizes = [...before.map(() => -1), x.shape.at(-3)! - top - bottom, x.shape.at(-2)! - left - right, -1]
    return ops.slice(x, [...before, top, left, 0], sizes)
  }),
  PadImages: channelsLast(image, (x, at) => {
    const pair = (first: unknown, last: unknown, target: unknown, total: number): [number, number] => {
      const [a, b, length] = [first, last, target].map((value) => (typeof value === 'number' ? value : null))
      return a === null ? [length! - total - b!, b!] : [a!, b ?? length! - total - a!]
    }
    const rows = pair(at.top_padding, at.bottom_padding, at.target_height, x.shape.at(-3)!)
    const columns = pair(at.left_padding, at.right_padding, at.target_width, x.shape.at(-2)!)
    return ops.pad(x, [...(x.rank === 4 ? [[0, 0] as const] : []), rows, columns, [0, 0]])
  }),
  MaxPool: channelsLast(nn, (x, attributes) => ops.maxPool(x, { poolSize: poolSize(attributes), ...windows(attributes) })), // prettier-ignore
  AveragePool: channelsLast(nn, (x, attributes) => ops.averagePool(x, { poolSize: poolSize(attributes), ...windows(attributes) })), // prettier-ignore
  Conv: channelsLast(nn, (x, attributes, [, kernel]) => ops.conv(x, kernel as Tensor, { ...windows(attributes), dilationRate: dilation(attributes) })), // prettier-ignore
  DepthwiseConv: channelsLast(nn, (x, attributes, [, kernel]) => ops.depthwiseConv(x, kernel as Tensor, { ...windows(attributes), dilationRate: dilation(attributes) })), // prettier-ignore
}
