// The results as a table and as JSON.
import { writeFileSync } from 'node:fs'

/**
 * @typedef {object} Result
 * @property {string} model
 * @property {'forward' | 'fine-tune' | 'first-step' | 'augment' | 'data'} work
 * @property {'float32'} dtype
 * @property {number} batch
 * @property {'native' | 'onnxruntime' | 'keras-tensorflow' | 'torch' | 'reference' | 'tf.data' | 'torchvision'} engine
 * @property {number} medianMs
 * @property {number} imagesPerSecond
 * @property {number | null} peakMemoryMB
 */

const round = (value, digits = 4) => (value === null ? null : Number(value.toPrecision(digits)))

/** @param {Omit<Result, 'dtype' | 'imagesPerSecond'>} parts @returns {Result} */
export function result({ model, work, batch, engine, medianMs, peakMemoryMB }) {
  const imagesPerSecond = round((batch / medianMs) * 1e3)
  return {
    model,
    work,
    dtype: 'float32',
    batch,
    engine,
    medianMs: round(medianMs),
    imagesPerSecond,
    peakMemoryMB: round(peakMemoryMB),
  }
}

/** @param {string} name @param {Pick<Result, 'medianMs' | 'imagesPerSecond' | 'peakMemoryMB'>} figures */
export function line(name, { medianMs, imagesPerSecond, peakMemoryMB }) {
  const ms = medianMs.toFixed(medianMs < 100 ? 2 : 0)
  const memory = peakMemoryMB === null ? '' : `${peakMemoryMB.toFixed(0).padStart(7)} MB`
  return `  ${name.padEnd(34)}${ms.padStart(10)} ms${imagesPerSecond.toFixed(1).padStart(10)} img/s${memory}`
}

/** @param {string} path @param {object} machine @param {readonly Result[]} results */
export function writeJson(path, machine, results) {
  writeFileSync(path, `${JSON.stringify({ machine, results }, null, 2)}\n`)
}
