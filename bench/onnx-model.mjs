// Writes a network as an ONNX model, with BatchNorm folded into the convolution in front of it.
import { bytes, encode, float, int, message, string } from './protobuf.mjs'

/** @typedef {import('./network.mjs').Operation} Operation */
/** @typedef {{ readonly shape: readonly number[], readonly data: Float32Array }} Weight */
/** @typedef {{ weight: Weight, bias: Float32Array | null }} Filter */

// Numbers of fields and types: onnx/onnx.proto.
const attributeInts = (name, values) => message(5, string(1, name), ...values.map((v) => int(8, v)), int(20, 7))
const attributeInt = (name, value) => message(5, string(1, name), int(3, value), int(20, 2))
const attributeFloat = (name, value) => message(5, string(1, name), float(2, value), int(20, 1))

/** @param {string} type @param {string} name @param {readonly string[]} inputs @param {...Uint8Array[]} attributes */
function node(type, name, inputs, ...attributes) {
  return message(
    1,
    ...inputs.map((input) => string(1, input)),
    string(2, name),
    string(3, name),
    string(4, type),
    ...attributes,
  )
}

/** @param {string} name @param {Weight} weight */
function initializer(name, { shape, data }) {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return message(5, ...shape.map((side) => int(1, side)), int(2, 1), string(8, name), bytes(9, raw))
}

/** @param {number} field @param {string} name @param {readonly number[]} shape */
function valueInfo(field, name, shape) {
  const dimensions = shape.map((side) => message(1, int(1, side)))
  return message(field, string(1, name), message(2, message(1, int(1, 1), message(2, ...dimensions))))
}

/**
 * [height, width, in, out] to [out, in, height, width]; with groups [height, width, in, multiplier] to [in * multiplier, 1, height, width].
 * @param {Weight} weight @param {number} groups
 * @returns {Weight}
 */
function channelsFirst({ shape, data }, groups) {
  const [height, width, channels, last] = shape
  const out = groups === 1 ? last : channels * last
  const perFilter = groups === 1 ? channels : 1
  const window = height * width
  const values = new Float32Array(data.length)
  for (let at = 0; at < window; at++)
    for (let c = 0; c < channels; c++)
      for (let l = 0; l < last; l++) {
        const target = groups === 1 ? (l * channels + c) * window : (c * last + l) * window
        values[target + at] = data[(at * channels + c) * last + l]
      }
  return { shape: [out, perFilter, height, width], data: values }
}

/** Scale and shift of each channel. @param {Operation} batchNorm @param {ReadonlyMap<string, Weight>} weights */
function scaleAndShift({ parameters, epsilon }, weights) {
  const values = (name) => (name === null ? null : weights.get(name).data)
  const [gamma, beta, mean, variance] = [parameters.gamma, parameters.beta, parameters.mean, parameters.variance].map(
    values,
  )
  const scale = Float64Array.from(variance, (v, i) => (gamma?.[i] ?? 1) / Math.sqrt(v + epsilon))
  const shift = Float64Array.from(scale, (s, i) => (beta?.[i] ?? 0) - mean[i] * s)
  return { scale, shift }
}

/** @param {Filter} filter @param {{ scale: Float64Array, shift: Float64Array }} norm @returns {Filter} */
function fold({ weight, bias }, { scale, shift }) {
  const perFilter = weight.data.length / scale.length
  const data = weight.data.map((value, i) => value * scale[Math.floor(i / perFilter)])
  return { weight: { ...weight, data }, bias: Float32Array.from(shift, (s, i) => s + (bias?.[i] ?? 0) * scale[i]) }
}

/**
 * An ONNX model (operators of version 13): input `input` [batch, 3, height, width], output `output` [batch, channels].
 * @param {{ input: string, output: string, operations: Operation[] }} network
 * @param {ReadonlyMap<string, Weight>} weights By name, in the layout of Keras.
 * @param {{ batch: number, size: number, features: number }} shape
 * @returns {Uint8Array}
 */
export function onnxModel(network, weights, { batch, size, features }) {
  const uses = new Map([[network.output, 1]])
  for (const { inputs } of network.operations) for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1)
  const makers = new Map(network.operations.map((operation) => [operation.name, operation]))
  /** The normalization that follows a convolution and is the only one to read it. */
  const norms = new Map()
  for (const operation of network.operations) {
    const [from] = operation.inputs
    if (operation.kind === 'batchNorm' && makers.get(from)?.kind === 'conv' && uses.get(from) === 1)
      norms.set(from, operation)
  }
  const folded = new Map([...norms].map(([conv, norm]) => [norm.name, conv]))
  const named = (name) => (name === network.input ? 'input' : (folded.get(name) ?? name))
  const fields = []

  for (const operation of network.operations) {
    const { kind, name } = operation
    if (folded.has(name)) continue
    const inputs = operation.inputs.map(named)
    const window = () => [attributeInts('strides', operation.strides), attributeInts('pads', operation.pads)]
    switch (kind) {
      case 'conv': {
        const kernel = channelsFirst(weights.get(operation.kernel), operation.groups)
        let filter = { weight: kernel, bias: operation.bias === undefined ? null : weights.get(operation.bias).data }
        const norm = norms.get(name)
        if (norm !== undefined) filter = fold(filter, scaleAndShift(norm, weights))
        const names = [...inputs, `${name}:kernel`]
        fields.push(initializer(`${name}:kernel`, filter.weight))
        if (filter.bias !== null) {
          names.push(`${name}:bias`)
          fields.push(initializer(`${name}:bias`, { shape: [filter.bias.length], data: filter.bias }))
        }
        const size = attributeInts('kernel_shape', kernel.shape.slice(2))
        const rest = [attributeInts('dilations', operation.dilations), attributeInt('group', operation.groups)]
        fields.push(node('Conv', name, names, size, ...window(), ...rest))
        break
      }
      case 'batchNorm': {
        const { scale, shift } = scaleAndShift(operation, weights)
        const side = [scale.length]
        const parts = { scale: Float32Array.from(scale), shift: Float32Array.from(shift) }
        const plain = { mean: new Float32Array(scale.length), variance: new Float32Array(scale.length).fill(1) }
        const all = Object.entries({ ...parts, ...plain })
        for (const [part, data] of all) fields.push(initializer(`${name}:${part}`, { shape: side, data }))
        fields.push(
          node(
            'BatchNormalization',
            name,
            [...inputs, ...all.map(([part]) => `${name}:${part}`)],
            attributeFloat('epsilon', 0),
          ),
        )
        break
      }
      case 'relu':
        if (operation.max === null) fields.push(node('Relu', name, inputs))
        else {
          fields.push(initializer(`${name}:min`, { shape: [], data: Float32Array.of(0) }))
          fields.push(initializer(`${name}:max`, { shape: [], data: Float32Array.of(operation.max) }))
          fields.push(node('Clip', name, [...inputs, `${name}:min`, `${name}:max`]))
        }
        break
      case 'add': {
        // ONNX adds two at a time.
        const partial = inputs.slice(1, -1).map((_, i) => `${name}:${i}`)
        const results = [...partial, name]
        results.forEach((result, i) =>
          fields.push(node('Add', result, [i === 0 ? inputs[0] : results[i - 1], inputs[i + 1]])),
        )
        break
      }
      case 'maxPool':
        fields.push(node('MaxPool', name, inputs, attributeInts('kernel_shape', operation.size), ...window()))
        break
      case 'globalAveragePool':
        fields.push(node('GlobalAveragePool', `${name}:pooled`, inputs))
        fields.push(node('Flatten', name, [`${name}:pooled`], attributeInt('axis', 1)))
        break
      default:
        throw new Error(`bench: ${kind} has no form in ONNX here`)
    }
  }
  fields.push(node('Identity', 'output', [named(network.output)]))
  const ends = [valueInfo(11, 'input', [batch, 3, size, size]), valueInfo(12, 'output', [batch, features])]
  const graph = message(7, string(2, 'network'), ...fields, ...ends)
  return encode(int(1, 8), string(2, 'tanuki-ml bench'), graph, message(8, string(1, ''), int(2, 13)))
}
