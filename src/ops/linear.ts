// Matrix products.
import { problem, ShapeError } from '../errors.ts'
import { makeNode } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { broadcastShapes, sizeOf, showShape } from '../graph/types.ts'
import type { Shape } from '../graph/types.ts'
import { floatNode } from './convert.ts'
import type { TensorLike } from './convert.ts'
import { reshapeNode } from './movement.ts'
import { Tensor } from './tensor.ts'

export interface MatmulOptions {
  /** Swaps the last two axes of a first; default false. */
  transposeA?: boolean
  transposeB?: boolean
}

/**
 * The matrix product over the last two axes, in float32; leading axes broadcast. As in NumPy, a vector on the left is a row, on
 * the right a column, and its axis is removed from the result.
 * @throws ShapeError if the inner lengths or the leading dims do not fit.
 */
export function matmul(
  a: TensorLike,
  b: TensorLike,
  { transposeA = false, transposeB = false }: MatmulOptions = {},
): Tensor {
  let x = floatNode(a, 'matmul')
  let y = floatNode(b, 'matmul')
  const [shapeA, shapeB] = [x.shape, y.shape]
  const vectorA = shapeA.length === 1
  const vectorB = shapeB.length === 1
  if (vectorA) x = reshapeNode(x, [1, shapeA[0]!])
  if (vectorB) y = reshapeNode(y, [shapeB[0]!, 1])
  // A vector has nothing to transpose.
  const [ta, tb] = [transposeA && !vectorA, transposeB && !vectorB]
  const inner = x.shape[x.shape.length - (ta ? 2 : 1)]
  const innerB = y.shape[y.shape.length - (tb ? 1 : 2)]
  const leading = broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2))
  if (shapeA.length === 0 || shapeB.length === 0 || inner !== innerB || leading === null) {
    const flags = transposeA || transposeB ? ` (transposeA ${transposeA}, transposeB ${transposeB})` : ''
    throw new ShapeError(
      problem({
        where: 'matmul',
        expected: `two tensors of rank >= 1 whose inner lengths agree and whose leading dims broadcast${flags}`,
        received: `${showShape(shapeA)} and ${showShape(shapeB)}`,
      }),
    )
  }
  const product = batched(x, y, leading, ta, tb)
  const { shape } = product
  const result = [...shape.slice(0, -2), ...(vectorA ? [] : [shape.at(-2)!]), ...(vectorB ? [] : [shape.at(-1)!])]
  return new Tensor(reshapeNode(product, result))
}

function batched(x: Node, y: Node, leading: Shape, transposeA: boolean, transposeB: boolean): Node {
  if (sizeOf(y.shape.slice(0, -2)) === 1 && !transposeA) {
    // One matrix on the right, as in a dense layer: all rows of the left make one tall matrix.
    const rows = reshapeNode(x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!])
    const matrix = reshapeNode(y, y.shape.slice(-2))
    const product = makeNode('matmul', [rows, matrix], { transposeA, transposeB })
    return reshapeNode(product, [...leading, x.shape.at(-2)!, product.shape[1]!])
  }
  const spread = (node: Node): Node => {
    const shape = [...leading, ...node.shape.slice(-2)]
    return showShape(shape) === showShape(node.shape) ? node : makeNode('broadcast', [node], { shape })
  }
  return makeNode('matmul', [spread(x), spread(y)], { transposeA, transposeB })
}
