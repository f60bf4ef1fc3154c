// A functional model as a flat list of channels-first operations: what the torch rival is made from.

/**
 * @typedef {object} Operation
 * @property {'conv' | 'batchNorm' | 'relu' | 'add' | 'maxPool' | 'globalAveragePool'} kind
 * @property {string} name Also the name of its result.
 * @property {string[]} inputs Names of results.
 * @property {string} [kernel] Weight [height, width, in, out]; with groups [height, width, in, multiplier].
 * @property {string} [bias]
 * @property {number} [groups] 1, or the number of input channels.
 * @property {[number, number]} [strides]
 * @property {[number, number]} [dilations]
 * @property {[number, number]} [size] Of a pooling window.
 * @property {[number, number, number, number]} [pads] Top, left, bottom, right.
 * @property {Record<'gamma' | 'beta' | 'mean' | 'variance', string | null>} [parameters]
 * @property {number} [epsilon]
 * @property {number | null} [max] Where relu is cut off.
 */

/** SAME as Keras has it: the odd pixel goes to the bottom and right. */
function padding(/** @type {string} */ mode, shape, size, strides, dilations = [1, 1]) {
  if (mode === 'valid') return [0, 0, 0, 0]
  if (mode !== 'same') throw new Error(`bench: padding ${mode} is not supported`)
  const total = [0, 1].map((axis) => {
    const extent = (size[axis] - 1) * dilations[axis] + 1
    return Math.max((Math.ceil(shape[axis + 1] / strides[axis]) - 1) * strides[axis] + extent - shape[axis + 1], 0)
  })
  const before = total.map((all) => Math.floor(all / 2))
  return [before[0], before[1], total[0] - before[0], total[1] - before[1]]
}

/** @param {Record<string, unknown>} config */
function convolutions({ name, config }, inputs, shape) {
  if (config.activation !== 'linear')
    throw new Error(`bench: ${name} has an activation; only separate ones are supported`)
  if (config.groups !== undefined && config.groups !== 1) throw new Error(`bench: ${name} has groups`)
  const strides = config.strides
  const dilations = config.dilation_rate
  const place = { strides, dilations, pads: padding(config.padding, shape, config.kernel_size, strides, dilations) }
  const bias = config.use_bias ? { bias: `${name}/bias` } : {}
  const channels = shape[3]
  switch (config.kernelKind) {
    case 'full':
      return [{ kind: 'conv', name, inputs, kernel: `${name}/kernel`, groups: 1, ...place, ...bias }]
    case 'depthwise':
      return [{ kind: 'conv', name, inputs, kernel: `${name}/kernel`, groups: channels, ...place, ...bias }]
    default: {
      const middle = `${name}/depthwise`
      const point = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] }
      return [
        { kind: 'conv', name: middle, inputs, kernel: `${name}/depthwise_kernel`, groups: channels, ...place },
        { kind: 'conv', name, inputs: [middle], kernel: `${name}/pointwise_kernel`, groups: 1, ...point, ...bias },
      ]
    }
  }
}

function operationsOf(layer, inputs, shape) {
  const { name, config } = layer
  switch (layer.class_name) {
    case 'Conv2D':
      return convolutions({ name, config: { ...config, kernelKind: 'full' } }, inputs, shape)
    case 'DepthwiseConv2D':
      return convolutions({ name, config: { ...config, kernelKind: 'depthwise' } }, inputs, shape)
    case 'SeparableConv2D':
      return convolutions({ name, config: { ...config, kernelKind: 'separable' } }, inputs, shape)
    case 'BatchNormalization': {
      const parameters = {
        gamma: config.scale ? `${name}/gamma` : null,
        beta: config.center ? `${name}/beta` : null,
        mean: `${name}/moving_mean`,
        variance: `${name}/moving_variance`,
      }
      return [{ kind: 'batchNorm', name, inputs, parameters, epsilon: config.epsilon }]
    }
    case 'ReLU':
      if (config.negative_slope !== 0 || config.threshold !== 0) break
      return [{ kind: 'relu', name, inputs, max: config.max_value ?? null }]
    case 'Activation':
      if (config.activation !== 'relu') break
      return [{ kind: 'relu', name, inputs, max: null }]
    case 'Add':
      return [{ kind: 'add', name, inputs }]
    case 'MaxPooling2D': {
      const pads = padding(config.padding, shape, config.pool_size, config.strides)
      return [{ kind: 'maxPool', name, inputs, size: config.pool_size, strides: config.strides, pads }]
    }
    case 'GlobalAveragePooling2D':
      if (config.keepdims) break
      return [{ kind: 'globalAveragePool', name, inputs }]
  }
  throw new Error(`bench: no rule for layer ${name} (${layer.class_name}) with these options`)
}

/**
 * The operations of a model, in an order in which they can run.
 * @param {Record<string, any>} config What `getConfig()` of a functional model with one input and one output gives.
 * @returns {{ input: string, output: string, operations: Operation[] }}
 */
export function networkOf(config) {
  const [input] = config.input_layers.flat()
  const [output] = config.output_layers.flat()
  const operations = []
  for (const layer of config.layers) {
    if (layer.class_name === 'InputLayer') continue
    if (layer.inbound_nodes.length !== 1) throw new Error(`bench: layer ${layer.name} is called more than once`)
    const tensors = layer.inbound_nodes[0].args.flat().map((argument) => argument.config)
    const inputs = tensors.map(({ keras_history: [from] }) => from)
    operations.push(...operationsOf(layer, inputs, tensors[0].shape))
  }
  return { input, output, operations }
}
