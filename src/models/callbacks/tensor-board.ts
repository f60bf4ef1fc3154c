// Writes losses, metrics and the distributions of weights for TensorBoard.
import { ArgumentError } from '../../errors.ts'
import type { EventFile } from '../../formats/event-file.ts'
import { checkRules, flag, text, whole } from '../../platform/option-rules.ts'
import { warn } from '../../platform/warn.ts'
import { Callback } from './callback.ts'
import type { Logs } from './callback.ts'

// Only what writes files needs Node, and only when it is used.
const formats = async () => import('../../formats/event-file.ts')

export interface TensorBoardOptions {
  /** Folder of the logs; default `logs`. Training writes into `train/` there, validation into `validation/`. */
  readonly logDir?: string
  /** Histograms of all weights every so many epochs; default 0: never. */
  readonly histogramFreq?: number
  /** Writes the model's layers for the Graphs page (functional and sequential models); default true. */
  readonly writeGraph?: boolean
  /** Writes how many steps a second training took, by batch and by epoch; default false. */
  readonly writeStepsPerSecond?: boolean
  /**
   * `epoch` (default) writes `epoch_loss`, `epoch_accuracy`, … at the end of each epoch; `batch` or a number n adds
   * `batch_loss`, … after every batch or every n-th, counted from 1 across epochs. Reading values after each batch slows training.
   */
  readonly updateFreq?: 'epoch' | 'batch' | number
}

const rules = {
  logDir: { ...text, expected: 'the path of a folder' },
  histogramFreq: whole(0),
  writeGraph: flag,
  writeStepsPerSecond: flag,
  updateFreq: {
    expected: '"epoch", "batch" or a number of batches',
    fits: (value: unknown) => value === 'epoch' || value === 'batch' || whole(1).fits(value),
  },
}

type Part = 'train' | 'validation'

/** Tags, steps and folders are Keras'. `tensorboard --logdir logs` shows them, also while training runs. */
export class TensorBoard extends Callback {
  readonly logDir: string
  readonly histogramFreq: number
  readonly writeGraph: boolean
  readonly writeStepsPerSecond: boolean
  readonly updateFreq: 'epoch' | number
  #files: Partial<Record<Part, EventFile>> = {}
  #batch = 0
  #batchStart = 0
  #epochStart = 0
  #epochBatches = 0
  #inTraining = false

  /** @throws ArgumentError for an empty folder name and frequencies that are no counts. */
  constructor(options: TensorBoardOptions = {}) {
    super()
    checkRules('tensorBoard', options, rules, 'tensorBoard({ logDir: "logs" })')
    const { logDir = 'logs', histogramFreq = 0, updateFreq = 'epoch' } = options
    this.logDir = logDir
    this.histogramFreq = histogramFreq
    this.writeGraph = options.writeGraph ?? true
    this.writeStepsPerSecond = options.writeStepsPerSecond ?? false
    this.updateFreq = updateFreq === 'batch' ? 1 : updateFreq
  }

  override readsTrainBatches(): boolean {
    return this.updateFreq !== 'epoch'
  }

  override async onTrainBegin(): Promise<void> {
    // A new training, a new file: TensorBoard joins those of one folder.
    this.#files = {}
    this.#batch = 0
    this.#inTraining = true
    const { model } = this
    if (!this.writeGraph || !['Functional', 'Sequential'].includes(model.className)) return
    try {
      await (await this.#file('train')).modelGraph(model.toJSON(), 0)
    } catch (error) {
      // A model that cannot be stored can be trained.
      if (!(error instanceof ArgumentError)) throw error
      warn(`tensorBoard: the model is not drawn. ${error.message}`)
    }
  }

  override onEpochBegin(): void {
    this.#epochStart = performance.now()
    this.#epochBatches = 0
  }

  override onTrainBatchBegin(): void {
    this.#batch++
    this.#epochBatches++
    this.#batchStart = performance.now()
  }

  override async onTrainBatchEnd(_batch: number, logs: Logs): Promise<void> {
    if (this.updateFreq === 'epoch' || this.#batch % this.updateFreq !== 0) return
    const file = await this.#file('train')
    if (this.writeStepsPerSecond) {
      await file.scalar('batch_steps_per_second', perSecond(1, this.#batchStart), this.#batch)
    }
    for (const [name, value] of Object.entries(logs)) await file.scalar(`batch_${name}`, value, this.#batch)
  }

  override async onTestEnd(logs: Logs = {}): Promise<void> {
    const { optimizer } = this.model
    if (optimizer !== null) {
      const step = await optimizer.iterations.item()
      const file = await this.#file('validation')
      for (const [name, value] of Object.entries(logs)) {
        await file.scalar(`evaluation_${name}_vs_iterations`, value, step)
      }
    }
    // Evaluation alone has no other end.
    if (!this.#inTraining) await this.#flush()
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const isValidation = (name: string): boolean => name.startsWith('val_')
    const train = Object.entries(logs).filter(([name]) => !isValidation(name) && name !== 'learning_rate')
    train.push(['learning_rate', await this.model.requireOptimizer('tensorBoard').currentLearningRate()])
    if (this.writeStepsPerSecond) train.push(['steps_per_second', perSecond(this.#epochBatches, this.#epochStart)])
    for (const [name, value] of train) await (await this.#file('train')).scalar(`epoch_${name}`, value, epoch)
    for (const [name, value] of Object.entries(logs)) {
      if (isValidation(name)) await (await this.#file('validation')).scalar(`epoch_${name.slice(4)}`, value, epoch)
    }
    if (this.histogramFreq > 0 && epoch % this.histogramFreq === 0) await this.#writeWeights(epoch)
    await this.#flush()
  }

  override async onTrainEnd(): Promise<void> {
    this.#inTraining = false
    await this.#flush()
  }

  async #writeWeights(epoch: number): Promise<void> {
    const file = await this.#file('train')
    for (const layer of this.model.layers) {
      for (const weight of layer.weights) await file.histogram(`${weight.path}/histogram`, await weight.data(), epoch)
    }
  }

  async #file(part: Part): Promise<EventFile> {
    const { EventFile } = await formats()
    return (this.#files[part] ??= new EventFile(`${this.logDir}/${part}`))
  }

  async #flush(): Promise<void> {
    await Promise.all(Object.values(this.#files).map((file) => file.flush()))
  }
}

function perSecond(count: number, start: number): number {
  return (count * 1000) / (performance.now() - start)
}

export function tensorBoard(options: TensorBoardOptions = {}): TensorBoard {
  return new TensorBoard(options)
}
