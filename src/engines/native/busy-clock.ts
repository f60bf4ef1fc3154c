// How long an engine has computed: the time during which at least one of its runs was queued or running.

export class BusyClock {
  #total = 0
  #runs = 0
  #since = 0

  /** Milliseconds since the engine was made. */
  get milliseconds(): number {
    return this.#total + (this.#runs > 0 ? performance.now() - this.#since : 0)
  }

  /** A run was queued, and ends with `done`; seen from the event loop, so a little after the engine itself. */
  during(done: Promise<void>): void {
    if (this.#runs++ === 0) this.#since = performance.now()
    const end = (): void => {
      if (--this.#runs === 0) this.#total += performance.now() - this.#since
    }
    done.then(end, end)
  }
}
