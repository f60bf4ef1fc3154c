// Elementwise primitives as ONNX nodes, in whichever layout their operands lie.
import type { Node } from '../../graph/node.ts'
import type { ElementwiseName } from '../../graph/primitives.ts'
import { dataTypes } from './writer.ts'
import type { OnnxWriter } from './writer.ts'
import type { Context, Rules } from './context.ts'

type Emit<P extends ElementwiseName> = (operands: readonly string[], writer: OnnxWriter, node: Node<P>) => string

const direct =
  (opType: string): Emit<ElementwiseName> =>
  (operands, writer) =>
    writer.node(opType, operands)

const emitters: { readonly [P in ElementwiseName]: Emit<P> } = {
  neg: direct('Neg'),
  abs: direct('Abs'),
  sign: direct('Sign'),
  exp: direct('Exp'),
  expm1: ([x], w) => w.node('Sub', [w.node('Exp', [x!]), w.scalar(1)]),
  log: direct('Log'),
  log1p: ([x], w) => w.node('Log', [w.node('Add', [x!, w.scalar(1)])]),
  sqrt: direct('Sqrt'),
  rsqrt: ([x], w) => w.node('Reciprocal', [w.node('Sqrt', [x!])]),
  tanh: direct('Tanh'),
  sigmoid: direct('Sigmoid'),
  erf: direct('Erf'),
  sin: direct('Sin'),
  cos: direct('Cos'),
  floor: direct('Floor'),
  ceil: direct('Ceil'),
  round: direct('Round'),
  isFinite: ([x], w) => w.node('Not', [w.node('Or', [w.node('IsInf', [x!]), w.node('IsNaN', [x!])])]),
  not: direct('Not'),
  clamp: ([x], w, { attrs: { low, high }, dtype }) => {
    if (low === 0 && high === Infinity) return w.node('Relu', [x!])
    const bound = (value: number): string => (Number.isFinite(value) ? w.scalar(value, dtype) : '')
    return w.node('Clip', [x!, bound(low), bound(high)])
  },
  cast: ([x], w, { attrs }) => w.node('Cast', [x!], { to: dataTypes[attrs.dtype] }),
  add: direct('Add'),
  sub: direct('Sub'),
  mul: direct('Mul'),
  div: direct('Div'),
  pow: direct('Pow'),
  mod: ([a, b], w, { dtype }) =>
    dtype === 'float32'
      ? w.node('Sub', [a!, w.node('Mul', [w.node('Floor', [w.node('Div', [a!, b!])]), b!])])
      : w.node('Mod', [a!, b!]),
  maximum: direct('Max'),
  minimum: direct('Min'),
  equal: direct('Equal'),
  notEqual: ([a, b], w) => w.node('Not', [w.node('Equal', [a!, b!])]),
  less: direct('Less'),
  lessEqual: direct('LessOrEqual'),
  and: direct('And'),
  or: direct('Or'),
  select: direct('Where'),
}

export const elementwiseRules = Object.fromEntries(
  Object.entries(emitters).map(([name, emit]) => [
    name,
    (node: Node, context: Context) => {
      const layout = context.layoutFor(node)
      const operands = node.inputs.map((input) => context.operand(input, layout))
      context.set(
        node,
        layout,
        (emit as Emit<ElementwiseName>)(operands, context.writer, node as Node<ElementwiseName>),
      )
    },
  ]),
) as unknown as Rules<ElementwiseName>
