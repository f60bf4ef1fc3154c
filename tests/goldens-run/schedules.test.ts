// Learning-rate schedules against Keras.
import { describe, expect, it } from 'vitest'
import * as schedules from '../../src/schedules/index.ts'
import { bookNames, readBook } from './read.ts'

interface ScheduleCase {
  name: string
  class_name: string
  config: Record<string, unknown>
  steps: number[]
  values: number[]
}

const books = bookNames('optimizers').filter((name) => readBook(name).json.category === 'schedules')
it('has cases', () => expect(books.length).toBeGreaterThan(0))
for (const name of books) {
  describe(name, () => {
    it.each(readBook<ScheduleCase>(name).cases.map((golden) => [golden.name, golden] as const))(
      '%s',
      async (_, golden) => {
        const schedule = schedules.deserialize({ class_name: golden.class_name, config: golden.config })
        expect(schedule.getConfig()).toEqual(golden.config)
        // 1 + cos and differences of rates cancel: what remains near zero has the error of the largest rate.
        const floor = 1e-7 * Math.max(...golden.values)
        for (const [i, step] of golden.steps.entries()) {
          const expected = golden.values[i]!
          const received = await schedule.at(step)
          expect(Math.abs(received - expected), `step ${step}: ${received}`).toBeLessThanOrEqual(
            1e-6 * expected + floor,
          )
        }
      },
    )
  })
}
