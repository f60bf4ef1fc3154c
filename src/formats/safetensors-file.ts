// Reads safetensors files range by range: each tensor goes from the disk into the memory that its values stay in, and the whole file is
// nowhere held.
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { FormatError, problem } from '../errors.ts'
import { headerLength, parseHeader } from './safetensors.ts'
import type { SafetensorsFile, StoredTensor } from './safetensors.ts'

/**
 * As `decodeSafetensors`, of a file; `source` names it in errors. Every tensor has a buffer of its own.
 * @param isWanted Tensors that are not wanted are checked as all others, but neither read nor returned.
 * @throws FormatError for a damaged file; the system's error if it cannot be read.
 */
export async function readSafetensors(
  path: string,
  source: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<SafetensorsFile> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const length = headerLength(await read(file, 0, Math.min(8, size), source), size, source)
    const { spans, metadata } = parseHeader(await read(file, 8, length, source), size, source)
    const tensors = new Map<string, StoredTensor>()
    for (const [name, { dtype, shape, from, to }] of spans)
      if (isWanted(name)) tensors.set(name, { dtype, shape, bytes: await read(file, from, to - from, source) })
    return { tensors, metadata }
  } finally {
    await file.close()
  }
}

/** Not beyond what one call of the system reads. */
const maxRead = 1 << 30

async function read(file: FileHandle, position: number, length: number, source: string): Promise<Uint8Array> {
  const bytes = make(length, source)
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, maxRead), position + done)
    if (bytesRead === 0) {
      const hint = 'It was cut short while it was read'
      throw new FormatError(
        problem({ where: source, expected: `${length} bytes at ${position}`, received: `${done} bytes`, hint }),
      )
    }
    done += bytesRead
  }
  return bytes
}

function make(length: number, source: string): Uint8Array {
  try {
    return new Uint8Array(length)
  } catch (error) {
    // Files may be sparse, and larger than any memory.
    const expected = 'tensors that fit into the memory'
    throw new FormatError(problem({ where: source, expected, received: `one of ${length} bytes` }), { cause: error })
  }
}
