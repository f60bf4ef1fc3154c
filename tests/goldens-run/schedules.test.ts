// Learning-rate schedules against Keras.
import { describe, expect, it } from 'vitest'
import * as schedules from '../../src/schedules/index.ts'
import { bookNames, type Json, numberOf, readBook } from './read.ts'

interface ScheduleCase {
  name: string
  class_name: string
  config: Record<string, unknown>
  steps: number[]
  values: Json[]
}

for (const name of bookNames('optimizers', 'schedules')) {
  describe(name, () => {
    it.each(readBook<ScheduleCase>(name).cases.map((golden) => [golden.name, golden] as const))(
      '%s',
      async (_, golden) => {
        const schedule = schedules.deserialize({ class_name: golden.class_name, config: golden.config })
        expect(schedule.getConfig()).toEqual(golden.config)
        // 1 + cos and differences of rates cancel: what remains near zero has the error of the largest rate.
        const values = golden.values.map(numberOf)
        const floor = 1e-7 * Math.max(...values.filter(Number.isFinite))
        for (const [i, step] of golden.steps.entries()) {
          const expected = values[i]!
          const received = await schedule.at(step)
          // Also where both have grown to Infinity.
          if (received === expected) continue
          expect(Math.abs(received - expected), `step ${step}: ${received}`).toBeLessThanOrEqual(
            1e-6 * expected + floor,
          )
        }
      },
    )
  })
}
