// Hashes of files that are too large to be read whole.
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'

export type HashName = 'sha256' | 'md5'

/** Feeds a file's bytes into `hash`. */
export async function hashInto(hash: Hash, path: string, signal?: AbortSignal): Promise<void> {
  const stream = createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) })
  for await (const chunk of stream) hash.update(chunk as Buffer)
}

/** The hash of a file as lower-case hex digits. */
export async function hashFile(path: string, name: HashName, signal?: AbortSignal): Promise<string> {
  const hash = createHash(name)
  await hashInto(hash, path, signal)
  return hash.digest('hex')
}
