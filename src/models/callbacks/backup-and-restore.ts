// Makes training survive a crash: state is saved regularly, and a new fit goes on from there.
import { FormatError, problem } from '../../errors.ts'
import { decodeSafetensors } from '../../formats/safetensors.ts'
import type { SafetensorsFile } from '../../formats/safetensors.ts'
import type { Variable } from '../../ops/index.ts'
import { checkRules, checkValue, flag, text, whole } from '../../platform/option-rules.ts'
import { warn } from '../../platform/warn.ts'
import { assignVariables, encodeVariables } from '../safetensors-format.ts'
import { Callback } from './callback.ts'

const atomic = async () => import('../../platform/files.ts')
const files = async () => import('../../platform/text-files.ts')

export interface BackupAndRestoreOptions {
  /** A folder for this training alone: it is removed when training has ended. */
  readonly backupDir: string
  /** `epoch` (default) or a number of batches. */
  readonly saveFreq?: 'epoch' | number
  /** Keeps the backup before the last too, and uses it if the last cannot be read; default false. */
  readonly doubleCheckpoint?: boolean
  /** Removes the backup when training has ended; default true. */
  readonly deleteCheckpoint?: boolean
}

const rules = {
  backupDir: { ...text, expected: 'the path of a folder', hint: 'For example { backupDir: "backup" }' },
  saveFreq: {
    expected: '"epoch" or a number of batches',
    fits: (value: unknown) => value === 'epoch' || whole(1).fits(value),
  },
  doubleCheckpoint: flag,
  deleteCheckpoint: flag,
}

/** Weights, optimizer state, random states and the epoch lie in one file, which is replaced whole or not at all. */
export class BackupAndRestore extends Callback {
  readonly backupDir: string
  readonly saveFreq: 'epoch' | number
  readonly doubleCheckpoint: boolean
  readonly deleteCheckpoint: boolean
  #epoch = 0
  #batches = 0

  constructor(options: BackupAndRestoreOptions) {
    super()
    checkRules('backupAndRestore', options, rules, 'backupAndRestore({ backupDir: "backup" })')
    const { backupDir, saveFreq = 'epoch' } = options
    checkValue('backupAndRestore', 'backupDir', backupDir, rules.backupDir)
    this.backupDir = backupDir
    this.saveFreq = saveFreq
    this.doubleCheckpoint = options.doubleCheckpoint ?? false
    this.deleteCheckpoint = options.deleteCheckpoint ?? true
  }

  get #path(): string {
    return `${this.backupDir}/latest.safetensors`
  }

  override readsTrainBatches(): boolean {
    return this.saveFreq !== 'epoch'
  }

  /** Goes on from the backup, if there is one. @throws FormatError if it belongs to another model. */
  override async onTrainBegin(): Promise<void> {
    this.#batches = 0
    const found = await this.#read()
    if (found === null) return
    assignVariables(`backup in ${this.backupDir}`, found, this.#variables(), {}, () => false)
    this.model.resumeAt(Number(found.metadata.epoch))
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch
  }

  override async onTrainBatchEnd(batch: number): Promise<void> {
    this.#batches++
    if (this.saveFreq !== 'epoch' && this.#batches % this.saveFreq === 0) await this.#write(this.#epoch, batch)
  }

  override async onEpochEnd(epoch: number): Promise<void> {
    this.#epoch = epoch + 1
    if (this.saveFreq === 'epoch') await this.#write(epoch + 1, 0)
  }

  override async onTrainEnd(): Promise<void> {
    if (this.deleteCheckpoint) await (await files()).remove(this.backupDir)
  }

  /** All state that a step changes. */
  #variables(): Map<string, Variable> {
    const { weights, variables } = this.model
    const seeds = variables.filter((variable) => !weights.includes(variable))
    const state = this.model.requireOptimizer('backupAndRestore').variables
    return new Map([...numbered('weight', weights), ...numbered('seed', seeds), ...numbered('optimizer', state)])
  }

  async #write(epoch: number, batch: number): Promise<void> {
    const bytes = await encodeVariables(this.#variables(), { epoch: String(epoch), batch: String(batch) })
    if (this.doubleCheckpoint && (await (await files()).exists(this.#path))) {
      await (await atomic()).writeFileAtomic(`${this.#path}.bkp`, await (await files()).readBytes(this.#path))
    }
    await (await atomic()).writeFileAtomic(this.#path, bytes)
  }

  async #read(): Promise<SafetensorsFile | null> {
    const { exists, readBytes } = await files()
    for (const path of [this.#path, `${this.#path}.bkp`]) {
      if (!(await exists(path))) continue
      try {
        const file = decodeSafetensors(await readBytes(path), path)
        if (/^\d+$/.test(file.metadata.epoch ?? '')) return file
        throw new FormatError(
          problem({ where: path, expected: 'a backup of training', received: 'a file without an epoch' }),
        )
      } catch (error) {
        if (!this.doubleCheckpoint || !(error instanceof FormatError)) throw error
        warn(`backupAndRestore: ${error.message} The backup before it is used`)
      }
    }
    return null
  }
}

/** Variables by kind and number: automatic names of layers and optimizers differ from one run to the next. */
function numbered(kind: string, variables: readonly Variable[]): [string, Variable][] {
  return variables.map((variable, i) => [`${kind}:${i}`, variable])
}

export function backupAndRestore(options: BackupAndRestoreOptions): BackupAndRestore {
  return new BackupAndRestore(options)
}
