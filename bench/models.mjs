// The models that are measured, and the head that fine-tuning puts on them.
import { applications, input, layers, losses, model, optimizers } from '../dist/index.js'

/**
 * @typedef {object} ModelSpec
 * @property {string} title
 * @property {number} size Height and width of the pictures.
 * @property {number} units Outputs of the head; 1 is a yes-or-no question, more are classes.
 * @property {'imagenet' | null} weights Null: deterministic random ones, see weights.mjs.
 * @property {typeof applications.xception} build
 */

/** @type {Readonly<Record<string, ModelSpec>>} */
export const models = {
  lite0: {
    title: 'EfficientNet-Lite0 224x224',
    size: 224,
    units: 6,
    weights: 'imagenet',
    build: applications.efficientNetLite0,
  },
  xception: { title: 'Xception 150x150', size: 150, units: 1, weights: null, build: applications.xception },
}

/** The convolutional base down to pooled features. @param {ModelSpec} spec @param {'imagenet' | null} weights */
export function buildBase({ build, size }, weights) {
  return build({ weights, includeTop: false, inputShape: [size, size, 3], pooling: 'avg' })
}

/**
 * Base and head, ready to fine-tune: all weights trainable, gammas and betas too; BatchNorm in inference mode.
 * @param {ModelSpec} spec @param {Awaited<ReturnType<typeof buildBase>>} base
 */
export function fineTuned({ size, units }, base) {
  base.trainable = true
  const inputs = input({ shape: [size, size, 3] })
  const features = base.apply(inputs, { training: false })
  const outputs = layers.dense({ units, name: 'head' }).apply(features)
  const network = model({ inputs, outputs })
  const loss =
    units === 1
      ? losses.binaryCrossentropy({ fromLogits: true })
      : losses.sparseCategoricalCrossentropy({ fromLogits: true })
  network.compile({ optimizer: optimizers.adam({ learningRate: 1e-5 }), loss })
  return network
}
