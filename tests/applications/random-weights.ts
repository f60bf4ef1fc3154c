// Random weights with which a network is well conditioned: activations of order one at every depth, every weight unlike its default.
import {
  applications,
  type Functional,
  type Layer,
  setRandomSeed,
  type Tensor,
  tensor,
  type Variable,
} from '../../src/index.ts'
import * as ops from '../../src/ops/index.ts'

/** The smallest of each family, as narrow as it goes. */
const small: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  convNeXtTiny: {}, denseNet121: {}, efficientNetB0: {}, efficientNetLite0: {}, efficientNetV2B0: {}, inceptionResNetV2: {}, inceptionV3: {},
  mobileNet: { alpha: 0.25 }, mobileNetV2: { alpha: 0.35 }, mobileNetV3Small: {}, nasNetMobile: {}, resNet50: {}, resNet50V2: {}, vgg16: {},
  xception: {},
} // prettier-ignore
type Build = (options: Readonly<Record<string, unknown>>) => Promise<Functional>
const builders = applications as unknown as Readonly<Record<string, Build>>
const names = applications.list().map(({ name }) => name)
/** The name without its size, version and depth: a new family must get a small member here. */
const familyOf = (name: string): string =>
  name
    .replace(/(Tiny|Small|Base|Large|XLarge|Mobile|Lite\d|V2[BSML]\d?|B\d)$/, '')
    .replace(/^(denseNet|resNet|vgg)\d+/, '$1')

/** Names here that are no applications, and applications of whose family there is none here: both should be empty. */
export function strangers(): string[] {
  const families = Object.keys(small).map(familyOf)
  return [
    ...Object.keys(small).filter((name) => !names.includes(name)),
    ...names.filter((name) => !families.includes(familyOf(name))),
  ]
}

/** One of each family; all with TANUKI_ALL_APPLICATIONS=1. */
export const tested = process.env.TANUKI_ALL_APPLICATIONS === '1' ? names : Object.keys(small)

/** The network down to pooled features, with the weights of this file, and two small pictures. */
export async function conditioned(
  name: string,
): Promise<{ network: Functional; pictures: Float32Array; shape: number[] }> {
  const size = /inception|xception/i.test(name) ? 75 : 32
  setRandomSeed(3)
  const common = { weights: null, includeTop: false, pooling: 'avg', inputShape: [size, size, 3] }
  const network = await builders[name]!({ ...common, ...small[name] })
  const shape = [2, size, size, 3]
  const random = mulberry(name.length)
  const pictures = Float32Array.from({ length: 2 * size * size * 3 }, () => Math.fround(255 * random()))
  setVectors(network, random)
  await scaleKernels(network, tensor(pictures, { shape }))
  return { network, pictures, shape }
}

/** Uniform numbers in [0, 1). */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const isKernel = ({ name }: Variable): boolean => name.endsWith('kernel')

/** All but the kernels, which Keras' initializers make random already. */
function setVectors(network: Functional, random: () => number): void {
  network.weights.forEach((weight, i) => {
    const { name, shape, dtype } = weight
    if (isKernel(weight)) return
    const around = /gamma|variance/.test(name) ? 1 : 0
    const spread = around === 1 ? 0.4 : 0.2
    const data = Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      () => around + spread * (random() - 0.5),
    )
    // Normalization counts what it has seen in whole numbers.
    weight.assign(dtype === 'int32' ? ops.full(shape, i + 1, dtype) : tensor(data, { shape }))
  })
}

/** Mean square of what a branch adds to a sum of residuals: many of them, each of order one, would amplify roundings. */
const branch = 0.04

/**
 * Layer after layer, the kernel is scaled so that what the layer gives for `x` has a mean square of one (Mishkin and Matas, 2016);
 * less where a branch of residuals ends.
 */
async function scaleKernels(network: Functional, x: Tensor): Promise<void> {
  const { order } = network.graph
  const ends = branchEnds(order)
  const values = new Map<unknown, Tensor>([[network.inputs[0]!, x]])
  const valueOf = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(valueOf) : (values.get(value) ?? value)
  const scaled = new Map<Layer, Tensor>()
  for (const { operation, args, kwargs, outputs } of order) {
    if (values.has(outputs[0]!)) continue
    let result = operation.applyNested(valueOf(args[0]), { ...kwargs, training: false }) as Tensor
    if (operation.weights.some(isKernel) && isHomogeneous(operation)) {
      const square = ops.divide(ops.mean(ops.square(result)), ends.has(operation) ? branch : 1)
      const factor = ops.rsqrt(square)
      scaled.set(operation, factor)
      result = ops.multiply(result, factor)
    }
    values.set(outputs[0]!, result)
  }
  const factors = (await ops.stack([...scaled.values()]).data()) as Float32Array
  for (const [i, { weights }] of [...scaled.keys()].entries())
    for (const weight of weights)
      // Of a separable convolution the second kernel alone.
      if (weight.name !== 'depthwise_kernel' || weights.length === 1)
        weight.assign(ops.multiply(weight.value(), factors[i]!))
}

/** The last layers with a kernel before each Add: of its inputs the one that is computed last is the branch. */
function branchEnds(order: Functional['graph']['order']): Set<Layer> {
  const position = new Map<unknown, number>(order.map(({ outputs }, i) => [outputs[0], i]))
  const before = (tensor: unknown): number => {
    const at = position.get(tensor) ?? -1
    const { operation, inputs } = order[at] ?? { inputs: [] }
    if (operation?.weights.some(isKernel)) return at
    return inputs.length === 1 ? before(inputs[0]) : -1
  }
  const sums = order.filter(({ operation }) => operation.className === 'Add')
  const last = sums.map(({ inputs }) => Math.max(...inputs.map(before)))
  return new Set(last.filter((at) => at >= 0).map((at) => order[at]!.operation))
}

/** True if the outputs grow as the kernel and the bias do; not so behind a sigmoid. */
function isHomogeneous(layer: Layer): boolean {
  const { activation = 'linear' } = layer.getConfig()
  return activation === 'linear' || activation === 'relu'
}
