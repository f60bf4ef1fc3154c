// Two workers that take turns, A B A B: each in a process of its own, so that memory is measured apart and only one computes at a time.
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createInterface } from 'node:readline'

/** Threads of the side that was last at work spin for a while; they must be asleep before the other side starts. */
const restMs = 60

export class Worker {
  #child
  #lines
  #errors = ''
  #closed

  /** @param {string} title @param {string} command @param {string[]} args @param {Record<string, string>} env */
  constructor(title, command, args, env = {}) {
    this.title = title
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    this.#closed = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#errors += error.message
        resolve(null)
      })
      this.#child.on('close', resolve)
    })
    // A worker that died takes no more turns; `ask` tells why.
    this.#child.stdin.on('error', () => undefined)
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#errors = (this.#errors + text).slice(-4000)))
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** The next JSON line, after a command if there is one. Libraries may print other things. @param {string | null} command */
  async ask(command = null) {
    if (command !== null) this.#child.stdin.write(`${command}\n`)
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done) {
        const code = await this.#closed
        throw new Error(`${this.title} ended with code ${code}:\n${this.#errors.trim()}`)
      }
      if (value.startsWith('{')) return JSON.parse(value)
    }
  }

  /** @returns {Promise<unknown>} The exit code. */
  ended() {
    return this.#closed
  }

  kill() {
    this.#child.kill()
  }
}

/**
 * Starts the workers, one after the other, checks them against each other, and lets them take turns.
 * @param {readonly { title: string, start: () => Worker }[]} sides The first is Tanuki.
 * @param {{ rounds: number, check: (own: any, rival: any) => void }} how
 * @returns {Promise<{ missing: string } | { missing: null, sides: any[] }>} For each side what it said, with medianMs and peakMemoryMB.
 */
export async function contest(sides, { rounds, check }) {
  const workers = []
  try {
    const said = []
    for (const { start } of sides) {
      const worker = start()
      workers.push(worker)
      said.push(await worker.ask())
    }
    const absent = said.find(({ missing }) => missing !== undefined)
    if (absent !== undefined) return { missing: absent.missing }
    for (const rival of said.slice(1)) check(said[0], rival)
    for (let round = 0; round < rounds; round++)
      for (const worker of workers) {
        await sleep(restMs)
        await worker.ask('turn')
      }
    const results = []
    for (const [i, worker] of workers.entries()) results.push({ ...said[i], ...(await worker.ask('end')) })
    await Promise.all(workers.map((worker) => worker.ended()))
    return { missing: null, sides: results }
  } finally {
    for (const worker of workers) worker.kill()
  }
}
