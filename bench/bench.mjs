// `npm run bench`: Tanuki beside its rivals, in one run on one machine. See bench/README.md.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sameLosses, sameOutput } from './checks.mjs'
import { contest, Worker } from './contest.mjs'
import { dataWork } from './data.mjs'
import { machineOf } from './machine.mjs'
import { models } from './models.mjs'
import { readOptions, usage, UsageError } from './options.mjs'
import { line, result, writeJson } from './report.mjs'
import { median } from './workers/turns.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Rivals in fine-tuning, each in the ways that can be its fastest. */
const trainers = [
  { engine: 'keras-tensorflow', script: 'keras_tensorflow.py', variants: ['graph', 'jit'] },
  { engine: 'torch', script: 'torch_step.py', variants: ['channels_last', 'contiguous'] },
]

/** @param {string} title @param {string} file @param {object} task @param {Record<string, string>} env */
function nodeWorker(title, file, task, env = {}) {
  return new Worker(title, process.execPath, [join(here, file), JSON.stringify(task)], env)
}

/** Smaller is better: how many times as much the rival takes. */
function ratioText(own, rival) {
  const memory =
    own.peakMemoryMB && rival.peakMemoryMB ? `, memory ${(own.peakMemoryMB / rival.peakMemoryMB).toFixed(2)}x` : ''
  return `speed ${(rival.medianMs / own.medianMs).toFixed(2)}x${memory}`
}

class Bench {
  /** @type {import('./report.mjs').Result[]} */
  results = []
  #options
  #threads
  #engine = 'native'

  constructor(options) {
    this.#options = options
    this.#threads = options.threads
  }

  #add(parts) {
    const entry = result(parts)
    this.results.push(entry)
    return entry
  }

  #environment() {
    return this.#threads === null ? {} : { TANUKI_THREADS: String(this.#threads) }
  }

  /** Writes the model's files. Returns what is known of the machine. @param {string} model @param {string} folder */
  async prepare(model, folder) {
    const { batches, works } = this.#options
    const all = [
      ...(works.includes('forward') ? batches : []),
      ...(works.some((work) => work !== 'forward') ? [32] : []),
    ]
    mkdirSync(folder)
    const worker = nodeWorker(
      'prepare',
      'prepare.mjs',
      { model, folder, batches: [...new Set(all)] },
      this.#environment(),
    )
    const { engine } = await worker.ask()
    await worker.ended()
    this.#threads ??= engine.threads
    this.#engine = engine.name
    return machineOf(engine)
  }

  #own(task) {
    const title = 'Tanuki'
    return { title, start: () => nodeWorker(title, 'workers/native.mjs', task, this.#environment()) }
  }

  async forward(model, batch, folder) {
    const { rounds, warmUp, turnMs } = this.#options
    const task = { model, work: 'forward', batch, folder, threads: this.#threads, warmUp, turnMs }
    const rival = { title: 'onnxruntime', start: () => nodeWorker('onnxruntime', 'workers/onnxruntime.mjs', task) }
    const how = { rounds: rounds.forward, check: sameOutput }
    console.log(`\n${models[model].title}, frozen forward, float32, batch ${batch}`)
    let outcome = await contest([this.#own(task), rival], how)
    if (outcome.missing !== null) {
      console.log(`  onnxruntime: not installed (${outcome.missing})`)
      outcome = await contest([this.#own(task)], how)
    }
    const engines = [this.#engine, 'onnxruntime']
    const entries = outcome.sides.map((side, i) =>
      this.#add({ ...side, model, work: 'forward', batch, engine: engines[i] }),
    )
    for (const entry of entries) console.log(line(entry.engine, entry))
    const [own, other] = entries
    if (other) console.log(`  ${this.#engine} to onnxruntime: ${ratioText(own, other)}`)
  }

  async fineTune(model, folder) {
    const { rounds, warmUp, turnMs, python, quick } = this.#options
    const batch = 32
    const task = { model, work: 'fine-tune', batch, folder, threads: this.#threads, warmUp, turnMs }
    const how = { rounds: rounds['fine-tune'], check: sameLosses }
    console.log(`\n${models[model].title}, fine-tuning step, float32, batch ${batch}`)
    /** @type {{ rival: any, own: any, engine: string, variant: string }[]} */
    const meetings = []
    for (const { engine, script, variants } of python === null ? [] : trainers)
      for (const variant of quick ? variants.slice(0, 1) : variants) {
        const args = [join(here, 'rivals', script), JSON.stringify({ ...task, variant })]
        const rival = {
          title: `${engine} (${variant})`,
          start: () => new Worker(`${engine} (${variant})`, python, args),
        }
        const outcome = await contest([this.#own(task), rival], how)
        if (outcome.missing !== null) {
          console.log(`  ${engine}: not installed (${outcome.missing})`)
          break
        }
        const [own, other] = outcome.sides
        meetings.push({ own, rival: other, engine, variant })
      }
    if (python === null) console.log('  no rival: name a Python with keras, tensorflow and torch by --python')
    const alone = meetings.length === 0 ? await contest([this.#own(task)], how) : null
    const runs = alone === null ? meetings.map(({ own }) => own) : alone.sides
    this.#reportFineTuning(model, batch, runs, meetings)
  }

  #reportFineTuning(model, batch, runs, meetings) {
    const common = { model, batch }
    const own = this.#add({
      ...common,
      work: 'fine-tune',
      engine: this.#engine,
      medianMs: median(runs.map(({ medianMs }) => medianMs)),
      peakMemoryMB: Math.max(...runs.map(({ peakMemoryMB }) => peakMemoryMB)),
    })
    const ownFirst = this.#add({
      ...common,
      work: 'first-step',
      engine: this.#engine,
      medianMs: median(runs.map(({ firstStepMs }) => firstStepMs)),
      peakMemoryMB: Math.max(...runs.map(({ firstStepPeakMB }) => firstStepPeakMB)),
    })
    const first = []
    console.log(line(this.#engine, own))
    for (const { engine } of trainers) {
      const tried = meetings.filter((meeting) => meeting.engine === engine)
      if (tried.length === 0) continue
      for (const { rival, variant } of tried) {
        const figures = result({ ...rival, ...common, work: 'fine-tune', engine })
        console.log(line(`${engine} (${variant})`, figures))
      }
      // An engine is entered with its fastest way for a step, and its quickest first step.
      const fastest = tried.reduce((a, b) => (b.rival.medianMs < a.rival.medianMs ? b : a))
      const quickest = tried.reduce((a, b) => (b.rival.firstStepMs < a.rival.firstStepMs ? b : a))
      this.#add({ ...fastest.rival, ...common, work: 'fine-tune', engine })
      const { firstStepMs: medianMs, firstStepPeakMB: peakMemoryMB } = quickest.rival
      first.push({
        name: `${engine} (${quickest.variant})`,
        ...this.#add({ ...common, work: 'first-step', engine, medianMs, peakMemoryMB }),
      })
    }
    if (meetings.length > 0) {
      // The ratio is taken within the meeting: both sides had the same moments of the machine.
      const best = meetings.reduce((a, b) =>
        b.rival.medianMs / b.own.medianMs < a.rival.medianMs / a.own.medianMs ? b : a,
      )
      console.log(`  ${this.#engine} to the best, ${best.engine} (${best.variant}): ${ratioText(best.own, best.rival)}`)
      const least = meetings.reduce((a, b) => (b.rival.peakMemoryMB < a.rival.peakMemoryMB ? b : a))
      console.log(
        `  ${this.#engine} to the smallest, ${least.engine} (${least.variant}): memory ${(own.peakMemoryMB / least.rival.peakMemoryMB).toFixed(2)}x`,
      )
    }
    console.log(`${models[model].title}, from the call of fit to the end of the first step, batch ${batch}`)
    console.log(line(this.#engine, ownFirst))
    for (const { name, ...entry } of first) console.log(line(name, entry))
  }

  /** A flip and a rotation of a batch, beside the step that they are part of. */
  async augment(model) {
    const { rounds, warmUp, turnMs } = this.#options
    const [batch, { size, title }] = [32, models[model]]
    const task = { batch, size, warmUp, turnMs }
    const own = { title: 'Tanuki', start: () => nodeWorker('Tanuki', 'workers/augment.mjs', task, this.#environment()) }
    console.log(`\n${title}, flip and rotation of ${size}x${size} pictures, batch ${batch}`)
    const { sides } = await contest([own], { rounds: rounds.augment, check: () => null })
    const entry = this.#add({ ...sides[0], model, work: 'augment', batch, engine: this.#engine })
    console.log(line(this.#engine, entry))
    const step = this.results.find(
      (one) => one.model === model && one.work === 'fine-tune' && one.engine === this.#engine,
    )
    const share = step === undefined ? null : (100 * entry.medianMs) / step.medianMs
    console.log(
      share === null
        ? '  with --works fine-tune,augment: its share of the step'
        : `  ${share.toFixed(1)} % of the fine-tuning step`,
    )
  }
}

async function main() {
  const options = readOptions(process.argv.slice(2), Object.keys(models))
  if (options.help) return console.log(usage)
  const bench = new Bench(options)
  const folder = mkdtempSync(join(tmpdir(), 'tanuki-bench-'))
  // Workers end by themselves when their input closes; the folder does not.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  let machine = null
  const meet = (found) => {
    if (machine !== null) return
    machine = found
    const { cpu, cores, processorFlags, node, threads, engine, instructionSet, oneDNN } = machine
    console.log(`${cpu}, ${cores} cores (${processorFlags.join(' ')}), Node ${node}`)
    console.log(`${engine} engine, ${threads} threads, ${instructionSet}${oneDNN === null ? '' : `, oneDNN ${oneDNN}`}`)
    if (options.quick) console.log('--quick: shows that everything runs; the figures mean nothing')
  }
  const computing = options.works.some((work) => work !== 'data')
  for (const model of computing ? options.models : []) {
    const own = join(folder, model)
    meet(await bench.prepare(model, own))
    if (options.works.includes('forward')) for (const batch of options.batches) await bench.forward(model, batch, own)
    if (options.works.includes('fine-tune')) await bench.fineTune(model, own)
    if (options.works.includes('augment')) await bench.augment(model)
    rmSync(own, { recursive: true, force: true })
  }
  if (options.works.includes('data')) {
    const about = { threads: options.threads, meet: (engine) => meet(machineOf(engine)) }
    bench.results.push(...(await dataWork(options, about)))
  }
  if (options.json !== null) writeJson(options.json, machine, bench.results)
}

try {
  await main()
} catch (error) {
  const expected = error instanceof UsageError
  console.error(expected ? `${error.message}\n\n${usage}` : `bench: ${error.message}`)
  process.exitCode = 1
}
