// Where pretrained weights come from: the record that stands beside each architecture, Keras' cache, the download, and what the package embeds.
import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from '../data/cache-folder.ts'
import { download } from '../data/download.ts'
import type { DownloadRecord } from '../data/download.ts'
import { hashFile } from '../data/hash-file.ts'
import { FormatError, problem } from '../errors.ts'
import { decodeSafetensors } from '../formats/safetensors.ts'
import { assignVariables, uniquePaths } from '../models/index.ts'
import type { Functional } from '../models/index.ts'
import { environmentVariable } from '../platform/environment.ts'
import { warnOnce } from '../platform/warn.ts'

/** A file on the network, named as in Keras' cache. */
export type RemoteFile = DownloadRecord & { readonly fileName: string }

interface Provenance {
  readonly licence: string
  /** Who trained or converted the weights. */
  readonly source: string
}

/** A file in the package's assets/weights. */
export interface EmbeddedWeights extends Provenance {
  readonly fileName: string
  readonly sha256: string
  /** Size of the file. */
  readonly bytes: number
}
export type RemoteWeights = RemoteFile & Provenance

/** One file of pretrained weights: on the network, or (without `url`) in the package. */
export type WeightsRecord = EmbeddedWeights | RemoteWeights

/** The records of a model with and without its classifier. */
export interface WeightsPair {
  readonly top: RemoteWeights
  readonly notop: RemoteWeights
}

/** A remote pair from the address of its folder, the two file names and their hashes (MD5, or SHA-256 where Keras has that). */
export function pairOf(
  provenance: Provenance,
  folder: string,
  [top, notop]: readonly [string, string],
  hashes: readonly [string, string] | null,
): WeightsPair {
  const record = (fileName: string, hash: string | undefined): RemoteWeights => ({
    fileName,
    url: `${folder}${fileName}`,
    ...(hash === undefined ? {} : { [hash.length === 64 ? 'sha256' : 'md5']: hash }),
    ...provenance,
  })
  return { top: record(top, hashes?.[0]), notop: record(notop, hashes?.[1]) }
}

/** Loads the weights of these records into a model. @throws DownloadError if they cannot be had, FormatError if they do not fit. */
export async function loadPretrained(network: Functional, records: readonly WeightsRecord[]): Promise<void> {
  const embedded = records.filter((record): record is EmbeddedWeights => !('url' in record))
  if (embedded.length === 0) {
    for (const record of records as readonly RemoteWeights[]) await network.loadWeights(await obtainFile(record))
    return
  }
  const files = await Promise.all(embedded.map(async (record) => decodeSafetensors(await readEmbedded(record), record.fileName))) // prettier-ignore
  const tensors = new Map(files.flatMap((file) => [...file.tensors]))
  const where = embedded.map(({ fileName }) => fileName).join(', ')
  assignVariables(where, { tensors, metadata: {} }, uniquePaths(network.weights))
}

/** Reads an embedded file. @throws FormatError if it is not the file that the record describes. */
async function readEmbedded(record: EmbeddedWeights): Promise<Uint8Array> {
  const path = fileURLToPath(new URL(`../../assets/weights/${record.fileName}`, import.meta.url))
  const bytes = await readFile(path)
  const received = createHash('sha256').update(bytes).digest('hex')
  if (received !== record.sha256) {
    const expected = `a file with SHA-256 ${record.sha256}`
    throw new FormatError(problem({ where: path, expected, received, hint: 'Install the package again' }))
  }
  // Not a Buffer: its methods share memory where those of other arrays copy.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Where Keras keeps its downloads: `KERAS_HOME`, else `~/.keras`. */
function kerasFolder(): string {
  return join(environmentVariable('KERAS_HOME') ?? join(homedir(), '.keras'), 'models')
}

/**
 * The path of a file: in the cache of the library, else in that of Keras, else downloaded to the first.
 * @throws DownloadError if it cannot be had, or is not what the record says.
 */
export async function obtainFile(weights: RemoteFile & Partial<Provenance>): Promise<string> {
  const { licence: _licence, source: _source, ...record } = weights
  const folder = join(cacheFolder(), 'models')
  if (!(await isFile(join(folder, record.fileName)))) {
    const theirs = join(kerasFolder(), record.fileName)
    if (await isFile(theirs)) {
      if (await hasRightHash(theirs, record)) return theirs
      warnOnce(`${theirs} is not the file that belongs there (its hash is wrong); it is not used`)
    }
  }
  return download(record, { folder })
}

async function isFile(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function hasRightHash(path: string, { sha256, md5 }: RemoteFile): Promise<boolean> {
  if (sha256 !== undefined) return (await hashFile(path, 'sha256')) === sha256
  return md5 === undefined || (await hashFile(path, 'md5')) === md5
}
