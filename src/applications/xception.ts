// Xception (Chollet, 2017): separable convolutions with residuals; layer for layer that of Keras.
import { ArgumentError, problem } from '../errors.ts'
import type { Functional } from '../models/index.ts'
import { checkTop, poolFeatures } from './options.ts'
import type { ApplicationOptions } from './options.ts'
import { layers, model, on, startOf } from './parts.ts'
import type { SymbolicTensor } from './parts.ts'
import { assignByName, obtainInputShape, readWeightsFile } from './weights.ts'

function convolution(
  x: SymbolicTensor,
  filters: number,
  kernelSize: number,
  strides: number,
  padding: 'same' | 'valid',
  name?: string,
): SymbolicTensor {
  return on(
    layers.conv2D({ filters, kernelSize, strides, padding, useBias: false, ...(name === undefined ? {} : { name }) }),
    x,
  )
}
function normalization(x: SymbolicTensor, name?: string): SymbolicTensor {
  return on(layers.batchNormalization(name === undefined ? {} : { name }), x)
}
function relu(x: SymbolicTensor, name: string): SymbolicTensor {
  return on(layers.activation({ activation: 'relu', name }), x)
}
function separable(x: SymbolicTensor, filters: number, name: string): SymbolicTensor {
  return normalization(
    on(layers.separableConv2D({ filters, kernelSize: 3, padding: 'same', useBias: false, name }), x),
    `${name}_bn`,
  )
}

/** Two separable convolutions and a pooling, beside a strided 1x1 convolution. Block 2 has no activation in front. */
function downsampling(inputs: SymbolicTensor, block: number, filters: readonly [number, number]): SymbolicTensor {
  const prefix = `block${block}_`
  // Made first, as in Keras: automatic names count in order of creation.
  const residual = normalization(convolution(inputs, filters[1], 1, 2, 'same'))
  let x = block === 2 ? inputs : relu(inputs, `${prefix}sepconv1_act`)
  x = separable(x, filters[0], `${prefix}sepconv1`)
  x = separable(relu(x, `${prefix}sepconv2_act`), filters[1], `${prefix}sepconv2`)
  x = on(layers.maxPooling2D({ poolSize: 3, strides: 2, padding: 'same', name: `${prefix}pool` }), x)
  return on(layers.add(), [x, residual])
}

/**
 * Xception as keras.applications makes it. Inputs: RGB preprocessed as x / 127.5 - 1, at least 71x71; default 299x299.
 * The ImageNet weights are a file of Keras' own format, which is not read yet: give `weights: null` or a safetensors file.
 * @throws ArgumentError for options that contradict each other; FormatError for a weight file that does not fit.
 */
export async function xception(options: ApplicationOptions = {}): Promise<Functional> {
  const {
    includeTop = true,
    weights = 'imagenet',
    pooling = null,
    classes = 1000,
    classifierActivation = 'softmax',
    name = 'xception',
  } = options
  checkTop('xception', options)
  if (weights === 'imagenet')
    throw new ArgumentError(
      problem({
        where: 'xception',
        expected: 'weights null or the path of a safetensors file',
        received: weights,
        hint: "Keras' HDF5 weights cannot be read yet",
      }),
    )
  const own = weights === null ? null : await readWeightsFile('xception', weights)
  const shape = obtainInputShape('xception', options.inputShape, {
    defaultSize: 299,
    minSize: 71,
    includeTop,
    pretrained: false,
  })
  const { x: start, inputs } = startOf(options.inputTensor, shape)
  let x = convolution(start, 32, 3, 2, 'valid', 'block1_conv1')
  x = relu(normalization(x, 'block1_conv1_bn'), 'block1_conv1_act')
  x = convolution(x, 64, 3, 1, 'valid', 'block1_conv2')
  x = relu(normalization(x, 'block1_conv2_bn'), 'block1_conv2_act')
  x = downsampling(x, 2, [128, 128])
  x = downsampling(x, 3, [256, 256])
  x = downsampling(x, 4, [728, 728])
  for (let block = 5; block <= 12; block++) {
    const residual = x
    for (let i = 1; i <= 3; i++) {
      const unit = `block${block}_sepconv${i}`
      x = separable(relu(x, `${unit}_act`), 728, unit)
    }
    x = on(layers.add(), [x, residual])
  }
  x = downsampling(x, 13, [728, 1024])
  x = relu(separable(x, 1536, 'block14_sepconv1'), 'block14_sepconv1_act')
  x = relu(separable(x, 2048, 'block14_sepconv2'), 'block14_sepconv2_act')
  if (includeTop) {
    x = on(layers.globalAveragePooling2D({ name: 'avg_pool' }), x)
    x = on(layers.dense({ units: classes, activation: classifierActivation, name: 'predictions' }), x)
  } else {
    x = poolFeatures(x, pooling)
  }
  const network = model({ inputs, outputs: x, name })
  if (own !== null && weights !== null) assignByName(network, own, weights)
  return network
}
