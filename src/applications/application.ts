// How an application is made: its facts and its architecture become a function with all that belongs to the pretrained model.
import type { ActivationLike } from '../activations/index.ts'
import { problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import type { Functional } from '../models/index.ts'
import type { Tensor, TensorLike } from '../ops/index.ts'
import { decodePredictions } from './imagenet.ts'
import type { DecodeOptions, Prediction } from './imagenet.ts'
import { checkOptions, obtainInputShape } from './options.ts'
import type { ApplicationOptions } from './options.ts'
import { layers, model, on, startOf } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import type { OptionRule } from '../platform/option-rules.ts'
import { preprocess, valueRanges } from './preprocess.ts'
import type { PreprocessingMode } from './preprocess.ts'
import { loadPretrained } from './weights.ts'
import type { WeightsRecord } from './weights.ts'

/** What is known about an application. */
export interface ApplicationInfo {
  /** Name in Keras, e.g. `Xception`; null where Keras has none. */
  readonly kerasName: string | null
  /** Keras' module, whose models share the preprocessing: `xception`, `resnet_v2`, … */
  readonly family: string
  /** Side of the pictures that the weights were trained for, in pixels. */
  readonly defaultSize: number
  /** Least side in pixels. */
  readonly minSize: number
  /** Number of weights with the ImageNet classifier, all options at their defaults. */
  readonly parameters: number
  /** ImageNet validation accuracy as Keras documents it, in percent; null where it does not. */
  readonly top1: number | null
  readonly top5: number | null
  /** How `preprocessInput` scales pixels; `none` where the model itself does. */
  readonly preprocessing: PreprocessingMode
  /** Licence of the pretrained weights. */
  readonly licence: string
}

/** Options with their defaults, as the builders use them. */
export interface Settings<O extends ApplicationOptions> {
  readonly includeTop: boolean
  /** Whether the ImageNet weights will be loaded. */
  readonly pretrained: boolean
  readonly pooling: 'avg' | 'max' | null
  readonly classes: number
  readonly classifierActivation: ActivationLike
  /** [height, width, channels] */
  readonly inputShape: readonly (number | null)[]
  /** Of the model. */
  readonly name: string
  readonly options: O
}

/** The parts in which applications differ. */
export interface Definition<O extends ApplicationOptions> {
  /** Name of the function, for errors. */
  readonly where: string
  readonly info: ApplicationInfo
  /** What options beyond the common ones must be. */
  readonly furtherOptions?: Readonly<Record<Exclude<keyof O, keyof ApplicationOptions>, OptionRule>>
  /** Size that the ImageNet weights demand with the top; default `info.defaultSize`. */
  readonly sizeFor?: (options: O) => number
  /** Where the common rule for the input shape does not hold. */
  readonly shapeFor?: (options: O, settings: { includeTop: boolean; pretrained: boolean }) => (number | null)[]
  /** What Keras refuses beyond the common checks. */
  readonly check?: (settings: Settings<O>) => void
  readonly modelName: (settings: Omit<Settings<O>, 'name'>) => string
  /** The ImageNet weights. */
  readonly weights: (settings: Settings<O>) => WeightsRecord | readonly WeightsRecord[]
  /** From the input to the output. */
  readonly build: (x: SymbolicTensor, settings: Settings<O>) => SymbolicTensor
}

/** A pretrained model: call it to build one. */
export interface Application<O extends ApplicationOptions = ApplicationOptions> {
  /**
   * Builds the model, with the ImageNet weights unless `weights` says otherwise; they are downloaded once and kept.
   * @throws ArgumentError for options that contradict each other; DownloadError; FormatError for a weight file that does not fit.
   */
  (options?: O): Promise<Functional>
  readonly info: ApplicationInfo
  /** Least and greatest value of what the model takes (after `preprocessInput`); null for values that have no fixed range. */
  readonly valueRange: readonly [number, number] | null
  /** The files of the ImageNet weights for these options. */
  weightsFor(options?: O): readonly WeightsRecord[]
  /**
   * Pixels of 0..255, RGB, [..., height, width, 3], as the model wants them. Symbolic tensors give symbolic ones. The argument is not changed.
   * @throws ShapeError for something that is not a picture or a batch of them.
   */
  preprocessInput(x: SymbolicTensor): SymbolicTensor
  preprocessInput(x: TensorLike): Tensor
  /** The most probable ImageNet classes of each row of the predictions [n, 1000]. */
  decodePredictions(predictions: TensorLike, options?: DecodeOptions): Promise<Prediction[][]>
}

/** Makes the function of an application. */
export function application<O extends ApplicationOptions = ApplicationOptions>(
  definition: Definition<O>,
): Application<O> {
  const { where, info } = definition
  const build = async (options: O = {} as O): Promise<Functional> => {
    await checkOptions(where, options, definition.furtherOptions ?? {})
    const settings = settingsOf(definition, options)
    definition.check?.(settings)
    const { weights = 'imagenet' } = options
    const { x, inputs } = startOf(options.inputTensor, [...settings.inputShape])
    const network = model({ inputs, outputs: built(definition, x, settings), name: settings.name })
    if (settings.pretrained) await loadPretrained(network, recordsOf(definition, settings))
    else if (weights !== null) await network.loadWeights(weights)
    return network
  }
  return Object.assign(build, {
    info,
    valueRange: valueRanges[info.preprocessing],
    weightsFor: (options?: O) => recordsOf(definition, settingsOf(definition, options ?? ({} as O))),
    preprocessInput: ((x: TensorLike | SymbolicTensor) =>
      preprocess(where, x, info.preprocessing)) as Application['preprocessInput'],
    decodePredictions,
  })
}

/** Builds on `x`. @throws ShapeError that names the least size, for an inputTensor that a layer in the midst finds too small. */
function built<O extends ApplicationOptions>(
  { where, info: { minSize }, build }: Definition<O>,
  x: SymbolicTensor,
  settings: Settings<O>,
): SymbolicTensor {
  try {
    return build(x, settings)
  } catch (error) {
    const small = x.shape.slice(1, 3).some((side) => side !== null && side < minSize)
    if (!(error instanceof ShapeError && small)) throw error
    const expected = `an inputTensor of at least ${minSize}x${minSize} pixels`
    throw new ShapeError(problem({ where, expected, received: showShape(x.shape), hint: error.message }), {
      cause: error,
    })
  }
}

function settingsOf<O extends ApplicationOptions>(definition: Definition<O>, options: O): Settings<O> {
  const { where, info } = definition
  const { includeTop = true, weights = 'imagenet', pooling = null, classes = 1000 } = options
  const pretrained = weights === 'imagenet'
  const defaultSize = definition.sizeFor?.(options) ?? info.defaultSize
  const inputShape =
    definition.shapeFor?.(options, { includeTop, pretrained }) ??
    obtainInputShape(where, options.inputShape, { defaultSize, minSize: info.minSize, includeTop, pretrained })
  const { classifierActivation = 'softmax' } = options
  const settings = { includeTop, pretrained, pooling, classes, classifierActivation, inputShape, options }
  return { ...settings, name: options.name ?? definition.modelName(settings) }
}

function recordsOf<O extends ApplicationOptions>(
  { weights }: Definition<O>,
  settings: Settings<O>,
): readonly WeightsRecord[] {
  const records = weights(settings)
  return 'fileName' in records ? [records] : records
}

/** The global pooling that ends a model without its top, named as the families do it. */
export function poolFeatures(
  x: SymbolicTensor,
  pooling: 'avg' | 'max' | null,
  names: 'automatic' | 'named' = 'automatic',
): SymbolicTensor {
  if (pooling === null) return x
  const name = names === 'automatic' ? null : `${pooling}_pool`
  const layer = pooling === 'avg' ? layers.globalAveragePooling2D({ name }) : layers.globalMaxPooling2D({ name })
  return on(layer, x)
}

/** The classifier of most families, `avg_pool` and `predictions`, or the pooling without the top. */
export function finish<O extends ApplicationOptions>(
  x: SymbolicTensor,
  { includeTop, pooling, classes, classifierActivation }: Settings<O>,
  names: 'automatic' | 'named' = 'automatic',
): SymbolicTensor {
  if (!includeTop) return poolFeatures(x, pooling, names)
  const pooled = on(layers.globalAveragePooling2D({ name: 'avg_pool' }), x)
  return on(layers.dense({ units: classes, activation: classifierActivation, name: 'predictions' }), pooled)
}
