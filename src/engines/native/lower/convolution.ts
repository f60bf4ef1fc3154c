// Lowers convolutions and their gradients: depthwise ones to Tanuki's kernels, dense ones to oneDNN's.
import { makeNode } from '../../../graph/node.ts'
import type { Node } from '../../../graph/node.ts'
import type { ConvAttrs, Pair } from '../../../graph/primitives.ts'
import type { Shape } from '../../../graph/types.ts'
import { inherit } from '../builder.ts'
import type { Builder } from '../builder.ts'
import type { Op, StepAttributes, Value } from '../plan.ts'

type Shape4 = readonly [number, number, number, number]

/** Sources with this many channels go to oneDNN as planes, which its first-layer kernels want. */
function fewChannels(channels: number): boolean {
  return channels === 1 || channels === 3
}

interface Geometry {
  readonly input: Shape4
  readonly output: Shape4
  readonly kernel: Shape4
  readonly attrs: ConvAttrs
}

function attributesOf({ input, output, kernel, attrs }: Geometry, extra: StepAttributes): (images: number) => StepAttributes {
  const common = {
    height: input[1],
    width: input[2],
    inChannels: input[3],
    outHeight: output[1],
    outWidth: output[2],
    outChannels: output[3],
    channels: input[3],
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strides: attrs.strides,
    dilation: attrs.dilation,
    padding: attrs.padding.flat(),
    ...extra,
  }
  return (images) => ({ images, ...common })
}

function workOf({ output, kernel }: Geometry): number {
  return output[1] * output[2] * output[3] * kernel[0] * kernel[1] * kernel[2]
}

export function isDepthwise(geometry: { input: Shape4; output: Shape4; attrs: ConvAttrs }): boolean {
  return geometry.attrs.groups > 1 && geometry.attrs.groups === geometry.input[3] && geometry.input[3] === geometry.output[3]
}

function isStridedPointwise({ kernel, attrs }: Geometry): boolean {
  const [[top, bottom], [left, right]] = attrs.padding
  return (
    attrs.groups === 1 && kernel[0] === 1 && kernel[1] === 1 && attrs.strides[0] * attrs.strides[1] > 1 && top + bottom + left + right === 0
  )
}

/** The same convolution of a source of which only every strides-th pixel is left. */
function afterSubsample(geometry: Geometry): Geometry {
  const { input, output, attrs } = geometry
  return { ...geometry, input: [input[0], output[1], output[2], input[3]], attrs: { ...attrs, strides: [1, 1] } }
}

function isPointwise({ input, output, kernel, attrs }: Geometry): boolean {
  return (
    kernel[0] === 1 && kernel[1] === 1 && attrs.strides[0] === 1 && attrs.strides[1] === 1 && attrs.padding.flat().every((pad) => pad === 0) &&
    input[1] === output[1] && input[2] === output[2]
  )
}

/** 1x1 with strides: oneDNN is faster on a subsampled source. */
function subsample(x: Node, geometry: Geometry, b: Builder): Value {
  const { input, output, attrs } = geometry
  return b.shared(x, `subsample ${attrs.strides.join()}`, () => {
    const source = b.value(x, 'blocked')
    const to = b.fresh([input[0], output[1], output[2], input[3]], 'float32', 'blocked', source)
    b.add({
      kind: 'subsample',
      label: 'subsample',
      inputs: [source],
      outputs: [to],
      attributes: (images) => ({ images, channels: input[3], height: input[1], width: input[2], outHeight: output[1], outWidth: output[2], strides: attrs.strides }),
    })
    return to
  })
}

/** What a convolution inherits from its kernel. */
function kernelFlags(kernel: Node, b: Builder): Value {
  const scaled = b.scaledKernel(kernel)
  if (!scaled) return b.value(kernel, 'plain')
  const flags = inherit(b.value(scaled.kernel, 'plain'), b.value(scaled.scale, 'plain'))
  return { ...b.value(scaled.kernel, 'plain'), ...flags }
}

/** A scaled 1x1 kernel, packed as forward convolutions take it; the transposed one is made from that. */
function packedScaled(kernel: Node, flavour: 'forward' | 'transposed', b: Builder): Value {
  const { kernel: source, scale } = b.scaledKernel(kernel)!
  return b.shared(kernel, `packed ${flavour}`, () => {
    const inputs = flavour === 'forward' ? [b.value(source, 'plain'), b.value(scale, 'plain')] : [packedScaled(kernel, 'forward', b)]
    const [, , inChannels, outChannels] = kernel.shape as Shape4
    const to: Value = {
      storage: { bytes: b.padded(inChannels) * b.padded(outChannels) * 4, imageBytes: 0, external: null, constant: null, over: null },
      shape: kernel.shape,
      dtype: 'float32',
      layout: 'packed',
      batch: false,
      stable: inherit(...inputs).stable,
    }
    b.add({
      kind: flavour === 'forward' ? 'packPointwise' : 'transposePacked',
      label: flavour === 'forward' ? 'scale and pack' : 'pack transposed',
      role: 'whole',
      inputs,
      outputs: [to],
      attributes: { inChannels, outChannels },
    })
    return to
  })
}

/** A kernel in the layout that `op`, made by `make` around it, asks for. Ops of one flavour share the packed copy. */
function packed(kernel: Node, flavour: string, b: Builder, make: (packed: Value) => Op): Op {
  if (b.scaledKernel(kernel) && (flavour === 'forward' || flavour === 'transposed')) return make(packedScaled(kernel, flavour, b))
  const plain = b.value(kernel, 'plain')
  const known = b.shared(kernel, `packed ${flavour}`, () => ({
    storage: { bytes: 0, imageBytes: 0, external: null, constant: null, over: null },
    shape: kernel.shape,
    dtype: 'float32',
    layout: 'packed',
    batch: false,
    stable: plain.stable,
  }))
  const first = b.makerOf(known) === undefined
  if (!first) return make(known)
  // The reorder comes before the convolution in the plan but is made after it, whose layout it needs.
  const at = b.ops.length
  const op = make(known)
  b.add({ kind: 'reorderKernel', label: `pack ${flavour}`, role: 'whole', inputs: [plain], outputs: [known], attributes: {}, packedFor: op })
  b.ops.splice(at, 0, b.ops.pop()!)
  return op
}

function depthwiseWeights(kernel: Node, b: Builder): Value {
  return b.shared(kernel, 'depthwise', () => {
    const [height, width, , channels] = kernel.shape as Shape4
    const plain = b.value(kernel, 'plain')
    const to = b.fresh([height * width, channels], 'float32', 'blocked', { batch: false, stable: plain.stable })
    b.add({ kind: 'depthwiseWeights', label: 'pack depthwise', role: 'whole', inputs: [plain], outputs: [to], attributes: { channels, taps: height * width } })
    return to
  })
}

/** [C] in whole blocks. */
function channelVector(node: Node, b: Builder): Value {
  return b.value(node, 'blocked')
}

export function lowerConv(node: Node<'conv'>, b: Builder): void {
  const [x, kernel, ...rest] = node.inputs as [Node, Node, ...Node[]]
  const { epilogue } = node.attrs
  const geometry: Geometry = { input: x.shape as unknown as Shape4, output: node.shape as unknown as Shape4, kernel: kernel.shape as unknown as Shape4, attrs: node.attrs }
  const bias = epilogue?.bias ? [channelVector(rest[0]!, b)] : []
  const residual = epilogue?.residual ? [b.value(rest[epilogue.bias ? 1 : 0]!, 'blocked')] : []
  const clamp = epilogue?.clamp ? Float32Array.from(epilogue.clamp) : null
  const extra = { bias: bias.length > 0, residual: residual.length > 0, clamp }

  if (isDepthwise(geometry)) {
    const { source, inputClamp } = b.loaded(x)
    const weights = depthwiseWeights(kernel, b)
    const inputs = [b.value(source, 'blocked'), weights, ...bias, ...residual]
    const y = b.fresh(node.shape, 'float32', 'blocked', inherit(...inputs))
    b.add({ kind: 'depthwiseForward', label: `depthwise ${kernel.shape.slice(0, 2).join('x')}`, inputs, outputs: [y], attributes: attributesOf(geometry, { ...extra, inputClamp }), work: workOf(geometry) })
    b.set(node, y)
    return
  }
  const strided = isStridedPointwise(geometry)
  const planes = !strided && fewChannels(geometry.input[3])
  const source = strided ? subsample(x, geometry, b) : b.value(x, planes ? 'planes' : 'blocked')
  const effective = strided ? afterSubsample(geometry) : geometry
  const flags = inherit(source, kernelFlags(kernel, b), ...bias, ...residual)
  const y = b.fresh(node.shape, 'float32', 'blocked', flags)
  packed(kernel, planes ? 'planes' : 'forward', b, (weights) =>
    b.add({
      kind: 'convolution',
      label: `conv ${kernel.shape.slice(0, 2).join('x')}`,
      inputs: [source, weights, ...bias, ...residual],
      outputs: [y],
      attributes: attributesOf(effective, { ...extra, planes }),
      work: workOf(effective),
    }),
  )
  b.set(node, y)
}

export function lowerConvInputGrad(node: Node<'convInputGrad'>, b: Builder): void {
  const [dy, kernel] = node.inputs as [Node, Node]
  const geometry: Geometry = { input: node.shape as unknown as Shape4, output: dy.shape as unknown as Shape4, kernel: kernel.shape as unknown as Shape4, attrs: node.attrs }
  const source = b.value(dy, 'blocked')
  const flags = inherit(source, kernelFlags(kernel, b))
  if (isDepthwise(geometry)) {
    const dx = b.fresh(node.shape, 'float32', 'blocked', flags)
    b.add({
      kind: 'depthwiseBackward',
      label: 'depthwise input gradient',
      inputs: [source, depthwiseWeights(kernel, b)],
      outputs: [dx],
      attributes: attributesOf(geometry, { weights: true, dx: true }),
      work: workOf(geometry),
    })
    b.set(node, dx)
    return
  }
  const strided = isStridedPointwise(geometry)
  const effective = strided ? afterSubsample(geometry) : geometry
  const inner = b.fresh(effective.input, 'float32', 'blocked', flags)
  const pointwise = isPointwise(effective)
  packed(kernel, pointwise ? 'transposed' : `input gradient ${geometry.attrs.strides.join()}`, b, (weights) =>
    b.add({
      kind: pointwise ? 'convolution' : 'convolutionInputGrad',
      label: 'conv input gradient',
      inputs: [source, weights],
      outputs: [inner],
      attributes: attributesOf(effective, pointwise ? { transposed: true } : {}),
      work: workOf(effective),
    }),
  )
  if (!strided) {
    b.set(node, inner)
    return
  }
  const dx = b.fresh(node.shape, 'float32', 'blocked', flags)
  b.add({
    kind: 'subsample',
    label: 'subsample gradient',
    inputs: [inner],
    outputs: [dx],
    attributes: (images) => ({
      images,
      channels: geometry.input[3],
      height: geometry.input[1],
      width: geometry.input[2],
      outHeight: geometry.output[1],
      outWidth: geometry.output[2],
      strides: geometry.attrs.strides,
      grad: true,
    }),
  })
  b.set(node, dx)
}

export function lowerConvKernelGrad(node: Node<'convKernelGrad'>, b: Builder): void {
  const [x, dy] = node.inputs as [Node, Node]
  const kernel = node.attrs.kernelShape as unknown as Shape4
  const geometry: Geometry = { input: x.shape as unknown as Shape4, output: dy.shape as unknown as Shape4, kernel, attrs: node.attrs }
  const dySource = b.value(dy, 'blocked')
  if (isDepthwise(geometry)) {
    const { source: loaded, inputClamp } = b.loaded(x)
    const source = b.value(loaded, 'blocked')
    const sums = b.fresh([kernel[0] * kernel[1], kernel[3]], 'float32', 'blocked', { batch: false, stable: inherit(source, dySource).stable })
    sums.storage.imageBytes = 0
    b.add({
      kind: 'depthwiseBackward',
      label: 'depthwise kernel gradient',
      role: source.batch || dySource.batch ? 'sum' : 'whole',
      inputs: [dySource, source],
      advance: [true, true],
      outputs: [sums],
      attributes: attributesOf(geometry, { x: true, dw: true, inputClamp }),
      work: workOf(geometry),
    })
    unpackDepthwise(node, sums, b)
    return
  }
  const strided = isStridedPointwise(geometry)
  const effective = strided ? afterSubsample(geometry) : geometry
  const planes = !strided && fewChannels(geometry.input[3])
  const source = strided ? subsample(x, geometry, b) : b.value(x, planes ? 'planes' : 'blocked')
  const stable = inherit(source, dySource).stable
  const sums: Value = {
    storage: { bytes: 0, imageBytes: 0, external: null, constant: null, over: null },
    shape: kernel,
    dtype: 'float32',
    layout: 'packed',
    batch: false,
    stable,
  }
  const op = b.add({
    kind: 'convolutionKernelGrad',
    label: 'conv kernel gradient',
    role: source.batch || dySource.batch ? 'sum' : 'whole',
    inputs: [source, dySource],
    outputs: [sums],
    attributes: attributesOf(effective, { planes }),
    work: workOf(effective),
  })
  const plain = b.fresh(kernel, 'float32', 'plain', { batch: false, stable })
  b.set(node, plain)
  const summed = b.summedGradient(node)
  if (!summed) {
    b.add({ kind: 'reorderKernel', label: 'unpack', role: 'whole', inputs: [sums], outputs: [plain], attributes: { unpack: true }, packedFor: op })
    return
  }
  const products = b.fresh(summed.sums.shape, 'float32', 'plain', { batch: false, stable })
  products.storage.imageBytes = 0
  b.set(summed.sums, products)
  b.add({
    kind: 'unpackWithSums',
    label: 'unpack, sum of products',
    role: 'whole',
    inputs: [sums, b.value(summed.factor, 'plain')],
    outputs: [plain, products],
    attributes: { unpack: true, rows: kernel[0] * kernel[1] * kernel[2], columns: kernel[3], pointwise: kernel[0] === 1 && kernel[1] === 1 },
    packedFor: op,
  })
}

/** Sums in blocks of channels -> the node's row-major kernel gradient. */
export function unpackDepthwise(node: Node, sums: Value, b: Builder): void {
  const [height, width, , channels] = node.shape as Shape4
  const plain = b.fresh(node.shape, 'float32', 'plain', { batch: false, stable: sums.stable })
  b.add({ kind: 'depthwiseWeights', label: 'unpack depthwise', role: 'whole', inputs: [sums], outputs: [plain], attributes: { channels, taps: height * width, unpack: true } })
  b.set(node, plain)
}

/** One picture's attributes for the fused depthwise backward (see patterns.ts). */
export function depthwiseAttributes(input: Shape, output: Shape, kernel: Shape, attrs: ConvAttrs, extra: StepAttributes): (images: number) => StepAttributes {
  return attributesOf({ input: input as unknown as Shape4, output: output as unknown as Shape4, kernel: kernel as unknown as Shape4, attrs }, extra)
}
export { depthwiseWeights }

/**
 * Grouped convolutions that are neither dense nor depthwise, as compositions: depth multipliers repeat the channels, other groups
 * become one dense convolution each. Returns null where nothing is to be done.
 */
export function decomposeGroups(node: Node, inputs: readonly Node[]): Node | null {
  if (node.op === 'conv') return decomposeConv(node as Node<'conv'>, inputs)
  if (node.op === 'convInputGrad') return decomposeInputGrad(node as Node<'convInputGrad'>, inputs)
  if (node.op === 'convKernelGrad') return decomposeKernelGrad(node as Node<'convKernelGrad'>, inputs)
  return null
}

function channelSlice(x: Node, axis: number, from: number, to: number): Node {
  const starts = x.shape.map((_, i) => (i === axis ? from : 0))
  const limits = x.shape.map((dim, i) => (i === axis ? to : dim))
  return makeNode('slice', [x], { starts, limits, strides: x.shape.map(() => 1) })
}

function repeatChannels(x: Node, times: number): Node {
  const [n, h, w, c] = x.shape as Shape4
  const wide = makeNode('broadcast', [makeNode('reshape', [x], { shape: [n, h, w, c, 1] })], { shape: [n, h, w, c, times] })
  return makeNode('reshape', [wide], { shape: [n, h, w, c * times] })
}

function multiplierOf(channels: number, filters: number, groups: number): number | null {
  return groups === channels && filters > channels ? filters / channels : null
}

function decomposeConv(node: Node<'conv'>, inputs: readonly Node[]): Node | null {
  const [x, kernel] = inputs as [Node, Node]
  const { groups, epilogue } = node.attrs
  const channels = x.shape[3]!
  const filters = node.shape[3]!
  if (groups === 1 || (groups === channels && filters === channels)) return null
  const multiplier = multiplierOf(channels, filters, groups)
  if (multiplier !== null)
    return makeNode('conv', [repeatChannels(x, multiplier), ...inputs.slice(1)], { ...node.attrs, groups: filters })
  const parts = Array.from({ length: groups }, (_, g) => {
    const part = (of: Node, axis: number, size: number): Node => channelSlice(of, axis, (size / groups) * g, (size / groups) * (g + 1))
    const rest = inputs.slice(2).map((operand) => part(operand, operand.shape.length - 1, filters))
    return makeNode('conv', [part(x, 3, channels), part(kernel, 3, filters), ...rest], { ...node.attrs, groups: 1, epilogue })
  })
  return makeNode('concat', parts, { axis: 3 })
}

function decomposeInputGrad(node: Node<'convInputGrad'>, inputs: readonly Node[]): Node | null {
  const [dy, kernel] = inputs as [Node, Node]
  const { groups, inputShape } = node.attrs
  const [n, h, w, channels] = inputShape as Shape4
  const filters = dy.shape[3]!
  if (groups === 1 || (groups === channels && filters === channels)) return null
  const multiplier = multiplierOf(channels, filters, groups)
  if (multiplier !== null) {
    const wide = makeNode('convInputGrad', [dy, kernel], { ...node.attrs, groups: filters, inputShape: [n, h, w, filters] })
    return makeNode('reduceSum', [makeNode('reshape', [wide], { shape: [n, h, w, channels, multiplier] })], { axes: [4], keepDims: false })
  }
  const parts = Array.from({ length: groups }, (_, g) => {
    const from = (filters / groups) * g
    const to = (filters / groups) * (g + 1)
    return makeNode('convInputGrad', [channelSlice(dy, 3, from, to), channelSlice(kernel, 3, from, to)], {
      ...node.attrs,
      groups: 1,
      inputShape: [n, h, w, channels / groups],
    })
  })
  return makeNode('concat', parts, { axis: 3 })
}

function decomposeKernelGrad(node: Node<'convKernelGrad'>, inputs: readonly Node[]): Node | null {
  const [x, dy] = inputs as [Node, Node]
  const { groups, kernelShape } = node.attrs
  const channels = x.shape[3]!
  const filters = dy.shape[3]!
  if (groups === 1 || (groups === channels && filters === channels)) return null
  const multiplier = multiplierOf(channels, filters, groups)
  if (multiplier !== null) return makeNode('convKernelGrad', [repeatChannels(x, multiplier), dy], { ...node.attrs, groups: filters })
  const [kh, kw, depth] = kernelShape as Shape4
  const parts = Array.from({ length: groups }, (_, g) =>
    makeNode('convKernelGrad', [channelSlice(x, 3, (channels / groups) * g, (channels / groups) * (g + 1)), channelSlice(dy, 3, (filters / groups) * g, (filters / groups) * (g + 1))], {
      ...node.attrs,
      groups: 1,
      kernelShape: [kh, kw, depth, filters / groups],
    }),
  )
  return makeNode('concat', parts, { axis: 3 })
}

export type { Pair }
