// Parameters of the image layers as the goldens store them, and as this library's layers take them.
import type { AugMix, ImageLayer, RandAugment } from '../../src/layers/index.ts'
import { type Tensor, tensor } from '../../src/ops/index.ts'
import type { JsonObject } from './read.ts'

/** A parameter that is one number for all pictures, or one for each. */
function vector(value: unknown, n: number): Tensor {
  const list = Array.isArray(value) ? (value as number[]) : new Array<number>(n).fill(value as number)
  if (list.length !== n || list.some((item) => typeof item === 'number' && !Number.isFinite(item)))
    throw new Error(`parameter ${JSON.stringify(value)} for ${n} pictures`)
  return tensor(list)
}

const camel = (name: string) => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())

/** What `layer.transformImages` takes, for the parameters of a golden; `read` gives the tensors that they name. */
export function transformationOf(
  layer: ImageLayer<unknown>,
  p: JsonObject,
  shape: readonly number[],
  read: (key: string) => Tensor,
): unknown {
  const [n, height, width] = shape as readonly [number, number, number, number]
  const numbers = (key: string) => vector(p[key], n)
  const whole = (key: string) => tensor(p[key] as number | number[], { dtype: 'int32' })
  const inner = (name: string, parameters: JsonObject) => {
    const layers = (layer as RandAugment | AugMix).augmentations
    return transformationOf(layers[camel(name) as keyof typeof layers], parameters, shape, read)
  }
  const boxes = () => ({ x0: numbers('x0'), x1: numbers('x1'), y0: numbers('y0'), y1: numbers('y1') })
  switch (layer.className) {
    case 'AutoContrast':
    case 'Equalization':
    case 'ContrastLimitedAdaptiveHistogramEqualization':
      return null
    case 'RandomRotation':
      return { angle: numbers('angle_degrees') }
    case 'RandomZoom':
      return { heightZoom: numbers('height_zoom'), widthZoom: numbers('width_zoom') }
    case 'RandomTranslation': {
      if ('height_pixels' in p) return { heightShift: numbers('height_pixels'), widthShift: numbers('width_pixels') }
      const pixels = (fraction: unknown, size: number) =>
        vector(Array.isArray(fraction) ? fraction.map((f) => (f as number) * size) : (fraction as number) * size, n)
      return { heightShift: pixels(p.height_fraction, height), widthShift: pixels(p.width_fraction, width) }
    }
    case 'RandomShear':
      return { shearX: numbers('shear_x'), shearY: numbers('shear_y') }
    case 'RandomPerspective':
      return {
        applyPerspective: numbers('apply'),
        startPoints: tensor(p.start_points as number[][][]),
        endPoints: tensor(p.end_points as number[][][]),
      }
    case 'RandomElasticTransform':
      return {
        applyTransform: numbers('apply'),
        distortionFactor: tensor(p.distortion as number),
        noise: read(p.noise_tensor as string),
      }
    case 'RandomFlip':
      return { flips: tensor(p.flips as boolean[]) }
    case 'RandomContrast':
      return { contrast: numbers('contrast_factor') }
    case 'RandomBrightness':
      return { delta: numbers('delta') }
    case 'RandomHue':
    case 'RandomSaturation':
    case 'RandomColorDegeneration':
    case 'RandomSharpness':
      return { factor: numbers('factor') }
    case 'RandomGrayscale':
      return { shouldApply: numbers('apply') }
    case 'RandomInvert':
      return { applyInversion: numbers('apply') }
    case 'RandomPosterization':
      return { shiftFactor: whole('shift') }
    case 'Solarization':
      return { additions: numbers('additions'), thresholds: numbers('thresholds') }
    case 'RandomGaussianBlur':
      return { shouldApplyBlur: numbers('apply'), blurFactor: tensor(p.sigma as number[]) }
    case 'RandomErasing': {
      const { fillValue, valueRange } = layer as unknown as { fillValue: number | number[]; valueRange: number[] }
      const limited = (value: number) => Math.min(Math.max(value, valueRange[0]!), valueRange[1]!)
      const fill = () => tensor(Array.isArray(fillValue) ? fillValue.map(limited) : limited(fillValue))
      return {
        applyErasing: numbers('apply'),
        boxes: boxes(),
        fill: 'fill_tensor' in p ? read(p.fill_tensor as string) : fill(),
      }
    }
    case 'RandomCrop':
      return { top: whole('h_start'), left: whole('w_start') }
    case 'MixUp':
      return { mixWeight: numbers('mix_weight'), permutationOrder: whole('permutation') }
    case 'CutMix':
      return { mixWeight: numbers('mix_weight'), permutationOrder: whole('permutation'), boxes: boxes() }
    case 'RandAugment': {
      const transforms = Object.entries(p.transforms as Record<string, JsonObject>)
      return {
        layerIdxes: whole('layer_idxes'),
        transforms: Object.fromEntries(transforms.map(([name, one]) => [camel(name), inner(name, one)])),
      }
    }
    case 'AugMix': {
      const chains = p.chain_transforms as readonly (readonly { layer_name: string; transformation: JsonObject }[])[]
      return {
        chainMixingWeights: tensor(p.chain_mixing_weights as number[]),
        weightSample: tensor(p.weight_sample as number),
        chainTransforms: chains.map((links) =>
          links.map(({ layer_name: name, transformation }) => ({
            index: tensor(0, { dtype: 'int32' }),
            transforms: { [camel(name)]: inner(name, transformation) },
          })),
        ),
      }
    }
    default:
      throw new Error(`no parameters known for ${layer.className}`)
  }
}
