// What every application is called with: the options, and the checks that Keras makes before it builds anything.
import { get as getActivation, serialize } from '../activations/index.ts'
import type { ActivationLike } from '../activations/index.ts'
import { ArgumentError, problem } from '../errors.ts'
import { isSymbolic } from '../layers/index.ts'
import { didYouMean } from '../platform/arguments.ts'
import { checkRules, flag, oneOf, orNull, text, whole } from '../platform/option-rules.ts'
import type { OptionRule, OptionRules } from '../platform/option-rules.ts'
import { exists } from '../platform/text-files.ts'
import { warn } from '../platform/warn.ts'
import type { SymbolicTensor } from './parts.ts'

export interface ApplicationOptions {
  /** Whether the classifier is part of the model. Default true. */
  readonly includeTop?: boolean
  /** `imagenet` (default), null for random weights, or the path of a weight file: what `loadWeights` reads. */
  readonly weights?: 'imagenet' | null | (string & {})
  /** A symbolic tensor to build the model on. */
  readonly inputTensor?: SymbolicTensor
  /** [height, width, channels]; null for unknown sides. */
  readonly inputShape?: readonly (number | null)[]
  /** Without the top: null (default) leaves the 4-D features, `avg` and `max` pool them globally. */
  readonly pooling?: 'avg' | 'max' | null
  /** Default 1000. */
  readonly classes?: number
  /** Default `softmax`; null gives logits. */
  readonly classifierActivation?: ActivationLike
  readonly name?: string
}

const side = whole(1)
const shape: OptionRule = {
  expected: 'a list of three: [height, width, channels], whole numbers >= 1, null for sides that vary',
  fits: (value) =>
    Array.isArray(value) && value.length === 3 && value.every((size) => size === null || side.fits(size)),
  hint: 'For example [160, 160, 3]',
}
const commonRules: Readonly<Record<keyof ApplicationOptions, OptionRule>> = {
  includeTop: flag,
  weights: {
    expected: '"imagenet", null, or the path of a weight file',
    fits: (value) => value === null || text.fits(value),
    hint: 'null gives random weights',
  },
  inputTensor: { expected: 'a symbolic tensor', fits: isSymbolic, hint: 'For example input({ shape: [160, 160, 3] })' },
  inputShape: shape,
  pooling: orNull(oneOf('avg', 'max')),
  classes: whole(1),
  // Its maker says what it can be.
  classifierActivation: { expected: 'an activation', fits: () => true },
  name: text,
}

/**
 * Checks what does not depend on the architecture.
 * @throws ArgumentError for an unknown option, a weight file that is not there, or options that contradict each other.
 */
export async function checkOptions(where: string, options: ApplicationOptions, further: OptionRules): Promise<void> {
  checkRules(where, options, { ...commonRules, ...further }, `${where}({ weights: "imagenet" })`)
  const { weights = 'imagenet', includeTop = true, classes = 1000 } = options
  const isFile = weights !== null && weights !== 'imagenet'
  if (isFile && !(await exists(weights))) {
    const expected = '`weights` to be "imagenet", null, or the path of a weight file'
    const meant = didYouMean(weights, ['imagenet'], 'There is no such file')
    throw new ArgumentError(problem({ where, expected, received: weights, ...meant }))
  }
  if (weights === 'imagenet' && includeTop && classes !== 1000) {
    const hint = 'Take includeTop: false and put a head of your own on the features'
    throw new ArgumentError(
      problem({ where, expected: 'classes 1000 for the ImageNet classifier', received: classes, hint }),
    )
  }
  if (weights !== null && includeTop) checkActivation(where, options.classifierActivation)
}

function checkActivation(where: string, activation: ActivationLike | undefined): void {
  const name = activation === undefined ? 'softmax' : serialize(getActivation(activation))
  if (name === 'softmax' || name === 'linear') return
  const expected = '`classifierActivation` softmax or null with pretrained weights'
  const hint = 'Take includeTop: false and put a head of your own on the features'
  throw new ArgumentError(problem({ where, expected, received: activation, hint }))
}

export interface ShapeRules {
  readonly defaultSize: number
  readonly minSize: number
  readonly includeTop: boolean
  /** With the ImageNet weights. */
  readonly pretrained: boolean
}

/** The input shape that an application takes (Keras' obtain_input_shape). @throws ArgumentError for one it cannot take. */
export function obtainInputShape(
  where: string,
  inputShape: readonly (number | null)[] | undefined,
  { defaultSize, minSize, includeTop, pretrained }: ShapeRules,
): (number | null)[] {
  const standard = [defaultSize, defaultSize, 3]
  if (inputShape === undefined) return includeTop ? standard : [null, null, 3]
  const fail = (expected: string, hint?: string): never => {
    throw new ArgumentError(problem({ where, expected, received: inputShape, ...(hint === undefined ? {} : { hint }) }))
  }
  const [height, width, channels] = inputShape as [number | null, number | null, number | null]
  if (pretrained && channels !== 3) fail('an inputShape with 3 channels for pretrained weights')
  if (pretrained && includeTop && (height !== defaultSize || width !== defaultSize))
    fail(
      `the inputShape [${standard.join(', ')}] for pretrained weights with includeTop`,
      'Other sizes: includeTop: false',
    )
  if (!pretrained && channels !== 1 && channels !== 3)
    warn(`${where}: an inputShape with ${channels} channels; pictures have 1 or 3`)
  for (const side of [height, width])
    if (side !== null && side < minSize) fail(`an inputShape of at least ${minSize}x${minSize}`)
  if (includeTop && inputShape.includes(null)) fail('a known inputShape with includeTop')
  return [...inputShape]
}

/** Of a tensor and a shape, Keras' MobileNetV2 and V3 compare the widths. @throws ArgumentError if they differ. */
export function checkSameSide(where: string, { inputShape, inputTensor }: ApplicationOptions): void {
  if (inputShape === undefined || inputTensor === undefined || inputTensor.shape[2] === inputShape[1]) return
  const expected = `an inputShape as wide as the inputTensor (${inputTensor.shape[2]})`
  throw new ArgumentError(problem({ where, expected, received: inputShape }))
}
