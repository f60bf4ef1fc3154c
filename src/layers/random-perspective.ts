// RandomPerspective, and the projective map between two quadrilaterals.
import { problem, ShapeError } from '../errors.ts'
import { showShape } from '../graph/types.ts'
import * as ops from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import { choiceOption, numberOption } from './checks.ts'
import type { Config } from './config.ts'
import {
  type Factor, factorOption, perImage, RandomImageLayer, type RandomImageOptions, type Range, within,
} from './random-image.ts' // prettier-ignore

export interface RandomPerspectiveOptions extends RandomImageOptions {
  /** Probability that a picture is distorted: a number f draws it from [0, f], a pair from that range. Default 1. */
  readonly factor?: Factor
  /** How far corners move: up to half of this part of their distance from the upper or left border. In [0, 1], default 1. */
  readonly scale?: number
  /** `bilinear` (default) or `nearest`. */
  readonly interpolation?: 'bilinear' | 'nearest'
  /** The value beyond the borders, default 0. */
  readonly fillValue?: number
}
interface Perspective {
  readonly applyPerspective: Tensor
  readonly startPoints: Tensor
  readonly endPoints: Tensor
}

/** Moves the corners of some pictures, all but the upper left one, each along the axes on which it does not lie. */
export class RandomPerspective extends RandomImageLayer<Perspective> {
  static override readonly className: string = 'RandomPerspective'
  readonly factor: Range
  readonly scale: number
  readonly interpolation: 'bilinear' | 'nearest'
  readonly fillValue: number

  constructor(options: RandomPerspectiveOptions = {}) {
    super(options)
    this.factor = factorOption(this.where, 'factor', options.factor ?? 1, [0, 1])
    this.scale = numberOption(this.where, 'scale', options.scale ?? 1, 0, 1)
    const methods = ['bilinear', 'nearest'] as const
    this.interpolation = choiceOption(this.where, 'interpolation', options.interpolation ?? 'bilinear', methods)
    this.fillValue = numberOption(this.where, 'fillValue', options.fillValue ?? 0)
  }
  /** `applyPerspective`: bool [N]; `startPoints`, `endPoints`: [N, 4, 2], (x, y) of the corners, row by row. */
  getRandomTransformation(images: Tensor, seeds: ops.SeedGenerator = this.seedGenerator): Perspective {
    const [n, height, width] = images.shape as readonly [number, number, number, number]
    if (height < 2 || width < 2)
      throw new ShapeError(
        problem({
          where: this.where,
          expected: 'pictures of at least 2 times 2 pixels',
          received: showShape(images.shape),
        }),
      )
    const applyPerspective = this.chances(n, this.factor, seeds)
    const draws = ops.randomUniform([n, 4, 2], { seed: seeds.next() })
    const [right, bottom] = [width - 1, height - 1]
    const corners = ops.tensor([[[0, 0], [right, 0], [0, bottom], [right, bottom]]]) // prettier-ignore
    const startPoints = ops.broadcastTo(corners, [n, 4, 2])
    const moves = within(draws, [-this.scale / 2, this.scale / 2])
    return { applyPerspective, startPoints, endPoints: ops.add(startPoints, ops.multiply(startPoints, moves)) }
  }
  transformImages(images: Tensor, parameters: Perspective): Tensor {
    return this.#distort(images, parameters, this.interpolation)
  }
  override transformSegmentationMasks(masks: Tensor, parameters: Perspective): Tensor {
    return this.#distort(masks, parameters, 'nearest')
  }
  #distort(images: Tensor, parameters: Perspective, interpolation: 'bilinear' | 'nearest'): Tensor {
    const { applyPerspective, startPoints, endPoints } = parameters
    const options = { interpolation, fillMode: 'constant', fillValue: this.fillValue } as const
    const distorted = ops.affineTransform(images, homography(endPoints, startPoints), options)
    return ops.where(perImage(applyPerspective), distorted, images)
  }
  override getConfig(): Config {
    const { factor, scale, interpolation, fillValue, seed } = this
    return { ...super.getConfig(), factor: [...factor], scale, interpolation, fill_value: fillValue, seed }
  }
}

/** The entries of a 3 x 3 matrix, row by row; each [N]. */
type Matrix = readonly Tensor[]

/** The maps [N, 8] (rows as in `ops.affineTransform`) that take each point of `from` [N, 4, 2] to that of `to`. */
function homography(from: Tensor, to: Tensor): Tensor {
  const all = product(fromUnitSquare(to), adjugate(fromUnitSquare(from)))
  const scale = ops.reciprocal(all[8]!)
  return ops.stack(
    all.slice(0, 8).map((entry) => ops.multiply(entry, scale)),
    1,
  )
}

/**
 * The projective map of the unit square's corners (0, 0), (1, 0), (0, 1), (1, 1) to four points.
 * P. Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989, section 2.2.3.
 */
function fromUnitSquare(points: Tensor): Matrix {
  const n = points.shape[0]!
  const [x0, y0, x1, y1, x3, y3, x2, y2] = ops.unstack(ops.reshape(points, [n, 8]), 1) as readonly Tensor[] as Matrix8
  const cross = (a: Tensor, b: Tensor, c: Tensor, d: Tensor) => ops.subtract(ops.multiply(a, b), ops.multiply(c, d))
  const [dx1, dx2, dy1, dy2] = [ops.subtract(x1, x2), ops.subtract(x3, x2), ops.subtract(y1, y2), ops.subtract(y3, y2)]
  const sx = ops.subtract(ops.subtract(x0, x1), dx2)
  const sy = ops.subtract(ops.subtract(y0, y1), dy2)
  const determinant = cross(dx1, dy2, dx2, dy1)
  const g = ops.divide(cross(sx, dy2, dx2, sy), determinant)
  const h = ops.divide(cross(dx1, sy, sx, dy1), determinant)
  const edge = (end: Tensor, start: Tensor, factor: Tensor) =>
    ops.add(ops.subtract(end, start), ops.multiply(factor, end))
  return [edge(x1, x0, g), edge(x3, x0, h), x0, edge(y1, y0, g), edge(y3, y0, h), y0, g, h, ops.onesLike(g)]
}
type Matrix8 = readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]

/** The inverse times the determinant. */
function adjugate(m: Matrix): Matrix {
  const minor = (a: number, b: number, c: number, d: number) =>
    ops.subtract(ops.multiply(m[a]!, m[b]!), ops.multiply(m[c]!, m[d]!))
  return [
    minor(4, 8, 5, 7), minor(2, 7, 1, 8), minor(1, 5, 2, 4),
    minor(5, 6, 3, 8), minor(0, 8, 2, 6), minor(2, 3, 0, 5),
    minor(3, 7, 4, 6), minor(1, 6, 0, 7), minor(0, 4, 1, 3),
  ] // prettier-ignore
}

function product(a: Matrix, b: Matrix): Matrix {
  return a.map((_, at) => {
    const [row, column] = [at - (at % 3), at % 3]
    const terms = [0, 1, 2].map((k) => ops.multiply(a[row + k]!, b[3 * k + column]!))
    return ops.add(ops.add(terms[0]!, terms[1]!), terms[2]!)
  })
}
