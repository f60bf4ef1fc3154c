// The progress line of fit, evaluate and predict: Keras' text, redrawn in a terminal, one plain line elsewhere.
import type { Output } from './output.ts'

const barWidth = 20
/** Milliseconds between two redraws: at most 12 a second. */
export const redrawInterval = 1000 / 12

export type Entries = readonly (readonly [name: string, value: number])[]

export interface ProgbarOptions {
  /** Steps in all; null while unknown. */
  readonly target: number | null
  /** 1: a bar that is redrawn; 2: one line at the end. */
  readonly verbose: 1 | 2
  readonly output: Output
  /** Milliseconds; replaceable for tests. */
  readonly now?: () => number
}

/** One epoch's (or evaluation's) progress. Values are shown in the order in which their names were first seen. */
export class Progbar {
  target: number | null
  readonly #verbose: 1 | 2
  readonly #output: Output
  readonly #now: () => number
  readonly #values = new Map<string, number>()
  readonly #start: number
  #afterFirst: number | null = null
  #lastDraw = -Infinity
  #current = 0

  constructor(options: ProgbarOptions) {
    this.target = options.target
    this.#verbose = options.verbose
    this.#output = options.output
    this.#now = options.now ?? (() => performance.now())
    this.#start = this.#now()
  }

  /** True if `update` would draw now, so that callers read metric values only when somebody sees them. */
  wantsValues(): boolean {
    return this.#verbose === 1 && this.#output.isTerminal && this.#now() - this.#lastDraw >= redrawInterval
  }

  /** Tells how many steps are done, and their values if they were read. Draws if it is time. */
  update(current: number, values?: Entries): void {
    this.#note(current, values)
    if (!this.wantsValues()) return
    this.#lastDraw = this.#now()
    this.#redraw(this.#line(false))
  }

  /** The last line, with a line feed. */
  finalize(current: number, values: Entries): void {
    this.target ??= current
    this.#note(current, values)
    const line = this.#line(true)
    if (this.#verbose === 1 && this.#output.isTerminal) this.#redraw(line, '\n')
    else this.#output.write(`${line.plain}\n`)
  }

  #note(current: number, values: Entries = []): void {
    this.#current = current
    if (current >= 1 && this.#afterFirst === null) this.#afterFirst = this.#now()
    for (const [name, value] of values) this.#values.set(name, value)
  }

  /** Cut to the width of the terminal: a line that wraps could not be redrawn. The last one stays, and is whole. */
  #redraw({ plain, colored }: Line, end = ''): void {
    const columns = this.#output.columns
    const fits = end !== '' || columns === null || plain.length < columns
    const text = !fits ? plain.slice(0, columns - 1) : this.#output.colors ? colored : plain
    this.#output.write(`\r\x1b[K${text}${end}`)
  }

  #secondsPerStep(): number {
    const now = this.#now()
    if (this.#current > 1 && this.#afterFirst !== null) return (now - this.#afterFirst) / 1000 / (this.#current - 1)
    return this.#current > 0 ? (now - this.#start) / 1000 / this.#current : 0
  }

  #line(final: boolean): Line {
    const perStep = this.#secondsPerStep()
    const elapsed = (this.#now() - this.#start) / 1000
    const time =
      final || this.target === null
        ? `${Math.round(elapsed)}s`
        : duration(perStep * Math.max(0, this.target - this.#current))
    const values = [...this.#values].map(([name, value]) => ` - ${name}: ${this.#show(value)}`).join('')
    if (this.#verbose === 2) {
      const text = `${this.#current}/${this.target ?? 'Unknown'} - ${time} - ${stepTime(perStep)}${values}`
      return { plain: text, colored: text }
    }
    const rest = `${stepTime(perStep)}${values}`
    if (this.target === null) {
      const count = `${String(this.#current).padStart(7)}/Unknown`
      return { plain: `${count} ${time} ${rest}`, colored: `${count} ${bold(time)} ${rest}` }
    }
    const digits = String(this.target).length
    const count = `${String(this.#current).padStart(digits)}/${this.target}`
    const filled = Math.min(barWidth, Math.floor((barWidth * this.#current) / Math.max(1, this.target)))
    const done = '━'.repeat(filled)
    const open = barWidth - filled
    return {
      // Without colours, a thinner line tells what is left.
      plain: `${count} ${done}${'─'.repeat(open)} ${time} ${rest}`,
      colored: `${bold(count)} ${done && `\x1b[32m${done}\x1b[0m`}\x1b[37m${'━'.repeat(open)}\x1b[0m ${bold(time)} ${rest}`,
    }
  }

  #show(value: number): string {
    const large = this.#verbose === 2 ? value > 1e-3 : Math.abs(value) > 1e-3
    return large ? value.toFixed(4) : exponential(value)
  }
}

interface Line {
  readonly plain: string
  readonly colored: string
}

function bold(text: string): string {
  return `\x1b[1m${text}\x1b[0m`
}

/** Python's `.4e`: two digits of exponent at least; NaN and infinities as words. */
function exponential(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  return value.toExponential(4).replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Time to go: `h:mm:ss` above an hour, `m:ss` above a minute, else `Ns`, truncated. */
function duration(seconds: number): string {
  const whole = Math.floor(seconds)
  const pad = (value: number): string => String(value).padStart(2, '0')
  if (seconds > 3600) return `${Math.floor(whole / 3600)}:${pad(Math.floor((whole % 3600) / 60))}:${pad(whole % 60)}`
  if (seconds > 60) return `${Math.floor(whole / 60)}:${pad(whole % 60)}`
  return `${whole}s`
}

function stepTime(seconds: number): string {
  if (seconds >= 1 || seconds === 0) return `${seconds.toFixed(0)}s/step`
  if (seconds >= 1e-3) return `${(seconds * 1e3).toFixed(0)}ms/step`
  return `${(seconds * 1e6).toFixed(0)}us/step`
}
