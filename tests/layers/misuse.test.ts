// Wrong options and wrong inputs: errors that name the layer, what was expected and what came.
import { beforeEach, expect, test } from 'vitest'
import { ArgumentError, ShapeError } from '../../src/errors.ts'
import * as layers from '../../src/layers/index.ts'
import { input } from '../../src/layers/index.ts'
import { ones } from '../../src/ops/index.ts'
import { clearSession } from '../../src/ops/naming.ts'

beforeEach(() => clearSession())

/** What TypeScript would refuse, as a JavaScript user may write it. */
const wrong = (options: unknown) => options as never

test.each<[string, () => unknown, RegExp]>([
  [
    'units 0',
    () => layers.dense({ units: 0 }),
    /layer "dense.*" \(Dense\): expected `units` to be a positive integer, received 0/,
  ],
  ['units misspelt', () => layers.dense(wrong({ unit: 5 })), /a known option, received "unit". Did you mean `units`\?/],
  ['units as text', () => layers.dense({ units: wrong('3') }), /received "3"/],
  [
    'kernel size missing',
    () => layers.conv2D(wrong({ filters: 2 })),
    /`kernelSize` to be an integer >= 1 or 2 of them/,
  ],
  ['filters', () => layers.conv2D({ filters: 2.5, kernelSize: 3 }), /`filters` to be a positive integer, received 2.5/],
  ['groups', () => layers.conv2D({ filters: 3, kernelSize: 3, groups: 2 }), /multiple of `groups`/],
  [
    'padding',
    () => layers.conv2D({ filters: 3, kernelSize: 3, padding: wrong('full') }),
    /"valid", "same", received "full"/,
  ],
  [
    'strides and dilation',
    () => layers.conv2D({ filters: 3, kernelSize: 3, strides: 2, dilationRate: 2 }),
    /`strides` > 1 or `dilationRate` > 1, not both/,
  ],
  ['channels first', () => layers.flatten({ dataFormat: wrong('channels_first') }), /"channels_last", the only layout/],
  ['pool size missing', () => layers.averagePooling2D(wrong({})), /`poolSize`/],
  ['rate', () => layers.dropout({ rate: 1.5 }), /`rate` to be a number in \[0, 1\], received 1.5/],
  ['negative slope', () => layers.reLU({ negativeSlope: -1 }), /`negativeSlope`/],
  [
    'activation',
    () => layers.activation('rellu' as never),
    /activation: expected a function, null, or one of .*received "rellu"/,
  ],
  [
    'initializer',
    () => layers.dense({ units: 1, kernelInitializer: 'hee' as never }),
    /layers.dense, `kernelInitializer`: expected one of .*received "hee"/,
  ],
  [
    'regularizer',
    () => layers.dense({ units: 1, kernelRegularizer: 'l3' as never }),
    /layers.dense, `kernelRegularizer`: expected one of .*received "l3"/,
  ],
  ['name', () => layers.dense({ units: 1, name: 'a/b' }), /`name` to be a string without "\/", received "a\/b"/],
  [
    'trainable',
    () => layers.dense({ units: 1, trainable: wrong('no') }),
    /`trainable` to be true or false, received "no"/,
  ],
  ['rotation', () => layers.randomRotation(2), /`factor` to be a number or a pair of numbers in \[-1, 1\], received 2/],
  ['flip mode', () => layers.randomFlip('diagonal'), /"horizontal", "vertical"/],
  ['value range', () => layers.randomContrast({ factor: 0.1, valueRange: [1, 0] }), /`valueRange`/],
  ['permutation', () => layers.permute({ dims: [1, 3] }), /permutation of 1, 2/],
  ['target shape', () => layers.reshape({ targetShape: [-1, -1] }), /at most one of them -1/],
  ['statistics', () => layers.normalization({ mean: 1 }), /`mean` and `variance` both or neither/],
  ['input shape', () => input({}), /either `shape` \(without the batch\) or `batchShape`/],
  ['input dims', () => input({ shape: [2.5] }), /integers >= 0 and nulls/],
  ['lambda config', () => layers.lambda((x: never) => x).getConfig(), /whose code cannot/],
])('option: %s', (_, make, message) => {
  expect(make).toThrow(ArgumentError)
  expect(make).toThrow(message)
})

test.each<[string, () => unknown, RegExp]>([
  ['dense on a vector', () => layers.dense({ units: 1 }).apply(ones([3])), /"dense.*".*rank 2 or more.*shape \(3,\)/],
  [
    'rank of a convolution',
    () => layers.conv2D({ filters: 1, kernelSize: 3 }).apply(ones([2, 5, 5])),
    /rank 4.*shape \(2, 5, 5\)/,
  ],
  [
    'other channels than built for',
    () => {
      const dense = layers.dense({ units: 1 })
      dense.build([null, 5])
      return dense.apply(input({ shape: [6] }))
    },
    /size 5, the layer was built for shape \(None, 5\) \(input 0\), received "shape \(None, 6\)"/,
  ],
  [
    'unknown channels',
    () => layers.dense({ units: 1 }).apply(input({ shape: [null] })),
    /known size, received "shape \(None, None\)"/,
  ],
  [
    'window too large',
    () => layers.maxPooling2D({ poolSize: 5 }).apply(input({ shape: [4, 4, 1] })),
    /window \(5, 5\), received "shape \(None, 4, 4, 1\)"/,
  ],
  [
    'channels and groups',
    () => layers.conv2D({ filters: 2, kernelSize: 1, groups: 2 }).apply(ones([1, 2, 2, 3])),
    /multiple of groups = 2/,
  ],
  [
    'reshape',
    () => layers.reshape({ targetShape: [4] }).apply(ones([2, 3])),
    /target shape \(4,\), received "shape \(2, 3\)"/,
  ],
  ['add of one tensor', () => layers.add().apply(ones([2, 3])), /list of one input or more.*shape \[2,3\]/],
  [
    'add of unlike shapes',
    () => layers.add().apply([ones([2, 3]), ones([2, 4])]),
    /broadcast together, received "\(2, 3\) and \(2, 4\)"/,
  ],
  [
    'subtract of three',
    () => layers.subtract().apply([ones([1]), ones([1]), ones([1])]),
    /exactly 2 inputs, received "3 inputs"/,
  ],
  [
    'concatenate',
    () => layers.concatenate().apply([ones([2, 3]), ones([3, 3])]),
    /apart from axis 1, received "\(2, 3\) and \(3, 3\)"/,
  ],
  ['cropping', () => layers.cropping2D({ cropping: 3 }).apply(ones([1, 6, 9, 1])), /larger than the cropping/],
  ['rank of a picture', () => layers.randomFlip().apply(ones([2, 3])), /rank 3 or 4, received "shape \(2, 3\)"/],
])('input: %s', (_, make, message) => {
  expect(make).toThrow(ShapeError)
  expect(make).toThrow(message)
})

test('things that are no tensors', () => {
  const dense = layers.dense({ units: 1 })
  expect(() => dense.apply(wrong(dense))).toThrow(/a Dense layer.*Apply the layer first/)
  expect(() => dense.apply(wrong('x'))).toThrow(/"dense" \(Dense\): expected a tensor/)
  expect(() => dense.apply(wrong(undefined))).toThrow(ArgumentError)
  expect(() => layers.lambda(() => undefined).apply(ones([1]))).toThrow(/call\(\) to return tensors, synchronously/)
  const late = layers.lambda(() => Promise.resolve(ones([1])))
  expect(() => late.apply(ones([1]))).toThrow(/call\(\) to return tensors, synchronously/)
})
