// A process that ends while the engine computes ends with its own code: nothing calls back to an environment that is gone.
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'

const library = new URL('../../../dist/index.js', import.meta.url).href

/** Twenty products of a few milliseconds are under way or queued when the process or the worker ends. */
const work = (end: string): string => `
  import { ops, ready, setEngine } from ${JSON.stringify(library)}
  await setEngine('native')
  await ready()
  let x = ops.randomUniform([600, 600], { seed: 1 })
  for (let i = 0; i < 20; i++) {
    x = ops.multiply(ops.matmul(x, x), 1e-2)
    void x.data()
  }
  ${end}`

describe.each([
  { how: 'process.exit', program: work('setTimeout(() => process.exit(7), Number(process.env.DELAY))') },
  {
    how: 'the end of a worker',
    program: `
      import { Worker } from 'node:worker_threads'
      const text = ${JSON.stringify(work("(await import('node:worker_threads')).parentPort.postMessage('busy')"))}
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(text)))
      worker.on('error', (error) => { console.error(error); process.exit(1) })
      worker.on('message', () => setTimeout(() => worker.terminate().then(() => { process.exitCode = 7 }), Number(process.env.DELAY)))`,
  },
])('$how', ({ program }) => {
  test.each([0, 3, 10, 25])('after %i ms', (delay) => {
    const { status, signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
      env: { ...process.env, DELAY: String(delay) },
    })
    expect({ status, signal }, stderr).toEqual({ status: 7, signal: null })
  })
})
