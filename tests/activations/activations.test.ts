// Activations by name, as functions and in configs; values of those with options.
import { expect, test } from 'vitest'
import * as activations from '../../src/activations/index.ts'
import { GradientTape, type Tensor, tensor } from '../../src/ops/index.ts'

const x = tensor([-2, -0.5, 0, 0.5, 2])
async function rounded(y: Tensor): Promise<number[]> {
  return Array.from(await y.data(), (value) => Math.round(value * 1e4) / 1e4 + 0)
}

test('names in snake and camel case, aliases, stored functions, null', () => {
  expect(activations.get('leaky_relu')).toBe(activations.get('leakyRelu'))
  expect(activations.get('swish')).toBe(activations.get('silu'))
  expect(activations.get({ class_name: 'function', config: 'relu6' } as never)).toBe(activations.relu6)
  expect(activations.get('relu6')).toBe(activations.relu6)
  expect(activations.get(null)).toBe(activations.linear)
  expect(activations.serialize(activations.get('hard_swish'))).toBe('hard_silu')
  // The exported function with options stands for the name without.
  expect(activations.serialize(activations.get(activations.relu as never))).toBe('relu')
  expect(() => activations.get('reluu' as never)).toThrow(/received "reluu"/)
})

test('a function of the user needs a name to be stored', () => {
  const double = (value: Tensor) => value
  expect(activations.get(double)).toBe(double)
  expect(() => activations.serialize(double)).toThrow(/register/)
  activations.register('double', double)
  expect(activations.serialize(double)).toBe('double')
  expect(activations.get('double' as never)).toBe(double)
})

test('options', async () => {
  expect(await rounded(activations.relu(x, { maxValue: 1 }))).toEqual([0, 0, 0, 0.5, 1])
  expect(await rounded(activations.relu(x, { threshold: 0.5, negativeSlope: 0.1 }))).toEqual([-0.25, -0.1, -0.05, 0, 2])
  expect(await rounded(activations.elu(x, { alpha: 2 }))).toEqual([-1.7293, -0.7869, 0, 0.5, 2])
  expect(await rounded(activations.hardShrink(x, { threshold: 1 }))).toEqual([-2, 0, 0, 0, 2])
  expect(await rounded(activations.softShrink(x, { threshold: 1 }))).toEqual([-1, 0, 0, 0, 1])
  expect(await rounded(activations.threshold(x, { threshold: 0.2, defaultValue: 9 }))).toEqual([9, 9, 9, 0.5, 2])
  expect(await rounded(activations.gelu(x, { approximate: true }))).toEqual([-0.0454, -0.1543, 0, 0.3457, 1.9546])
  expect(await rounded(activations.celu(x, { alpha: 2 }))).toEqual([-1.2642, -0.4424, 0, 0.5, 2])
})

test('sparsemax adds up the running sums of its support, as Keras does, along any axis', async () => {
  expect(await rounded(activations.sparsemax(tensor([[1, 0.5, -3]])))).toEqual([0.25, 0, 0])
  expect(await rounded(activations.sparsemax(tensor([[1], [0.5], [-3]]), { axis: 0 }))).toEqual([0.25, 0, 0])
  expect(() => activations.glu(tensor([1, 2, 3]))).toThrow(/even size/)
})

test('no NaN in gradients where an exponential overflows', async () => {
  const big = tensor([-200, 200])
  for (const name of ['elu', 'selu', 'celu', 'softplus', 'mish', 'silu', 'gelu', 'log_sigmoid', 'tanh'] as const) {
    const tape = new GradientTape()
    tape.watch(big)
    const y = tape.record(() => activations.get(name)(big))
    const gradient = await tape.gradient(y, big)!.data()
    expect([...(await y.data()), ...gradient].every(Number.isFinite), name).toBe(true)
  }
})
