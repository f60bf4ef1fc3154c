// Writes one row of values an epoch into a CSV file.
import { checkRules, checkValue, flag, text } from '../../platform/option-rules.ts'
import { pythonFloat } from '../python-format.ts'
import { Callback } from './callback.ts'
import type { Logs } from './callback.ts'

// Only what touches files needs Node, and only when it is used.
const files = async () => import('../../platform/text-files.ts')

export interface CSVLoggerOptions {
  readonly filename: string
  /** Default `,`. */
  readonly separator?: string
  /** Continues an existing file, without a second header; default false. */
  readonly append?: boolean
}

const rules = {
  filename: { ...text, expected: 'the path of a file', hint: 'For example { filename: "log.csv" }' },
  separator: text,
  append: flag,
}

/** The columns are `epoch` (from 0) and the sorted names of the first epoch, with `val_` twins if it had none. */
export class CSVLogger extends Callback {
  readonly filename: string
  readonly separator: string
  readonly append: boolean
  #keys: string[] | null = null
  #writeHeader = true

  /** @throws ArgumentError for unknown options and no file name. */
  constructor(options: CSVLoggerOptions) {
    super()
    checkRules('csvLogger', options, rules, 'csvLogger({ filename: "log.csv" })')
    const { filename, separator = ',', append = false } = options
    checkValue('csvLogger', 'filename', filename, rules.filename)
    this.filename = filename
    this.separator = separator
    this.append = append
  }

  override async onTrainBegin(): Promise<void> {
    this.#keys = null
    if (this.append) this.#writeHeader = (await (await files()).readText(this.filename)) === ''
    else {
      this.#writeHeader = true
      await (await files()).writeText(this.filename, '')
    }
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    let header = ''
    if (this.#keys === null) {
      const keys = Object.keys(logs).sort()
      const twins = keys.some((key) => key.startsWith('val_')) ? [] : keys.map((key) => `val_${key}`)
      this.#keys = [...keys, ...twins]
      if (this.#writeHeader) header = this.#row(['epoch', ...this.#keys])
    }
    const cells = this.#keys.map((key) => {
      const value = logs[key]
      return value === undefined ? 'NA' : pythonFloat(value)
    })
    // Each row is in the file when its epoch ends: a run that is killed keeps what it had.
    await (await files()).appendText(this.filename, header + this.#row([String(epoch), ...cells]))
  }

  #row(cells: readonly string[]): string {
    const quoted = cells.map((cell) => {
      const plain = !cell.includes(this.separator) && !/["\r\n]/.test(cell)
      return plain ? cell : `"${cell.replaceAll('"', '""')}"`
    })
    return `${quoted.join(this.separator)}\n`
  }
}

export function csvLogger(options: CSVLoggerOptions): CSVLogger {
  return new CSVLogger(options)
}
