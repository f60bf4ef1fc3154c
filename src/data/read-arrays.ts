// Files of arrays as tensors: NumPy's .npy and .npz, and IDX.
import { readFile } from 'node:fs/promises'
import { opening } from '../platform/opening.ts'
import { checkRules, checkValue, filePath, positive } from '../platform/option-rules.ts'
import { decodeIdx } from '../formats/idx.ts'
import { decodeNpy, decodeNpz } from '../formats/npy.ts'
import type { NpyArray, NpzOptions } from '../formats/npy.ts'
import { tensor } from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'

export type { NpzOptions } from '../formats/npy.ts'

/**
 * The array in a file of `numpy.save`. Floats become float32; uint8 and bool stay; other whole numbers become int32 and must fit.
 * @throws FormatError for damage, for Python objects (a pickle, which is never read) and other types that are no numbers; ArgumentError
 * if there is no such file.
 */
export async function readNpy(path: string): Promise<Tensor> {
  return reading('readNpy', path, {}, async () => toTensor(decodeNpy(await readFile(path), path)))
}

/**
 * The arrays in a file of `numpy.savez` or `savez_compressed` by their names, each as `readNpy` gives it:
 * `const { x_train, y_train } = await data.readNpz('mnist.npz')`.
 * @throws FormatError that names the array; for more than `maxBytes`, too. ArgumentError if there is no such file.
 */
export async function readNpz(path: string, options: NpzOptions = {}): Promise<Record<string, Tensor>> {
  return reading('readNpz', path, options, async () => {
    const arrays = await decodeNpz(path, path, options)
    return Object.fromEntries([...arrays].map(([name, array]) => [name, toTensor(array)]))
  })
}

/**
 * The array in a file of MNIST's format (IDX), gzipped or not: bytes as uint8, other whole numbers as int32, floats as float32.
 * `maxBytes`: largest size after inflating; default 1 GiB. @throws FormatError for damage; ArgumentError if there is no such file.
 */
export async function readIdx(path: string, options: { readonly maxBytes?: number } = {}): Promise<Tensor> {
  return reading('readIdx', path, options, async () => toTensor(decodeIdx(await readFile(path), path, options)))
}

async function reading<T>(where: string, path: string, options: NpzOptions, work: () => Promise<T>): Promise<T> {
  checkValue(where, 'path', path, filePath)
  checkRules(where, options, { maxBytes: positive }, `${where}(path, { maxBytes: 1e9 })`)
  return opening(where, path, 'read', work)
}

function toTensor({ data, shape, dtype }: NpyArray): Tensor {
  return tensor(data, { shape, dtype })
}
