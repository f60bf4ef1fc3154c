// The work `data`: files of pictures, decoded, resized and batched, beside tf.data and torchvision's DataLoader.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { samePictures } from './checks.mjs'
import { contest, Worker } from './contest.mjs'
import { line, result } from './report.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Each in the ways that can be its fastest. */
const rivals = [
  { engine: 'tf.data', script: 'tf_data.py', variants: ['keras', 'map'] },
  { engine: 'torchvision', script: 'torchvision_loader.py', variants: ['io', 'pil'] },
]

/**
 * @param {object} options The bench's.
 * @param {{ threads: number | null, meet: (engine: object) => void }} about `meet` is told what the own worker says of its engine.
 * @returns {Promise<import('./report.mjs').Result[]>}
 */
export async function dataWork({ python, rounds, quick, warmUp }, { threads, meet }) {
  const size = 224
  const batch = 32
  const repeats = quick ? 1 : 4
  const folder = join(here, '..', 'assets', 'clothing-mini', 'train')
  const task = { folder, size, batch, repeats, threads: threads ?? 2, warmUp: Math.min(warmUp, 2), turnMs: 1 }
  const how = { rounds: rounds.data, check: samePictures }
  const environment = threads === null ? {} : { TANUKI_THREADS: String(threads) }
  const title = 'Tanuki'
  const args = [join(here, 'workers', 'pictures.mjs'), JSON.stringify(task)]
  const own = { title, start: () => new Worker(title, process.execPath, args, environment) }
  const head = `\nclothing-mini, ${size} x ${size}, batch ${batch}: files to batches of float32 pictures`
  const meetings = []
  let shown = false
  const show = (side) => {
    meet(side.engine)
    if (!shown) console.log(head)
    shown = true
  }
  for (const { engine, script, variants } of python === null ? [] : rivals)
    for (const variant of quick ? variants.slice(0, 1) : variants) {
      const name = `${engine} (${variant})`
      const start = () => new Worker(name, python, [join(here, 'rivals', script), JSON.stringify({ ...task, variant })])
      const outcome = await contest([own, { title: name, start }], how)
      if (outcome.missing !== null) {
        console.log(`  ${engine}: not installed (${outcome.missing})`)
        break
      }
      const [ours, other] = outcome.sides
      show(ours)
      meetings.push({ engine, name, own: ours, rival: other })
    }
  if (meetings.length === 0) {
    const { sides } = await contest([own], how)
    show(sides[0])
    if (python === null) console.log('  no rival: name a Python with tensorflow, torch and torchvision by --python')
    meetings.push({ own: sides[0] })
  }
  return report(meetings, batch)
}

/** Times are told for one batch. */
function report(meetings, batch) {
  const entry = (engine, { medianMs, peakMemoryMB, pictures }) =>
    result({
      model: 'clothing-mini',
      work: 'data',
      batch,
      engine,
      medianMs: (medianMs / pictures) * batch,
      peakMemoryMB,
    })
  const slowest = meetings.reduce((a, b) => (b.own.medianMs > a.own.medianMs ? b : a))
  const entries = [entry('native', slowest.own)]
  console.log(line('Tanuki', entries[0]))
  for (const { name, rival } of meetings) if (name) console.log(line(name, entry(name, rival)))
  const met = meetings.filter(({ name }) => name)
  if (met.length === 0) return entries
  for (const engine of new Set(met.map((meeting) => meeting.engine))) {
    const ways = met.filter((meeting) => meeting.engine === engine)
    entries.push(entry(engine, ways.reduce((a, b) => (b.rival.medianMs < a.rival.medianMs ? b : a)).rival))
  }
  // The ratio is taken within the meeting: both sides had the same moments of the machine.
  const ratio = ({ own, rival }) => rival.medianMs / own.medianMs
  const worst = met.reduce((a, b) => (ratio(b) < ratio(a) ? b : a))
  console.log(`  Tanuki to the best, ${worst.name}: speed ${ratio(worst).toFixed(2)}x`)
  return entries
}
