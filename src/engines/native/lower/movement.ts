// Lowers data movement to strided copies; H and W of blocked activations can be moved without leaving the layout.
import type { Node } from '../../../graph/node.ts'
import { sizeOf, stridesOf } from '../../../graph/types.ts'
import type { DType, Shape } from '../../../graph/types.ts'
import { inherit } from '../builder.ts'
import type { Builder } from '../builder.ts'
import type { Value } from '../plan.ts'

interface CopySpec {
  sizes: number[]
  srcStrides: number[]
  dstStrides: number[]
  srcOffset?: number
  dstOffset?: number
}

/** Adds one strided copy. `perImage`: the first dim of `sizes` counts pictures. */
function copy(b: Builder, label: string, from: Value, to: Value, spec: CopySpec, perImage: boolean): void {
  if (spec.sizes.some((size) => size === 0)) return
  const simple = squeeze(spec, perImage)
  b.add({
    kind: 'copy',
    label,
    role: perImage ? 'map' : 'whole',
    inputs: [from],
    outputs: [to],
    attributes: (images) => ({
      dtype: to.dtype,
      sizes: perImage ? [images, ...simple.sizes.slice(1)] : simple.sizes,
      srcStrides: simple.srcStrides,
      dstStrides: simple.dstStrides,
      srcOffset: spec.srcOffset ?? 0,
      dstOffset: spec.dstOffset ?? 0,
    }),
  })
}

/** Dims of size 1 go, neighbours that move together become one (the kernel takes eight). */
function squeeze(spec: CopySpec, keepFirst: boolean): CopySpec {
  const out: CopySpec = { sizes: [], srcStrides: [], dstStrides: [] }
  spec.sizes.forEach((size, i) => {
    const first = keepFirst && i === 0
    if (size === 1 && !first) return
    const last = out.sizes.length - 1
    const src = spec.srcStrides[i]!
    const dst = spec.dstStrides[i]!
    const mergeable = last >= (keepFirst ? 1 : 0) && out.srcStrides[last] === src * size && out.dstStrides[last] === dst * size
    if (mergeable) {
      out.sizes[last]! *= size
      out.srcStrides[last] = src
      out.dstStrides[last] = dst
    } else {
      out.sizes.push(size)
      out.srcStrides.push(src)
      out.dstStrides.push(dst)
    }
  })
  return out
}

function fill(b: Builder, to: Value, value: number, perImage: boolean): void {
  const per = to.storage.bytes / (to.dtype === 'float32' || to.dtype === 'int32' ? 4 : 1)
  const image = perImage ? per / b.batch : per
  b.add({
    kind: 'fill',
    label: 'fill',
    role: perImage ? 'map' : 'whole',
    inputs: [],
    outputs: [to],
    attributes: (images) => ({ dtype: to.dtype, value, count: perImage ? image * images : per }),
  })
}

/** Whether a result whose first dim is the batch comes picture by picture from `x`. */
function perImage(b: Builder, x: Node, shape: Shape, value: Value): boolean {
  return value.batch && b.batch > 0 && shape[0] === b.batch && x.shape[0] === b.batch
}

function onlySpatial(x: Node, values: readonly (readonly number[])[], neutral: readonly number[][]): boolean {
  return x.shape.length === 4 && values.every((list, k) => list[0] === neutral[k]![0] && list[3] === neutral[k]![3])
}

export function lowerReshape(node: Node<'reshape'>, b: Builder): void {
  const x = node.inputs[0]!
  const value = b.value(x, 'plain')
  const keeps = x.shape[0] === node.shape[0]
  const alias = b.alias(value, node.shape)
  b.set(node, keeps || !value.batch ? alias : { ...alias, batch: false })
}

export function lowerTranspose(node: Node<'transpose'>, b: Builder): void {
  const x = node.inputs[0]!
  const { permutation } = node.attrs
  const from = b.value(x, 'plain')
  const strides = stridesOf(x.shape)
  const per = permutation[0] === 0 && perImage(b, x, node.shape, from)
  const to = b.fresh(node.shape, node.dtype, 'plain', { batch: per, stable: from.stable })
  b.set(node, to)
  copy(b, 'transpose', from, to, { sizes: [...node.shape], srcStrides: permutation.map((axis) => strides[axis]!), dstStrides: stridesOf(node.shape) }, per)
}

export function lowerBroadcast(node: Node<'broadcast'>, b: Builder): void {
  const x = node.inputs[0]!
  const { shape } = node
  const extra = shape.length - x.shape.length
  // [N, 1, 1, C] spread over pixels stays blocked.
  if (extra === 0 && shape.length === 4 && x.dtype === 'float32' && shape[3]! > 1 && shape[3] === x.shape[3] && shape[0] === x.shape[0] && x.shape[1] === 1 && x.shape[2] === 1 && b.has(x)) {
    const from = b.value(x, 'blocked')
    const [n, h, w, c] = shape as [number, number, number, number]
    const blocks = b.padded(c) / b.lanes
    const per = perImage(b, x, shape, from)
    const to = b.fresh(shape, node.dtype, 'blocked', { batch: per, stable: from.stable })
    b.set(node, to)
    copy(b, 'broadcast', from, to, {
      sizes: [n, blocks, h * w, b.lanes],
      srcStrides: [blocks * b.lanes, b.lanes, 0, 1],
      dstStrides: [blocks * h * w * b.lanes, h * w * b.lanes, b.lanes, 1],
    }, per)
    return
  }
  const from = b.value(x, 'plain')
  const strides = stridesOf(x.shape)
  const per = extra === 0 && perImage(b, x, shape, from)
  const to = b.fresh(shape, node.dtype, 'plain', { batch: per, stable: from.stable })
  b.set(node, to)
  const srcStrides = shape.map((_, i) => (i < extra || x.shape[i - extra] === 1 ? 0 : strides[i - extra]!))
  copy(b, 'broadcast', from, to, { sizes: [...shape], srcStrides, dstStrides: stridesOf(shape) }, per)
}

export function lowerSlice(node: Node<'slice'>, b: Builder): void {
  const x = node.inputs[0]!
  const { starts, limits, strides } = node.attrs
  const neutral = [x.shape.map(() => 0), [...x.shape], x.shape.map(() => 1)]
  const blocked = x.dtype === 'float32' && onlySpatial(x, [starts, limits, strides], neutral) && b.has(x, 'blocked') && !b.has(x, 'plain')
  const from = b.value(x, blocked ? 'blocked' : 'plain')
  const whole = starts[0] === 0 && limits[0] === x.shape[0] && strides[0] === 1
  const per = whole && perImage(b, x, node.shape, from)
  const to = b.fresh(node.shape, node.dtype, blocked ? 'blocked' : 'plain', { batch: per, stable: from.stable })
  b.set(node, to)
  if (blocked) {
    const [n, h, w, c] = x.shape as [number, number, number, number]
    const [, oh, ow] = node.shape as [number, number, number, number]
    const L = b.lanes
    const blocks = b.padded(c) / L
    copy(b, 'slice', from, to, {
      sizes: [n, blocks, oh, ow, L],
      srcStrides: [blocks * h * w * L, h * w * L, strides[1]! * w * L, strides[2]! * L, 1],
      dstStrides: [blocks * oh * ow * L, oh * ow * L, ow * L, L, 1],
      srcOffset: (starts[1]! * w + starts[2]!) * L,
    }, per)
    return
  }
  const own = stridesOf(x.shape)
  const srcOffset = starts.reduce((sum, start, i) => sum + start * own[i]!, 0)
  copy(b, 'slice', from, to, { sizes: [...node.shape], srcStrides: own.map((stride, i) => stride * strides[i]!), dstStrides: stridesOf(node.shape), srcOffset }, per)
}

export function lowerPad(node: Node<'pad'>, b: Builder): void {
  const x = node.inputs[0]!
  const { low, high, interior, value } = node.attrs
  const zero = x.shape.map(() => 0)
  const blocked = x.dtype === 'float32' && value === 0 && onlySpatial(x, [low, high, interior], [zero, zero, zero]) && b.has(x, 'blocked') && !b.has(x, 'plain')
  const from = b.value(x, blocked ? 'blocked' : 'plain')
  const whole = low[0] === 0 && high[0] === 0 && (interior[0] === 0 || x.shape[0]! <= 1)
  const per = whole && perImage(b, x, node.shape, from)
  const to = b.fresh(node.shape, node.dtype, blocked ? 'blocked' : 'plain', { batch: per, stable: from.stable })
  b.set(node, to)
  if (sizeOf(node.shape) === 0) return
  fill(b, to, value, per)
  if (blocked) {
    const [n, h, w, c] = x.shape as [number, number, number, number]
    const [, oh, ow] = node.shape as [number, number, number, number]
    const L = b.lanes
    const blocks = b.padded(c) / L
    copy(b, 'pad', from, to, {
      sizes: [n, blocks, h, w, L],
      srcStrides: [blocks * h * w * L, h * w * L, w * L, L, 1],
      dstStrides: [blocks * oh * ow * L, oh * ow * L, (1 + interior[1]!) * ow * L, (1 + interior[2]!) * L, 1],
      dstOffset: (low[1]! * ow + low[2]!) * L,
    }, per)
    return
  }
  const target = stridesOf(node.shape)
  copy(b, 'pad', from, to, {
    sizes: [...x.shape],
    srcStrides: stridesOf(x.shape),
    dstStrides: target.map((stride, i) => stride * (1 + interior[i]!)),
    dstOffset: low.reduce((sum, pad, i) => sum + pad * target[i]!, 0),
  }, per)
}

export function lowerConcat(node: Node<'concat'>, b: Builder): void {
  const { axis } = node.attrs
  const { shape } = node
  const channels = node.inputs.map((input) => input.shape[3] ?? 0)
  const blocked =
    shape.length === 4 && axis === 3 && node.dtype === 'float32' && channels.slice(0, -1).every((c) => c % b.lanes === 0) &&
    node.inputs.some((input) => b.has(input, 'blocked') && !b.has(input, 'plain'))
  const values = node.inputs.map((input) => b.value(input, blocked ? 'blocked' : 'plain'))
  const flags = inherit(...values)
  const per = axis !== 0 && b.batch > 0 && shape[0] === b.batch && flags.batch
  const to = b.fresh(shape, node.dtype, blocked ? 'blocked' : 'plain', { batch: per, stable: flags.stable })
  b.set(node, to)
  const L = b.lanes
  let at = 0
  const blocks = b.padded(shape[3] ?? 1) / L
  node.inputs.forEach((input, i) => {
    if (blocked) {
      const [n, h, w, c] = input.shape as [number, number, number, number]
      const own = b.padded(c) / L
      copy(b, 'concat', values[i]!, to, {
        sizes: [n, own * h * w * L],
        srcStrides: [own * h * w * L, 1],
        dstStrides: [blocks * h * w * L, 1],
        dstOffset: at * h * w * L,
      }, per)
      at += own
    } else {
      const target = stridesOf(shape)
      copy(b, 'concat', values[i]!, to, { sizes: [...input.shape], srcStrides: stridesOf(input.shape), dstStrides: target, dstOffset: at * target[axis]! }, per)
      at += input.shape[axis]!
    }
  })
}

export function lowerReverse(node: Node<'reverse'>, b: Builder): void {
  const x = node.inputs[0]!
  const from = b.value(x, 'plain')
  const strides = stridesOf(x.shape)
  const flipped = new Set(node.attrs.axes)
  const per = !flipped.has(0) && perImage(b, x, node.shape, from)
  const to = b.fresh(node.shape, node.dtype, 'plain', { batch: per, stable: from.stable })
  b.set(node, to)
  const srcOffset = x.shape.reduce((sum, dim, i) => sum + (flipped.has(i) ? (dim - 1) * strides[i]! : 0), 0)
  copy(b, 'reverse', from, to, { sizes: [...x.shape], srcStrides: strides.map((stride, i) => (flipped.has(i) ? -stride : stride)), dstStrides: strides, srcOffset }, per)
}

/** A dense copy of a whole value, e.g. into an output that is somebody else's value. */
export function addCopy(b: Builder, from: Value, to: Value): void {
  copy(b, 'copy', from, to, { sizes: [sizeOf(from.shape)], srcStrides: [1], dstStrides: [1] }, false)
}

export function dtypeSize(dtype: DType): number {
  return dtype === 'float32' || dtype === 'int32' ? 4 : 1
}
