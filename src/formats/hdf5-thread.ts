// The thread behind the HDF5 reader and writer: started when needed, kept a while, ended when a file hangs or breaks it.
import { Worker } from 'node:worker_threads'
import { FormatError, problem } from '../errors.ts'

interface Answer {
  readonly result?: unknown
  readonly problem?: { readonly text: string; readonly system: string | null; readonly trapped: boolean }
}

/** How long an unused thread is kept: starting one takes half a second. */
const keepIdle = 10_000
/** A thread that has met this many damaged files is replaced: the library forgets memory on its error paths. */
const maxFailures = 50
/** Milliseconds that one operation on a file of this size may take, while this process is running: far more than a sound file needs. */
export function defaultTimeLimit(bytes: number): number {
  return 20_000 + bytes / 10_000
}

let idle: Hdf5Thread | null = null

function keep(thread: Hdf5Thread): void {
  idle = thread
}

/** Asks one operation at a time. After a time-out, a trap in the library or its own end, every call fails. */
export class Hdf5Thread {
  readonly #worker: Worker
  #dead: string | null = null
  #failures = 0
  #timer: NodeJS.Timeout | null = null
  #queue: Promise<unknown> = Promise.resolve()

  constructor() {
    this.#worker = new Worker(new URL('./hdf5-worker.mjs', import.meta.url), {
      stdout: true,
      stderr: true,
      // The program's own flags (--input-type and the like) need not fit a thread.
      execArgv: [],
    })
    this.#worker.unref()
    this.#worker.on('error', (error) => (this.#dead ??= `its reader ended: ${(error as Error).message}`))
    this.#worker.on('exit', () => (this.#dead ??= 'its reader ended'))
  }

  /** A thread for one file at a time: the idle one, or a new one. */
  static take(): Hdf5Thread {
    const thread = idle
    idle = null
    if (thread === null || thread.#dead !== null) return new Hdf5Thread()
    clearTimeout(thread.#timer ?? undefined)
    return thread
  }

  /** Gives the thread back. */
  release(): void {
    if (this.#dead !== null) return
    if (idle !== null || this.#failures >= maxFailures) {
      this.end('it was closed')
      return
    }
    keep(this)
    this.#timer = setTimeout(() => {
      if (idle === this) idle = null
      this.end('it was closed')
    }, keepIdle).unref()
  }

  end(reason: string): void {
    this.#dead ??= reason
    void this.#worker.terminate()
  }

  /**
   * The result of an operation of hdf5-worker.mjs.
   * @throws FormatError that names `where`, for files that are damaged, refused, or take longer than `timeLimit` milliseconds;
   * the system's error if the file cannot be opened.
   */
  call<T>(
    where: string,
    operation: string,
    argument: object,
    { transfer = [], timeLimit = defaultTimeLimit(0) }: { transfer?: ArrayBuffer[]; timeLimit?: number } = {},
  ): Promise<T> {
    const run = this.#queue.then(() => this.#call(where, operation, argument, transfer, timeLimit))
    this.#queue = run.catch(() => undefined)
    return run as Promise<T>
  }

  async #call(
    where: string,
    operation: string,
    argument: object,
    transfer: ArrayBuffer[],
    timeLimit: number,
  ): Promise<unknown> {
    if (this.#dead !== null) throw refusal(where, this.#dead)
    const worker = this.#worker
    // While somebody waits, the thread keeps the process alive.
    worker.ref()
    try {
      const answer = await new Promise<Answer>((resolve) => {
        const stop = watch(timeLimit, () => done({ problem: { text: `reading it takes longer than ${timeLimit / 1000} seconds`, system: null, trapped: true } })) // prettier-ignore
        const onEnd = (): void => done({ problem: { text: this.#dead ?? 'its reader ended', system: null, trapped: true } }) // prettier-ignore
        const done = (value: Answer): void => {
          stop()
          worker.off('message', done)
          worker.off('exit', onEnd)
          resolve(value)
        }
        worker.on('message', done)
        worker.on('exit', onEnd)
        worker.postMessage({ operation, argument }, transfer)
      })
      if (answer.problem === undefined) return answer.result
      const { text, system, trapped } = answer.problem
      this.#failures++
      if (trapped) this.end(text)
      if (system !== null) throw Object.assign(new Error(text), { code: system })
      throw refusal(where, text)
    } finally {
      worker.unref()
    }
  }
}

function refusal(where: string, received: string): FormatError {
  return new FormatError(problem({ where, expected: 'an HDF5 file that can be read', received }))
}

/** Calls `late` after `limit` milliseconds in which this process was running: a machine that sleeps ends nothing. */
function watch(limit: number, late: () => void): () => void {
  const step = Math.min(500, limit)
  let spent = 0
  let before = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    spent += Math.min(now - before, 2 * step)
    before = now
    if (spent >= limit) late()
  }, step)
  return () => clearInterval(timer)
}
