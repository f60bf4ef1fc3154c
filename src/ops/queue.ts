// Work for the engine, in the order in which it was asked for; done at once where the engine is loaded, else when it is.
import type { Engine } from '../engines/engine.ts'
import { loadedEngine, ready } from '../engines/select.ts'

export interface Job {
  /** Must not throw: what goes wrong belongs to the values that the job makes. */
  run(engine: Engine): void
  /** Instead of `run`, if no engine can be loaded. */
  fail(error: unknown): void
}

let waiting: Job[] = []

export function enqueue(job: Job): void {
  const engine = loadedEngine()
  if (engine !== null && waiting.length === 0) {
    job.run(engine)
    return
  }
  waiting.push(job)
  if (waiting.length > 1) return
  ready().then(drain, (error: unknown) => {
    for (const failed of takeAll()) failed.fail(error)
  })
}

function drain(engine: Engine): void {
  // A job may add others behind itself.
  while (waiting.length > 0) for (const job of takeAll()) job.run(engine)
}

function takeAll(): Job[] {
  const jobs = waiting
  waiting = []
  return jobs
}
