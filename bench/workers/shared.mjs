// Reads what prepare.mjs wrote.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** @param {string} folder @param {string} file @param {number} from Byte. @param {number} length Bytes. */
function part(folder, file, from, length) {
  const buffer = new ArrayBuffer(length)
  const descriptor = openSync(join(folder, file), 'r')
  const read = readSync(descriptor, new Uint8Array(buffer), 0, length, from)
  closeSync(descriptor)
  if (read !== length) throw new Error(`bench: ${file} is too short`)
  return buffer
}

/** @param {string} folder */
export function readNetwork(folder) {
  return JSON.parse(readFileSync(join(folder, 'network.json'), 'utf8'))
}

/** One weight in the layout of Keras. @param {string} folder @param {{ shape: number[], offset: number }} entry */
export function readWeight(folder, { shape, offset }) {
  return new Float32Array(part(folder, 'weights.bin', offset, 4 * shape.reduce((a, b) => a * b, 1)))
}

/** Pictures [batch, size, size, 3]. @param {string} folder @param {number} batch @param {number} size */
export function readPictures(folder, batch, size) {
  return new Float32Array(part(folder, 'pictures.bin', 0, 4 * batch * size * size * 3))
}

/** @param {string} folder @param {number} batch */
export function readLabels(folder, batch) {
  return new Int32Array(part(folder, 'labels.bin', 0, 4 * batch))
}
