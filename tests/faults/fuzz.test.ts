// Thousands of damaged files for every reader: each is read or refused with an error of the library, in bounded time and memory, and a
// refused file leaves the model as it was. A few of each in the suite; `npm run fuzz` runs 20,000 of each.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TanukiError } from '../../src/errors.ts'
import {
  input,
  layers,
  loadModel,
  loadTfjsWeights,
  type Model,
  modelFromJSON,
  model as makeModel,
  sequential,
} from '../../src/index.ts'
import * as ops from '../../src/ops/index.ts'
import { setWarningHandler } from '../../src/platform/warn.ts'
import { mutate, mutateJson } from './mutate.ts'

const count = Number(process.env.TANUKI_FUZZ ?? 120)
const first = Number(process.env.TANUKI_FUZZ_SEED ?? 1)
/** Seeds that once failed are tried for ever. */
const keptSeeds = 'tests/faults/seeds.json'
const maxMemory = 1.5e9

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanuki-fuzz-'))
  setWarningHandler(() => undefined)
})
afterAll(() => {
  rmSync(folder, { recursive: true })
  setWarningHandler(null)
})

function net(): Model {
  const inputs = input({ shape: [6, 6, 2] })
  let x = layers.conv2D({ filters: 3, kernelSize: 3, name: 'conv' }).apply(inputs)
  x = layers.batchNormalization({ name: 'bn' }).apply(x)
  const inner = sequential([layers.flatten(), layers.dense({ units: 2, name: 'inside' })], { name: 'inner' })
  const made = makeModel({ inputs, outputs: inner.apply(x), name: 'fuzzed' })
  made.compile({ optimizer: 'adam', loss: 'mse' })
  return made
}

/** Sets all weights to one value, by which a model that was touched is known. */
function mark(model: Model): void {
  for (const variable of model.weights) variable.assign(ops.full(variable.shape, 0.25))
}
async function isMarked(model: Model): Promise<boolean> {
  for (const variable of model.weights) if ((await variable.data()).some((value) => value !== 0.25)) return false
  return true
}

interface Target {
  readonly name: string
  /** Makes the sound file; returns how one damaged copy is read. */
  prepare(): Promise<(seed: number) => Promise<void>>
}

/** Whole models and weights of one ending. */
function fileTarget(ending: string, kind: 'model' | 'weights'): Target {
  return {
    name: `${kind} ${ending}`,
    async prepare() {
      const model = net()
      const sound = join(folder, `sound-${kind}${ending}`)
      if (kind === 'model') await model.save(sound)
      else await model.saveWeights(sound)
      const bytes = new Uint8Array(readFileSync(sound))
      const path = join(folder, `damaged-${kind}${ending}`)
      mark(model)
      return async (seed) => {
        writeFileSync(path, mutate(bytes, seed))
        if (kind === 'model') {
          await loadModel(path)
          return
        }
        try {
          await model.loadWeights(path)
        } catch (error) {
          if (!(await isMarked(model))) throw new Error('weights of a refused file are in the model', { cause: error })
          throw error
        }
        mark(model)
      }
    },
  }
}

/** The whole state of a training: what is refused leaves weights and optimizer alone. */
const checkpointTarget: Target = {
  name: 'checkpoint',
  async prepare() {
    const model = net()
    model.optimizer!.build(model.trainableVariables)
    const sound = join(folder, 'sound-checkpoint.safetensors')
    await model.saveCheckpoint(sound)
    const bytes = new Uint8Array(readFileSync(sound))
    const path = join(folder, 'damaged-checkpoint.safetensors')
    const count = model.optimizer!.iterations
    const reset = (): void => {
      mark(model)
      count.assign(7)
    }
    reset()
    return async (seed) => {
      writeFileSync(path, mutate(bytes, seed))
      try {
        await model.loadCheckpoint(path)
      } catch (error) {
        if (!(await isMarked(model)) || (await count.value().item()) !== 7)
          throw new Error('state of a refused file is in the model', { cause: error })
        throw error
      }
      reset()
    }
  },
}

/** A model of TensorFlow.js: its `model.json`, as text or as JSON with other values, or the bytes beside it. */
function tfjsTarget(what: 'text' | 'values' | 'bytes', source = 'functional'): Target {
  return {
    name: `TensorFlow.js ${what}`,
    prepare() {
      const copy = join(folder, `tfjs-${what}`)
      cpSync(join('tests/models/files/tfjs', source), copy, { recursive: true })
      const path = join(copy, 'model.json')
      const damaged = what === 'bytes' ? join(copy, 'weights.bin') : path
      const bytes = new Uint8Array(readFileSync(damaged))
      const text = readFileSync(path, 'utf8')
      return Promise.resolve(async (seed) => {
        writeFileSync(damaged, what === 'values' ? mutateJson(text, seed) : mutate(bytes, seed))
        await loadTfjsWeights(path)
        await loadModel(path)
      })
    },
  }
}

const targets: readonly Target[] = [
  fileTarget('.weights.h5', 'weights'),
  fileTarget('.h5', 'weights'),
  fileTarget('.h5', 'model'),
  fileTarget('.keras', 'model'),
  fileTarget('.safetensors', 'weights'),
  fileTarget('.safetensors', 'model'),
  checkpointTarget,
  tfjsTarget('text'),
  tfjsTarget('values'),
  tfjsTarget('bytes'),
  {
    name: 'JSON text',
    async prepare() {
      const bytes = new TextEncoder().encode(net().toJSON())
      return async (seed) => void modelFromJSON(new TextDecoder().decode(mutate(bytes, seed)))
    },
  },
  {
    name: 'JSON values',
    async prepare() {
      const text = net().toJSON()
      return async (seed) => void modelFromJSON(mutateJson(text, seed))
    },
  },
]

const kept: Record<string, number[]> = existsSync(keptSeeds)
  ? (JSON.parse(readFileSync(keptSeeds, 'utf8')) as Record<string, number[]>)
  : {}

describe('damaged files', () => {
  for (const target of targets) {
    test(target.name, { timeout: 60_000 + count * 200 }, async () => {
      const read = await target.prepare()
      const before = process.memoryUsage().rss
      const seeds = [...(kept[target.name] ?? []), ...Array.from({ length: count }, (_, i) => first + i)]
      const failures: string[] = []
      let refused = 0
      let most = 0
      for (const seed of seeds) {
        const start = performance.now()
        try {
          await read(seed)
        } catch (error) {
          refused++
          if (!(error instanceof TanukiError)) failures.push(`seed ${seed}: ${(error as Error).stack}`)
        }
        if (performance.now() - start > 300_000) failures.push(`seed ${seed}: took ${performance.now() - start} ms`)
        if (seed % 50 === 0) {
          const now = process.memoryUsage().rss
          most = Math.max(most, now - before)
          if (now - before > maxMemory) failures.push(`seed ${seed}: ${(now - before) / 1e6} MB more than before`)
        }
        if (failures.length >= 5) break
      }
      if (count > 1000)
        console.log(`${target.name}: ${seeds.length} files, ${refused} refused, ${Math.round(most / 1e6)} MB`)
      expect(failures.join('\n')).toBe('')
      // A mutation that never does harm would test nothing.
      expect(refused).toBeGreaterThan(seeds.length / 20)
    })
  }
})
