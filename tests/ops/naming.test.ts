import { expect, test } from 'vitest'
import { ops } from './helpers.ts'

test.each([
  ['Conv2D', 'conv2d'],
  ['SeparableConv2D', 'separable_conv2d'],
  ['DepthwiseConv2D', 'depthwise_conv2d'],
  ['BatchNormalization', 'batch_normalization'],
  ['GlobalAveragePooling2D', 'global_average_pooling2d'],
  ['ReLU', 're_lu'],
  ['ZeroPadding2D', 'zero_padding2d'],
  ['InputLayer', 'input_layer'],
  ['RMSprop', 'rm_sprop'],
  ['AdamW', 'adam_w'],
  ['SGD', 'sgd'],
  ['Functional', 'functional'],
  ['my-Layer', 'my_layer'],
])('toSnakeCase(%s)', (name, expected) => {
  expect(ops.toSnakeCase(name)).toBe(expected)
})

test('autoName counts by prefix until clearSession', () => {
  ops.clearSession()
  expect(['dense', 'dense', 'conv2d', 'dense'].map(ops.autoName)).toEqual(['dense', 'dense_1', 'conv2d', 'dense_2'])
  ops.clearSession()
  expect(ops.autoName('dense')).toBe('dense')
})
