// Makes training survive a crash: state is saved regularly, and a new fit goes on from there.
import { FormatError } from '../../errors.ts'
import type { SafetensorsFile } from '../../formats/safetensors.ts'
import { checkRules, checkValue, flag, text, whole } from '../../platform/option-rules.ts'
import { warn } from '../../platform/warn.ts'
import { encodeCheckpoint, readCheckpoint, restoreCheckpoint } from '../saving/checkpoint.ts'
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

/** Keeps a checkpoint (see `Model.saveCheckpoint`) in the folder, and goes on from it, also in the midst of an epoch. */
export class BackupAndRestore extends Callback {
  readonly backupDir: string
  readonly saveFreq: 'epoch' | number
  readonly doubleCheckpoint: boolean
  readonly deleteCheckpoint: boolean
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
    this.model.resumeAt(restoreCheckpoint(this.model, found, `backup in ${this.backupDir}`))
  }

  override async onTrainBatchEnd(): Promise<void> {
    this.#batches++
    if (this.saveFreq !== 'epoch' && this.#batches % this.saveFreq === 0) await this.#write()
  }

  override async onEpochEnd(): Promise<void> {
    if (this.saveFreq === 'epoch') await this.#write()
  }

  override async onTrainEnd(): Promise<void> {
    if (this.deleteCheckpoint) await (await files()).remove(this.backupDir)
  }

  async #write(): Promise<void> {
    const bytes = await encodeCheckpoint(this.model)
    if (this.doubleCheckpoint && (await (await files()).exists(this.#path))) {
      await (await atomic()).writeFileAtomic(`${this.#path}.bkp`, await (await files()).readBytes(this.#path))
    }
    await (await atomic()).writeFileAtomic(this.#path, bytes)
  }

  async #read(): Promise<SafetensorsFile | null> {
    const { exists } = await files()
    for (const path of [this.#path, `${this.#path}.bkp`]) {
      if (!(await exists(path))) continue
      try {
        return await readCheckpoint(path)
      } catch (error) {
        if (!this.doubleCheckpoint || !(error instanceof FormatError)) throw error
        warn(`backupAndRestore: ${error.message} The backup before it is used`)
      }
    }
    return null
  }
}

export function backupAndRestore(options: BackupAndRestoreOptions): BackupAndRestore {
  return new BackupAndRestore(options)
}
