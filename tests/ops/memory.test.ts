import { expect, test } from 'vitest'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ops, useReferenceEngine } from './helpers.ts'

useReferenceEngine()

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function megabytes(): Promise<number> {
  // All runs that are queued have ended then.
  await ops.negative(ops.tensor(new Float32Array(17))).data()
  // WeakRefs are let go at the end of a turn of the event loop.
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 2 ** 20
}

/** How much memory `rounds` more rounds keep, after the first `warmUp`. */
async function growth(rounds: number, round: (i: number) => unknown, warmUp = 100): Promise<number> {
  for (let i = 0; i < warmUp; i++) await round(i)
  const before = await megabytes()
  for (let i = 0; i < rounds; i++) await round(i)
  return (await megabytes()) - before
}

const many = 10_000

test('lazy expressions that nobody reads', async () => {
  expect(await growth(many, () => void ops.softmax(ops.add(ops.zeros([64]), 1)))).toBeLessThan(8)
})

test('a chain that is read at each step', async () => {
  let x = ops.zeros([64])
  expect(await growth(many, async () => ((x = ops.add(x, 1)), await x.data()))).toBeLessThan(8)
  expect((await x.data())[0]).toBe(many + 100)
})

test('a chain that is read at the end only', async () => {
  let x = ops.zeros([64])
  // The value is computed unasked now and then; the first time makes a plan, which stays.
  const step = (): void => void (x = ops.add(ops.multiply(x, 0.5), 1))
  expect(await growth(3 * many, step, 3000)).toBeLessThan(8)
  expect((await x.data())[0]).toBeCloseTo(2, 5)
})

test('a Variable that is assigned and never flushed', async () => {
  const v = new ops.Variable(0)
  expect(await growth(many, () => v.assignAdd(1))).toBeLessThan(8)
  expect(await v.item()).toBe(many + 100)
})

test('a custom loop, without a pause, whose losses are kept', async () => {
  const w = new ops.Variable(new Float32Array(1000).fill(1))
  const losses: ops.Tensor[] = []
  const step = (): void => {
    const batch = ops.tensor(new Float32Array(1000).fill(0.5))
    const tape = new ops.GradientTape()
    const loss = tape.record(() => ops.mean(ops.square(ops.subtract(w, batch))))
    w.assignSub(ops.multiply(tape.gradient(loss, w)!, 0.1))
    ops.flush()
    losses.push(loss)
  }
  // Each step's weights and batch take 8 kB: kept, they would be 16 MB.
  expect(await growth(2000, step)).toBeLessThan(8)
  expect(await losses[2099]!.item()).toBeLessThan(await losses[0]!.item())
})

test('runs of a traced step', async () => {
  const v = new ops.Variable(new Float32Array(1000))
  const step = ops.compileFunction((x) => {
    v.assign(ops.add(ops.multiply(v, 0.5), x))
    return [ops.sum(v)]
  })
  expect(
    await growth(many, async (i) => {
      const { outputs, done } = step.run(ops.tensor(new Float32Array(1000).fill(i % 7)))
      if (i % 16 === 0) await outputs[0]!.data()
      else await done
    }),
  ).toBeLessThan(8)
})
