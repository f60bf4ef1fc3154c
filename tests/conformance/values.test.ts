// Every primitive on every engine: values, shapes, dtypes, and the same bits when run again.
import { describe, expect, test } from 'vitest'
import { createReferenceEngine } from '../../src/engines/reference/index.ts'
import type { PrimitiveName } from '../../src/graph/primitives.ts'
import type { Case } from './case.ts'
import { cases } from './cases/index.ts'
import { unfused } from './cases/fused.ts'
import { engines } from './engines.ts'
import { compileCase, differences, runCompiled, sameBits, valuesOf } from './run.ts'

const reference = createReferenceEngine()
const names = Object.keys(cases) as PrimitiveName[]

describe.each(await engines())('$name', ({ create }) => {
  describe.each(names)('%s', async (name) => {
    const engine = await create()
    const list: readonly Case[] = cases[name]
    test('has cases', () => expect(list.length).toBeGreaterThan(0))
    test.each(list.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
      const compiled = compileCase(engine, one, one.build)
      const values = await runCompiled(engine, compiled)
      const tolerance = one.tolerance ?? 1e-5
      if (one.expected !== undefined) expect(differences(values, one.expected, tolerance)).toBeNull()
      expect(differences(values, await valuesOf(reference, one), tolerance)).toBeNull()
      const again = await runCompiled(engine, compiled)
      expect(again.every((output, i) => sameBits(output, values[i]!))).toBe(true)

      const { outputs } = compiled.executable.run(compiled.buffers)
      outputs.forEach((output, i) => {
        const { shape, dtype } = compiled.graph.outputs[i]!
        expect({ shape: output.shape, dtype: output.dtype }).toEqual({ shape, dtype })
      })
      if (one.type !== undefined) expect(compiled.graph.outputs[0]).toMatchObject({ shape: one.type.shape, dtype: one.type.dtype }) // prettier-ignore
    })
  })

  describe('fused equals unfused', async () => {
    const engine = await create()
    test.each(cases.fused.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
      const plain = await valuesOf(engine, unfused(one))
      expect(differences(await valuesOf(engine, one), plain, 1e-5)).toBeNull()
    })
  })
})
