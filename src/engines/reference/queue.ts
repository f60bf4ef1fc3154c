// The engine's queue: jobs run one after the other, and leave the event loop free now and then.

const sliceMilliseconds = 10

/** Resolves after the timers and the input and output that wait have had their turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    // setImmediate is Node's; a timer of 0 ms is slower, but everywhere.
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })
}

export class JobQueue {
  #last: Promise<unknown> = Promise.resolve()
  #sliceEnd = 0

  /** Runs `job` after all jobs queued before it, whether they succeeded or not. */
  add<T>(job: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(job)
    this.#last = result.catch(() => undefined)
    return result
  }

  /** To be called by a job between two pieces of work. */
  async breathe(): Promise<void> {
    if (performance.now() < this.#sliceEnd) return
    await nextTurn()
    this.#sliceEnd = performance.now() + sliceMilliseconds
  }
}
