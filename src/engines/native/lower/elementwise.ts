// Lowers elementwise and fused nodes to programs of the native elementwise machine.
import { isOp } from '../../../graph/node.ts'
import type { Node } from '../../../graph/node.ts'
import type { DType, Shape } from '../../../graph/types.ts'
import { sizeOf, stridesOf } from '../../../graph/types.ts'
import { inherit } from '../builder.ts'
import type { Builder } from '../builder.ts'
import { opcodes } from '../opcodes.ts'
import type { OpcodeName } from '../opcodes.ts'
import type { Value } from '../plan.ts'

/** [opcode, a, b, c, kind (0: floats, 1: ints), immediate, immediate] */
type Instruction = [number, number, number, number, number, number, number]

interface Program {
  instructions: Instruction[]
  outputs: number[]
}

const floatOnly: Partial<Record<string, OpcodeName>> = {
  exp: 'exp', expm1: 'expm1', log: 'log', log1p: 'log1p', sqrt: 'sqrt', rsqrt: 'rsqrt', tanh: 'tanh', sigmoid: 'sigmoid', erf: 'erf',
  sin: 'sin', cos: 'cos', floor: 'floor', ceil: 'ceil', round: 'round', isFinite: 'isFinite', div: 'divF', pow: 'powF',
} // prettier-ignore
const logical: Partial<Record<string, OpcodeName>> = { not: 'notB', and: 'andB', or: 'orB', select: 'select' }
const typed = new Set(['neg', 'abs', 'sign', 'add', 'sub', 'mul', 'mod', 'maximum', 'minimum', 'equal', 'notEqual', 'less', 'lessEqual'])

/** Lowers one elementwise node, or a fused one with all its results. */
export function lowerElementwise(node: Node, results: readonly Node[], b: Builder): void {
  const body = isOp(node, 'fused') ? node.attrs.body : null
  const shape = node.shape
  // Constants of one element become immediates.
  const immediates = new Map<Node, number>()
  const operands: Node[] = []
  const parameters: Node[] = []
  const own = node.inputs.map((input, i) => body?.parameters[i] ?? input)
  node.inputs.forEach((input, i) => {
    if (isOp(input, 'constant') && input.attrs.data.length === 1) immediates.set(own[i]!, input.attrs.data[0]!)
    else if (!parameters.includes(own[i]!)) {
      operands.push(input)
      parameters.push(own[i]!)
    }
  })
  const program = assemble(body?.results ?? [node], parameters, immediates, body === null)

  const blocked = wantsBlocked(node, operands, results, b)
  const layout = blocked ? 'blocked' : 'plain'
  const values = operands.map((operand) =>
    blocked && operand.shape.length > 0 && operand.shape[operand.shape.length - 1] !== 1 ? b.value(operand, 'blocked') : b.value(operand, 'plain'),
  )
  const aligned = (operand: Node): boolean => operand.shape.length === shape.length && operand.shape[0] === shape[0]
  const batch = b.batch > 0 && shape[0] === b.batch && values.some((value, i) => value.batch && aligned(operands[i]!))
  // A batch value in a place that is not the batch's would be read as a whole.
  const crossed = values.some((value, i) => value.batch && !aligned(operands[i]!))
  const flags = { batch: batch && !crossed, stable: inherit(...values).stable }
  const outputs = results.map((result) => b.fresh(shape, result.dtype, layout, flags))
  results.forEach((result, i) => b.set(result, outputs[i]!))
  if (sizeOf(shape) === 0) return

  const { lanes } = b
  const collapsed = blocked || shape.length <= 6 ? null : collapse(shape, operands)
  b.add({
    kind: 'elementwise',
    label: node.op === 'fused' ? `fused ${program.instructions.length}` : node.op,
    inputs: values,
    outputs,
    role: flags.batch ? 'map' : 'whole',
    attributes: (images) => {
      const count = flags.batch ? images : (shape[0] ?? 1)
      const common = {
        instructions: program.instructions,
        outputs: results.map((result, i) => ({ value: program.outputs[i], dtype: result.dtype })),
      }
      if (blocked) {
        const [, height, width, channels] = shape as [number, number, number, number]
        return {
          ...common,
          sizes: [count, Math.ceil(channels / lanes), height, width, lanes],
          inputs: operands.map((operand) => ({ dtype: operand.dtype, strides: blockedStrides(operand.shape, lanes) })),
          laneTail: channels % lanes,
          laneBlockDim: 1,
        }
      }
      if (collapsed) return { ...common, ...collapsed }
      return {
        ...common,
        sizes: shape.map((dim, i) => (i === 0 ? count : dim)),
        inputs: operands.map((operand) => ({ dtype: operand.dtype, strides: broadcastStrides(operand.shape, shape.length) })),
      }
    },
  })
}

/** Blocked, if a float operand of the result's rank is at hand in that layout only. */
function wantsBlocked(node: Node, operands: readonly Node[], results: readonly Node[], b: Builder): boolean {
  if (node.shape.length !== 4 || sizeOf(node.shape) === 0) return false
  if (results.some((result) => result.dtype !== 'float32')) return false
  const perChannel = operands.filter((operand) => operand.shape.length > 0 && operand.shape[operand.shape.length - 1] !== 1)
  if (perChannel.some((operand) => operand.dtype !== 'float32' || (operand.shape.length !== 4 && sizeOf(operand.shape) !== operand.shape[operand.shape.length - 1])))
    return false
  return perChannel.some((operand) => operand.shape.length === 4 && b.has(operand, 'blocked') && !b.has(operand, 'plain') && sizeOf(operand.shape) > operand.shape[3]!)
}

/** Strides over [N, CB, H, W, L] of an operand that broadcasts to NHWC: blocked, or plain where it has one channel. */
function blockedStrides(shape: Shape, lanes: number): number[] {
  const [n, h, w, c] = [...new Array<number>(4 - shape.length).fill(1), ...shape] as [number, number, number, number]
  const one = c === 1
  const block = one ? 1 : lanes
  const blocks = one ? 1 : Math.ceil(c / lanes)
  return [
    n === 1 ? 0 : blocks * h * w * block,
    one ? 0 : h * w * block,
    h === 1 ? 0 : w * block,
    w === 1 ? 0 : block,
    one ? 0 : 1,
  ]
}

function broadcastStrides(shape: Shape, rank: number): number[] {
  const strides = stridesOf(shape)
  return Array.from({ length: rank }, (_, i) => {
    const own = i - (rank - shape.length)
    return own < 0 || shape[own] === 1 ? 0 : strides[own]!
  })
}

/** More than six dims: neighbours along which every operand is dense, or broadcast, become one. */
function collapse(shape: Shape, operands: readonly Node[]): { sizes: number[]; inputs: { dtype: DType; strides: number[] }[] } {
  const strides = operands.map((operand) => broadcastStrides(operand.shape, shape.length))
  const sizes: number[] = []
  const kept: number[][] = operands.map(() => [])
  shape.forEach((dim, i) => {
    const last = sizes.length - 1
    if (last >= 0 && strides.every((s, k) => kept[k]![last] === s[i]! * dim)) {
      sizes[last]! *= dim
      strides.forEach((s, k) => (kept[k]![last] = s[i]!))
    } else {
      sizes.push(dim)
      strides.forEach((s, k) => kept[k]!.push(s[i]!))
    }
  })
  return { sizes, inputs: operands.map((operand, k) => ({ dtype: operand.dtype, strides: kept[k]! })) }
}

/** `shallow`: the results' inputs are operands, not part of the body. */
function assemble(results: readonly Node[], parameters: readonly Node[], immediates: ReadonlyMap<Node, number>, shallow: boolean): Program {
  const instructions: Instruction[] = []
  const registers = new Map<Node, number>(parameters.map((parameter, i) => [parameter, i]))
  const emit = (opcode: OpcodeName, operands: readonly number[] = [], immediate: readonly [number, number] = [0, 0], ints = false): number => {
    instructions.push([opcodes[opcode], operands[0] ?? 0, operands[1] ?? 0, operands[2] ?? 0, ints ? 1 : 0, immediate[0], immediate[1]])
    return parameters.length + instructions.length - 1
  }
  const constant = (value: number, dtype: DType): number =>
    dtype === 'float32'
      ? emit('constantF', [], [value, 0])
      : emit(dtype === 'bool' ? 'constantB' : 'constantI', [], [value, 0], true)
  const register = (node: Node, depth: number): number => {
    const known = registers.get(node)
    if (known !== undefined) return known
    let made: number
    const immediate = immediates.get(node)
    if (immediate !== undefined) made = constant(immediate, node.dtype)
    else if (isOp(node, 'constant')) made = constant(node.attrs.data[0]!, node.dtype)
    else if (shallow && depth > 0) throw new Error(`plan: ${node.op} is not an operand`)
    else made = instruction(node, node.inputs.map((input) => register(input, depth + 1)), emit)
    registers.set(node, made)
    return made
  }
  const outputs = results.map((result) => register(result, 0))
  return { instructions, outputs }
}

type Emit = (opcode: OpcodeName, operands?: readonly number[], immediate?: readonly [number, number], ints?: boolean) => number

function instruction(node: Node, operands: number[], emit: Emit): number {
  const from = node.inputs[0]?.dtype ?? node.dtype
  if (isOp(node, 'clamp')) return emit('clampF', operands, [node.attrs.low, node.attrs.high])
  if (node.op === 'stopGradient') return operands[0]!
  if (isOp(node, 'cast')) return castRegister(operands[0]!, from, node.attrs.dtype, emit)
  const plain = floatOnly[node.op] ?? logical[node.op]
  if (plain) return emit(plain, operands)
  if (!typed.has(node.op)) throw new Error(`plan: ${node.op} is not elementwise`)
  if (from === 'float32') return emit(`${node.op}F` as OpcodeName, operands)
  const compares = node.dtype === 'bool'
  if (from === 'bool' && node.op !== 'equal' && node.op !== 'notEqual') operands = operands.map((operand) => emit('castBI', [operand]))
  const result = emit(`${node.op}I` as OpcodeName, operands)
  if (compares) return result
  if (from === 'bool') return emit('castIB', [result])
  // Arithmetic on uint8 wraps around.
  return from === 'uint8' ? emit('castIU', [result]) : result
}

function castRegister(operand: number, from: DType, to: DType, emit: Emit): number {
  if (from === to) return operand
  const suffix: Record<DType, string> = { float32: 'F', int32: 'I', uint8: 'U', bool: 'B' }
  if (from === 'float32') return emit(`castF${suffix[to]}` as OpcodeName, [operand])
  if (from === 'bool') return emit(to === 'float32' ? 'castBF' : 'castBI', [operand])
  if (to === 'int32') return operand // uint8 is held zero-extended
  return emit(`castI${suffix[to]}` as OpcodeName, [operand])
}

/** Values of a binary program that later ops may write over: dense ones of the results' type. */
export function mayOverwrite(output: Value, input: Value): boolean {
  return (
    input.layout === output.layout &&
    input.dtype === output.dtype &&
    input.shape.length === output.shape.length &&
    input.shape.every((dim, i) => dim === output.shape[i])
  )
}
