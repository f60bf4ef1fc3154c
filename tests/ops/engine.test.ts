import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ArgumentError, EngineError } from '../../src/errors.ts'
import type * as Warnings from '../../src/platform/warn.ts'
import type * as Ops from '../../src/ops/index.ts'

// Each test gets modules of its own, in which no engine was chosen.
let ops: typeof Ops
let warnings: string[]
beforeEach(async () => {
  vi.resetModules()
  vi.stubEnv('TANUKI_ENGINE', '')
  warnings = []
  const { setWarningHandler } = (await import('../../src/platform/warn.ts')) as typeof Warnings
  setWarningHandler((message) => warnings.push(message))
  ops = await import('../../src/ops/index.ts')
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.doUnmock('../../src/engines/native/index.ts')
})

const withoutNative = (): void => {
  vi.doMock('../../src/engines/native/index.ts', () => ({
    createNativeEngine: () => Promise.reject(new EngineError('native engine: no addon here')),
  }))
}

test('setEngine chooses, once', async () => {
  expect(() => ops.engine.info()).toThrow(/await ready\(\)/)
  await ops.setEngine('reference')
  expect(ops.engine.info()).toMatchObject({ name: 'reference', reason: 'chosen by setEngine' })
  await ops.setEngine('reference')
  await expect(ops.setEngine('native')).rejects.toThrow(/before the first use/)
  await expect(ops.setEngine('gpu' as 'native')).rejects.toMatchObject({ name: 'ArgumentError' })
  expect(warnings).toEqual([])
})

test('TANUKI_ENGINE is stronger', async () => {
  vi.stubEnv('TANUKI_ENGINE', 'reference')
  await ops.setEngine('native')
  expect(ops.engine.info()).toMatchObject({ name: 'reference', reason: 'chosen by TANUKI_ENGINE' })
})

test('TANUKI_ENGINE with an unknown name is refused', async () => {
  vi.stubEnv('TANUKI_ENGINE', 'cuda')
  await expect(ops.ready()).rejects.toThrow(/TANUKI_ENGINE: expected "native" or "reference", received "cuda"/)
  expect(ArgumentError.name).toBe('ArgumentError')
})

test('without the native engine the reference engine computes, and says why, once', async () => {
  withoutNative()
  expect(await ops.add(1, ops.exp(0)).item()).toBe(2)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatch(/slow reference engine.*no addon here/)
  expect(ops.engine.info().reason).toMatch(/no addon here/)
})

test('the native engine, asked for by name, is not replaced', async () => {
  withoutNative()
  await expect(ops.setEngine('native')).rejects.toThrow(/no addon here/)
  expect(warnings).toEqual([])
  vi.stubEnv('TANUKI_ENGINE', 'native')
  await expect(ops.exp([1, 2]).data()).rejects.toThrow(/no addon here/)
})

test('work asked for before the engine is there happens in order, when it is', async () => {
  vi.stubEnv('TANUKI_ENGINE', 'reference')
  const v = new ops.Variable(1)
  const step = ops.compileFunction((x) => {
    v.assignAdd(x)
    return [v.value()]
  })
  const first = step.run(ops.tensor(1)).outputs[0]!
  const second = step.run(ops.exp(0)).outputs[0]!
  const lazy = ops.multiply(v, 10)
  const values = await Promise.all([first.item(), second.item(), lazy.item(), v.item()])
  expect(values).toEqual([2, 3, 30, 3])
})
