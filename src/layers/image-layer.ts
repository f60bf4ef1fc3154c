// What all layers that transform pictures share: batches and single pictures, labels and masks beside them, pass-through at inference.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { dataFormatOption, requireRank } from './checks.ts'
import type { Config } from './config.ts'
import { type CallKwargs, type CallOptions, Layer, type LayerOptions, toFloat } from './layer.ts'
import { isShape, type LayerShape, type Nested, type SymbolicShape } from './nested.ts'
import { isSpec, type TensorSpec } from './output-spec.ts'
import { isTensor } from './symbolic.ts'

export interface ImageOptions extends LayerOptions {
  /** Only `channels_last`. */
  readonly dataFormat?: 'channels_last' | null
}

/** Pictures, alone or as the `images` of an object with what belongs to them; other entries stay as they are. */
type Images = Tensor | PictureData
interface PictureData {
  readonly images: Tensor
  /** [N, ...], or the label of a single picture. Only MixUp and CutMix change them. */
  readonly labels?: Tensor
  /** Class numbers of pixels, shaped like the pictures; they move with the pixels, and keep their type. */
  readonly segmentationMasks?: Tensor
  readonly [key: string]: unknown
}
/** What Keras would change too, and this library would leave as it is, which is worse than an error. */
const refusedKeys: Readonly<Record<string, string>> = {
  segmentation_masks: 'Name the entry `segmentationMasks`',
  bounding_boxes: 'Bounding boxes are not supported: leave them out',
  boundingBoxes: 'Bounding boxes are not supported: leave them out',
}

/**
 * Pictures [H, W, C] or [N, H, W, C] of any values and type; the output is float32. In training mode, the default of a direct
 * call, pictures are transformed; otherwise they pass through.
 */
export abstract class ImageLayer<Parameters> extends Layer {
  static override readonly defaultTraining: boolean | null = true
  /** How many channels pictures may have; null: any number. */
  static readonly channels: readonly number[] | null = null

  constructor(options: ImageOptions) {
    super(options)
    dataFormatOption(this.where, options.dataFormat)
  }

  /** The parameters for a batch [N, H, W, C]; random ones come from the layer's own seeds unless others are given. */
  abstract getRandomTransformation(images: Tensor, seeds?: ops.SeedGenerator): Parameters
  /** Applies parameters to a float32 batch [N, H, W, C]. */
  abstract transformImages(images: Tensor, parameters: Parameters): Tensor
  /** The labels [N, ...] of the transformed pictures: the same, unless the layer mixes pictures. */
  transformLabels(labels: Tensor, parameters: Parameters): Tensor {
    void parameters
    return labels
  }
  /** Float32 masks [N, H, W, 1] of the transformed pictures: the same, unless the layer moves pixels. */
  transformSegmentationMasks(masks: Tensor, parameters: Parameters): Tensor {
    void parameters
    return masks
  }
  /** True if the layer works at inference too. */
  protected get alwaysActive(): boolean {
    return false
  }

  override build(inputShape: LayerShape): void {
    const { channels } = this.constructor as typeof ImageLayer
    const shape = isShape(inputShape) ? inputShape : (inputShape as Readonly<Record<string, LayerShape>>).images
    const last = isShape(shape) ? shape.at(-1) : undefined
    if (channels === null || typeof last !== 'number' || channels.includes(last)) return
    throw new ShapeError(
      problem({
        where: this.where,
        expected: `pictures with ${channels.join(' or ')} channels`,
        received: `shape ${showShape(shape as SymbolicShape)}`,
      }),
    )
  }

  override call(inputs: Images, { training }: CallOptions): Images {
    if (isTensor(inputs)) return this.#augment({ images: inputs }, training).images
    const keys = Object.keys(inputs)
    if (!isTensor(inputs.images))
      throw new ArgumentError(
        problem({ where: this.where, expected: 'a tensor, or an object with `images`', received: keys }),
      )
    const refused = keys.find((key) => key in refusedKeys)
    if (refused !== undefined)
      throw new ArgumentError(
        problem({
          where: this.where,
          expected: 'an object with `images` and, if there are any, `labels` and `segmentationMasks`',
          received: keys,
          hint: refusedKeys[refused]!,
        }),
      )
    return this.#augment(inputs, training)
  }

  #augment(data: PictureData, training: boolean): PictureData {
    const { labels, segmentationMasks: masks } = data
    requireRank(this.where, data.images.shape, 3, 4)
    const images = toFloat(data.images)
    if (!training && !this.alwaysActive) return { ...data, images }
    const single = images.rank === 3
    const batched = (x: Tensor) => (single ? ops.expandDims(x, 0) : x)
    const unbatched = (x: Tensor) => (single ? ops.squeeze(x, 0) : x)
    const parameters = this.getRandomTransformation(batched(images))
    const result: Record<string, unknown> & { images: Tensor } = {
      ...data,
      images: unbatched(this.transformImages(batched(images), parameters)),
    }
    if (isTensor(labels)) result.labels = unbatched(this.transformLabels(batched(labels), parameters))
    if (isTensor(masks)) {
      requireRank(`${this.where}, segmentationMasks`, masks.shape, images.rank)
      const moved = this.transformSegmentationMasks(batched(toFloat(masks)), parameters)
      result.segmentationMasks = ops.cast(unbatched(moved), masks.dtype)
    }
    return result
  }

  override computeOutputShape(inputShape: LayerShape): LayerShape {
    return inputShape
  }
  override computeOutputSpec(inputs: Nested<TensorSpec>, kwargs: CallKwargs = {}): Nested<TensorSpec> {
    if (isSpec(inputs)) return super.computeOutputSpec(inputs, kwargs)
    const { images, ...rest } = inputs as Readonly<Record<string, Nested<TensorSpec>>>
    return { ...rest, images: super.computeOutputSpec(images!, kwargs) }
  }
  override get recordsBuild(): boolean {
    return true
  }
  override getConfig(): Config {
    return { ...super.getConfig(), data_format: 'channels_last' }
  }
}
