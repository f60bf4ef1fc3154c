// Shape rules of affine sampling and resizing of images.
import type { AffineAttrs, PrimitiveName, ResizeAttrs } from '../primitives.ts'
import type { Shape, TensorType } from '../types.ts'
import { showShape } from '../types.ts'
import {
  argumentError, checkDims, checkDType, checkPair, checkRank, checkShape, float, one, shapeError, showType, two,
} from './check.ts' // prettier-ignore
import type { ShapeRules } from './check.ts'

function affineType(op: PrimitiveName, inputs: readonly TensorType[], attrs: AffineAttrs): TensorType {
  const [images, transforms] = two(op, inputs)
  checkDType(op, 'images', images, float)
  checkRank(op, 'images (NHWC)', images, 4)
  checkDType(op, 'transforms', transforms, float)
  checkShape(op, 'transforms (one row of 8 an image)', transforms, [images.shape[0]!, 8])
  if (typeof attrs.fillValue !== 'number') throw argumentError(op, 'a number as fillValue', attrs.fillValue)
  return { shape: images.shape, dtype: 'float32' }
}

/** The result's shape of resizing images of `shape`. */
function resizedShape(op: PrimitiveName, images: TensorType, { size }: ResizeAttrs): Shape {
  checkDType(op, 'images', images, float)
  checkRank(op, 'images (NHWC)', images, 4)
  checkPair(op, 'size', size, 1)
  const [n, h, w, channels] = images.shape as [number, number, number, number]
  if (h < 1 || w < 1) throw shapeError(op, 'images of at least one pixel', showType(images))
  return [n, size[0], size[1], channels]
}

export const imageRules: ShapeRules<'affineSample' | 'affineSampleGrad' | 'resize' | 'resizeGrad'> = {
  affineSample: (inputs, attrs) => affineType('affineSample', inputs, attrs),
  affineSampleGrad: (inputs, attrs) => affineType('affineSampleGrad', inputs, attrs),
  resize: (inputs, attrs) => ({ shape: resizedShape('resize', one('resize', inputs), attrs), dtype: 'float32' }),
  resizeGrad: (inputs, attrs) => {
    const dy = one('resizeGrad', inputs)
    checkDims('resizeGrad', 'inputShape', attrs.inputShape)
    checkDType('resizeGrad', 'dy', dy, float)
    const forward = resizedShape('resizeGrad', { shape: attrs.inputShape, dtype: 'float32' }, attrs)
    checkShape('resizeGrad', `dy (for inputShape ${showShape(attrs.inputShape)})`, dy, forward)
    return { shape: attrs.inputShape, dtype: 'float32' }
  },
}
