// Mistakes with pretrained models: options of every application, preprocessInput, decodePredictions, weightsFor.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { applications, input, ops, tensor } from '../../src/index.ts'
import { quietFolder } from './folder.ts'
import { checkMistakes, type Mistakes, wrong } from './mistakes.ts'

const folder = quietFolder()

type Build = (options?: never) => Promise<unknown>
/** What all applications share. None of these loads weights or builds a model. */
const common = (build: Build): Mistakes => ({
  'include_top': () => build(wrong({ include_top: false })),
  'the weights without their name': () => build(wrong('imagenet')),
  'null': () => build(wrong(null)),
  'a model': () => build(wrong(input({ shape: [8, 8, 3] }))),
  'imagnet': () => build(wrong({ weights: 'imagnet' })),
  'a weight file that is not there': () => build(wrong({ weights: join(folder, 'none.weights.h5') })),
  'weights: true': () => build(wrong({ weights: true })),
  'includeTop as text': () => build(wrong({ includeTop: 'no' })),
  'includeTop as a number': () => build(wrong({ includeTop: 0 })),
  'a shape as text': () => build(wrong({ weights: null, inputShape: '331x331' })),
  'a shape of one number': () => build(wrong({ weights: null, inputShape: 331 })),
  'a shape without channels': () => build(wrong({ weights: null, inputShape: [331, 331] })),
  'a shape with a batch': () => build(wrong({ weights: null, inputShape: [null, 331, 331, 3] })),
  'a shape of texts': () => build(wrong({ weights: null, inputShape: ['331', '331', '3'] })),
  'NaN in the shape': () => build(wrong({ weights: null, inputShape: [NaN, 331, 3] })),
  'a fraction in the shape': () => build(wrong({ weights: null, inputShape: [331.5, 331, 3] })),
  'too small pictures': () => build(wrong({ weights: null, includeTop: false, inputShape: [16, 16, 3] })),
  'another pooling': () => build(wrong({ weights: null, includeTop: false, pooling: 'average' })),
  'other classes for the ImageNet classifier': () => build(wrong({ classes: 10 })),
  'classes as names': () => build(wrong({ weights: null, classes: ['cat', 'dog'] })),
  'another activation of the ImageNet classifier': () => build(wrong({ classifierActivation: 'sigmoid' })),
  'a tensor of numbers as input': () => build(wrong({ weights: null, inputTensor: ops.ones([1, 331, 331, 3]) })),
  'a shape as input tensor': () => build(wrong({ weights: null, inputTensor: [331, 331, 3] })),
  'a name as number': () => build(wrong({ weights: null, name: 5 })),
  'the option input_tensor': () => build(wrong({ input_tensor: null })),
}) // prettier-ignore

const table: Record<string, Mistakes> = {}
const xception = applications.xception
const pictures = tensor(new Float32Array(12), { shape: [2, 2, 3] })
for (const { name, build } of applications.list()) table[`applications.${name}`] = common(build as unknown as Build)
const also = (name: string, more: Mistakes): void => {
  table[`applications.${name}`] = { ...table[`applications.${name}`], ...more }
}
also('xception', {
  'another size with the ImageNet classifier': () => xception({ inputShape: [150, 150, 3] }),
  'grey pictures with ImageNet weights': () => xception({ includeTop: false, inputShape: [150, 150, 1] }),
  'sides that vary with a classifier': () => xception({ weights: null, inputShape: [null, null, 3] }),
  'a file that holds no weights': () => {
    const path = join(folder, 'words.safetensors')
    writeFileSync(path, 'these are no weights, only words')
    return xception({ weights: path })
  },
})
const { mobileNet, mobileNetV2, mobileNetV3Small, convNeXtTiny, efficientNetV2B0 } = applications
also('mobileNet', {
  'a width without weights': () => mobileNet({ alpha: 0.3 }),
  'a width as text': () => mobileNet({ weights: null, alpha: wrong('0.5') }),
  'a width of 0': () => mobileNet({ weights: null, alpha: 0 }),
  'a depth multiplier without weights': () => mobileNet({ depthMultiplier: 2 }),
  'a fraction of a depth multiplier': () => mobileNet({ weights: null, depthMultiplier: 1.5 }),
  'a dropout in per cent': () => mobileNet({ weights: null, dropout: 20 }),
  depth_multiplier: () => mobileNet(wrong({ depth_multiplier: 1 })),
})
also('mobileNetV2', {
  'a width without weights': () => mobileNetV2({ alpha: 0.25 }),
  'a width as text': () => mobileNetV2({ weights: null, alpha: wrong('1') }),
  'a shape that is not the tensor’s': () => mobileNetV2({ weights: null, inputTensor: input({ shape: [64, 64, 3] }), inputShape: [64, 65, 3] }),
}) // prettier-ignore
also('mobileNetV3Small', {
  'a width without weights': () => mobileNetV3Small({ alpha: 0.5 }),
  'minimalistic as text': () => mobileNetV3Small({ minimalistic: wrong('yes') }),
  include_preprocessing: () => mobileNetV3Small(wrong({ include_preprocessing: false })),
})
also('convNeXtTiny', { 'includePreprocessing as text': () => convNeXtTiny({ includePreprocessing: wrong('no') }) })
also('efficientNetV2B0', { 'includePreprocessing as text': () => efficientNetV2B0({ includePreprocessing: wrong('no') }) }) // prettier-ignore

checkMistakes('applications', table, { hide: { [folder]: '<folder>' } })

const index = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [i, [`n${i}`, `class ${i}`] as const]))
const scores = ops.ones([1, 1000])
const decode = (predictions: unknown, options: unknown = { classIndex: index }) =>
  applications.decodePredictions(wrong(predictions), wrong(options))
const decoding: Mistakes = {
  nothing: () => decode(undefined),
  null: () => decode(null),
  'a promise of predictions': () => decode(Promise.resolve(scores)),
  'names of classes': () => decode(['cat', 'dog']),
  'one row without a batch': () => decode(ops.ones([1000])),
  'predictions of other classes': () => decode(ops.ones([1, 10])),
  features: () => decode(ops.ones([1, 7, 7, 2048])),
  'a number in place of options': () => decode(scores, 3),
  'top as text': () => decode(scores, { classIndex: index, top: '3' }),
  'a negative top': () => decode(scores, { classIndex: index, top: -1 }),
  'a fraction as top': () => decode(scores, { classIndex: index, top: 2.5 }),
  topK: () => decode(scores, { topK: 3 }),
  class_index: () => decode(scores, { class_index: index }),
  'a list of names': () => decode(scores, { classIndex: ['cat', 'dog'] }),
  'a path of names': () => decode(scores, { classIndex: 'names.json' }),
}
const preprocess = (x: unknown) => applications.resNet50.preprocessInput(wrong(x))
checkMistakes('applications-data', {
  'applications.decodePredictions': decoding,
  'applications.preprocessInput': {
    'nothing': () => preprocess(undefined),
    'null': () => preprocess(null),
    'a path': () => preprocess('cat.jpg'),
    'a promise of a picture': () => preprocess(Promise.resolve(pictures)),
    'a list of tensors': () => preprocess([pictures]),
    'grey pictures': () => preprocess(ops.ones([2, 2, 1])),
    'pictures with alpha': () => preprocess(ops.ones([1, 2, 2, 4])),
    'a row of numbers': () => preprocess([1, 2, 3]),
    'channels in front': () => preprocess(ops.ones([3, 8, 8])),
    'batches of batches': () => preprocess(ops.ones([1, 1, 2, 2, 3])),
    'a grey symbolic tensor': () => preprocess(input({ shape: [8, 8, 1] })),
    'a Float64Array': () => preprocess(new Float64Array(12)),
  },
}) // prettier-ignore
