// Reads and writes zip archives. What an archive says about itself is checked against its bytes, and every entry has a limit.
import { openAsBlob } from 'node:fs'
import { FormatError, problem } from '../errors.ts'

const library = async () => {
  const zip = await import('@zip.js/zip.js')
  zip.configure({ useWebWorkers: false, chunkSize: 1 << 20 })
  return zip
}

export interface ZipOptions {
  /** More entries are refused. Default 10,000: more than any model has. */
  readonly maxEntries?: number
  /** Entries above 1 MiB that are packed better are refused as bombs. Default 100: entries of models are stored as they are. */
  readonly maxRatio?: number
}
/** Below this, the ratio says nothing. */
const small = 1 << 20

export interface ZipEntry {
  readonly name: string
  /** Inflated, as the archive claims; reading stops where it turns out to be larger. */
  readonly size: number
  /**
   * The inflated bytes, in a buffer of their own.
   * @throws FormatError if they are damaged (their checksum differs), or more than was claimed or than `limit` (default 2 GiB).
   */
  read(limit?: number): Promise<Uint8Array<ArrayBuffer>>
}

export interface ZipFile {
  readonly source: string
  readonly entries: ReadonlyMap<string, ZipEntry>
  close(): Promise<void>
}

/**
 * Opens an archive: the path of one, or its bytes. Refuses names that leave the archive, names that stand twice, links, encrypted
 * entries, overlapping entries, bytes before and after, and more than `maxEntries`.
 * @throws FormatError that names `source`; the system's error if there is no such file.
 */
export async function openZip(
  from: string | Uint8Array,
  source: string,
  { maxEntries = 10_000, maxRatio = 100 }: ZipOptions = {},
): Promise<ZipFile> {
  const zip = await library()
  const reader = new zip.ZipReader(
    typeof from === 'string' ? new zip.BlobReader(await blobOf(from)) : new zip.Uint8ArrayReader(from),
    { useWebWorkers: false, checkSignature: true, checkOverlappingEntry: true },
  )
  const refuse = (received: string): FormatError =>
    new FormatError(problem({ where: source, expected: 'a zip archive that can be trusted', received }))
  const entries = new Map<string, ZipEntry>()
  try {
    let count = 0
    for await (const entry of reader.getEntriesGenerator({ strictness: 'strict' })) {
      if (++count > maxEntries) throw refuse(`more than ${maxEntries} entries`)
      const name = entry.filename
      if (isUnsafe(name)) throw refuse(`an entry ${JSON.stringify(name)}`)
      if (entry.encrypted) throw refuse(`an encrypted entry ${JSON.stringify(name)}`)
      if (isLink(entry)) throw refuse(`a link ${JSON.stringify(name)}`)
      if (entry.directory) continue
      const { uncompressedSize: size, compressedSize: packed } = entry
      entries.set(name, {
        name,
        size,
        async read(limit = 2 ** 31) {
          if (size > limit || (size > small && size > packed * maxRatio))
            throw refuse(`an entry ${JSON.stringify(name)} of ${size} bytes, packed into ${packed}`)
          const out = new Uint8Array(size)
          let at = 0
          const sink = new WritableStream<Uint8Array>({
            write(chunk) {
              if (at + chunk.byteLength > size) throw refuse(`an entry ${JSON.stringify(name)} larger than it says`)
              out.set(chunk, at)
              at += chunk.byteLength
            },
          })
          try {
            await entry.getData(sink, { checkSignature: true, useWebWorkers: false })
          } catch (error) {
            throw error instanceof FormatError ? error : refuse(`${JSON.stringify(name)}: ${(error as Error).message}`)
          }
          if (at !== size) throw refuse(`an entry ${JSON.stringify(name)} smaller than it says`)
          return out
        },
      })
    }
  } catch (error) {
    await reader.close().catch(() => undefined)
    throw error instanceof FormatError ? error : refuse(String(error instanceof Error ? error.message : error))
  }
  return { source, entries, close: async () => reader.close() }
}

/** Without an open descriptor that somebody would have to close. @throws the system's error if there is no such file. */
async function blobOf(path: string): Promise<Blob> {
  const { stat } = await import('node:fs/promises')
  await stat(path)
  return openAsBlob(path)
}

/** Absolute names, names that leave the folder they are unpacked into, and names of other systems. */
function isUnsafe(name: string): boolean {
  if (name === '' || /^[\\/]|^[A-Za-z]:|[\\\0]/.test(name)) return true
  return name.split('/').some((part) => part === '..' || part === '.')
}

/** A symbolic link in the way of Unix. */
function isLink({ externalFileAttributes = 0 }: { externalFileAttributes?: number }): boolean {
  return ((externalFileAttributes >>> 16) & 0o170000) === 0o120000
}

/** The bytes of an archive with these entries, stored without compression. */
export async function encodeZip(
  entries: readonly { readonly name: string; readonly data: Uint8Array }[],
): Promise<Uint8Array> {
  const zip = await library()
  const writer = new zip.ZipWriter(new zip.Uint8ArrayWriter(), {
    level: 0,
    useWebWorkers: false,
    extendedTimestamp: false,
    dataDescriptor: false,
  })
  for (const { name, data } of entries) await writer.add(name, new zip.Uint8ArrayReader(data))
  return writer.close()
}
