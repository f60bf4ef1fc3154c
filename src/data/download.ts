// Downloads that survive cut connections, are checked by their hash, and appear under their name only when they are whole.
import { access, mkdir, rename, rm, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ArgumentError, DownloadError, problem } from '../errors.ts'
import {
  abortSignal, aFunction, checkRules, checkValue, finite, flag, folderPath, orNull, positive, whole,
} from '../platform/option-rules.ts' // prettier-ignore
import type { OptionRule } from '../platform/option-rules.ts'
import { wait } from '../platform/wait.ts'
import { cacheFolder, isOffline } from './cache-folder.ts'
import { formatBytes, progressPrinter } from './download-progress.ts'
import type { DownloadProgress } from './download-progress.ts'
import { discardPart, Interrupted, sizeOfFile, transfer } from './download-transfer.ts'
import { withFileLock } from './file-lock.ts'
import { hashFile } from './hash-file.ts'
import type { HashName } from './hash-file.ts'

/** What is known of a file on the network. Stands beside the code that needs the file. */
export interface DownloadRecord {
  /** http or https. */
  readonly url: string
  /** Name on the disk. Default: the last part of the URL's path. */
  readonly fileName?: string
  /** Size of the whole file. */
  readonly bytes?: number
  /** Hex digits. With a hash, what lies on the disk is checked before it is used. */
  readonly sha256?: string
  readonly md5?: string
}

export interface DownloadOptions {
  /** Default: `downloads` in `cacheFolder()`. */
  readonly folder?: string
  /** Never uses the network. Default: `TANUKI_OFFLINE`. */
  readonly offline?: boolean
  /** Stops cleanly: what has come is kept, and continued by the next call. */
  readonly signal?: AbortSignal
  /** Default: a line on stderr; null: nothing. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | null
  /** Largest size that is accepted. Default 64 GB. */
  readonly maxBytes?: number
  /** Further tries after one that brought nothing. Default 5. */
  readonly retries?: number
  /** Milliseconds before the first of them; doubled each time up to 30 seconds. Default 500. */
  readonly retryDelay?: number
  /** Milliseconds of silence after which a connection counts as dead. Default 30 seconds. */
  readonly silence?: number
  readonly headers?: Readonly<Record<string, string>>
}

const where = 'download'
const digits = (count: number): OptionRule => ({
  expected: `${count} hex digits`,
  fits: (value) => typeof value === 'string' && value.length === count && /^[0-9a-f]+$/i.test(value),
})
const recordRules: Readonly<Record<keyof DownloadRecord, OptionRule>> = {
  url: {
    expected: 'an http or https URL',
    fits: (value) => typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    hint: 'A file on this machine needs no download',
  },
  fileName: { expected: 'a name without folders', fits: (value) => typeof value === 'string' },
  bytes: whole(0),
  sha256: digits(64),
  md5: digits(32),
}
const optionRules: Readonly<Record<keyof DownloadOptions, OptionRule>> = {
  folder: folderPath,
  offline: flag,
  signal: abortSignal,
  onProgress: orNull(aFunction),
  maxBytes: positive,
  retries: whole(0),
  retryDelay: finite(0),
  silence: positive,
  headers: {
    expected: 'an object of texts by name',
    fits: (value) =>
      typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string'),
  },
}
/** However many tries bring a little each. */
const mostTries = 200

/**
 * The path of the file that `record` describes. A file that is there already is used if its hash (or size) is right; one with the
 * wrong hash is moved aside and named in the error. An unfinished download is continued. Proxies are taken from HTTP_PROXY,
 * HTTPS_PROXY and NO_PROXY. Two downloads of one file at the same time, in other processes too, wait for each other.
 * @throws ArgumentError for a wrong record, DownloadError if the file cannot be had or is not what was promised, AbortError.
 */
export async function download(record: DownloadRecord, options: DownloadOptions = {}): Promise<string> {
  const name = checkedName(record)
  checkRules(where, options, optionRules, `${where}({ url }, { folder: "downloads" })`)
  const folder = resolve(options.folder ?? join(cacheFolder(), 'downloads'))
  const target = join(folder, name)
  if (await isThere(record, target, options)) return target
  if (options.offline ?? isOffline()) {
    const hint = `Put the file from ${record.url} there yourself, or unset TANUKI_OFFLINE (offline: false) to download it`
    throw new DownloadError(
      problem({ where: target, expected: 'the file, because downloads are off', received: 'none', hint }),
    )
  }
  const { signal } = options
  await makeFolder(folder)
  return withFileLock(`${target}.lock`, signal ? { signal } : {}, async () => {
    // Another one may have brought it while this one waited.
    if (await isThere(record, target, options)) return target
    await fetchFile(record, target, options)
    return target
  })
}

function checkedName(record: DownloadRecord): string {
  checkRules(where, record, recordRules, `${where}({ url: "https://…" })`)
  const { url, fileName } = record
  checkValue(where, 'url', url, recordRules.url)
  const name = fileName ?? lastPart(new URL(url).pathname)
  if (name === '' || name.startsWith('.') || /[/\\\0:]/.test(name)) {
    const hint = 'Give `fileName`: the address does not end with a name that can be used'
    const expected = '`fileName` to be a name without folders'
    throw new ArgumentError(problem({ where, expected, received: name, ...(fileName === undefined ? { hint } : {}) }))
  }
  return name
}

function lastPart(path: string): string {
  const last = path.slice(path.lastIndexOf('/') + 1)
  try {
    return decodeURIComponent(last)
  } catch {
    return last // not an encoded name
  }
}

function hashOf({ sha256, md5 }: DownloadRecord): { name: HashName; digits: string } | null {
  if (sha256 !== undefined) return { name: 'sha256', digits: sha256.toLowerCase() }
  return md5 === undefined ? null : { name: 'md5', digits: md5.toLowerCase() }
}

/** What is wrong with a whole file; null if nothing is. */
async function flawOf(record: DownloadRecord, path: string, signal?: AbortSignal) {
  const size = await sizeOfFile(path)
  if (record.bytes !== undefined && size !== record.bytes)
    return { expected: `a file of ${record.bytes} bytes`, received: `${size} bytes` }
  const hash = hashOf(record)
  if (hash === null) return null
  const found = await hashFile(path, hash.name, signal)
  return found === hash.digits ? null : { expected: `a file with ${hash.name} ${hash.digits}`, received: found }
}

async function isThere(record: DownloadRecord, target: string, options: DownloadOptions): Promise<boolean> {
  try {
    await access(target)
  } catch {
    return false
  }
  const flaw = await flawOf(record, target, options.signal)
  if (flaw === null) return true
  const aside = `${target}.rejected`
  await rename(target, aside)
  const hint = `It was moved to ${aside}; call again to download the right one from ${record.url}`
  throw new DownloadError(problem({ where: target, ...flaw, hint }))
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    const hint = 'Choose another folder with TANUKI_CACHE'
    const received = (error as Error).message
    throw new DownloadError(problem({ where: folder, expected: 'a folder to write to', received, hint }), {
      cause: error,
    })
  }
}

async function fetchFile(record: DownloadRecord, target: string, options: DownloadOptions): Promise<void> {
  const part = `${target}.part`
  await checkRoom(record, part)
  const { signal } = options
  const continued = await tryTillWhole(record, part, options)
  let flaw = await flawOf(record, part, signal)
  if (flaw !== null && continued) {
    // The pieces may be of two versions.
    await discardPart(part)
    await tryTillWhole(record, part, options)
    flaw = await flawOf(record, part, signal)
  }
  if (flaw !== null) {
    await discardPart(part)
    const hint = 'The file at this address has changed, or was damaged on its way'
    throw new DownloadError(problem({ where: record.url, ...flaw, hint }))
  }
  await rename(part, target)
  await rm(`${part}.json`, { force: true })
}

/** Fails before the first byte if the disk cannot hold the file. */
async function checkRoom({ bytes }: DownloadRecord, part: string): Promise<void> {
  if (bytes === undefined) return
  const { bavail, bsize, blocks } = await statfs(dirname(part))
  const needed = bytes - (await sizeOfFile(part))
  // Some file systems do not tell.
  if (blocks === 0 || needed <= bavail * bsize) return
  const hint = 'Make room, or choose another folder with TANUKI_CACHE'
  const parts = { expected: `${formatBytes(needed)} of free space`, received: formatBytes(bavail * bsize), hint }
  throw new DownloadError(problem({ where: dirname(part), ...parts }))
}

/** Requests until the part is whole. @returns whether any of them continued what an earlier one had brought. */
async function tryTillWhole(record: DownloadRecord, part: string, options: DownloadOptions): Promise<boolean> {
  const { retries = 5, retryDelay = 500, silence = 30_000, signal } = options
  const { EnvHttpProxyAgent, fetch } = await import('undici')
  // A tunnel only for https: many proxies allow none to other ports. Time is watched for each transfer.
  const dispatcher = new EnvHttpProxyAgent({
    proxyTunnel: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: silence },
  })
  const task = {
    url: record.url, part, bytes: record.bytes, maxBytes: options.maxBytes ?? 64e9, hashed: hashOf(record) !== null,
    headers: options.headers ?? {}, fetch, dispatcher, silence, signal, report: reporter(record.url, part, options),
  } // prettier-ignore
  try {
    let continued = false
    for (let tries = 1, vain = 0; ; tries++) {
      const before = await sizeOfFile(part)
      try {
        continued = (await transfer(task)) || continued
        task.report(await sizeOfFile(part), await sizeOfFile(part), 0, true)
        return continued
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error
        continued ||= before > 0
        vain = (await sizeOfFile(part)) > before ? 0 : vain + 1
        if (vain > retries || tries >= mostTries) {
          const hint = `Call again to continue, or put the file at ${part.slice(0, -'.part'.length)} yourself`
          const received = `${error.message} (${tries} tries)`
          throw new DownloadError(problem({ where: record.url, expected: 'the whole file', received, hint }), {
            cause: error,
          })
        }
        const delay = Math.max(error.after, Math.min(30_000, retryDelay * 2 ** Math.max(0, vain - 1)))
        await wait(delay, `the download of ${record.url}`, signal)
      }
    }
  } finally {
    await dispatcher.destroy()
  }
}

type Report = (received: number, total: number | null, start: number, done?: boolean) => void
function reporter(url: string, part: string, { onProgress }: DownloadOptions): Report {
  if (onProgress === null) return () => undefined
  const name = part.slice(Math.max(part.lastIndexOf('/'), part.lastIndexOf('\\')) + 1, -'.part'.length)
  const listener = onProgress ?? progressPrinter(name)
  let began = performance.now()
  let from: number | null = null
  return (received, total, start, done = false) => {
    // The speed counts what came since the last request began.
    if (from === null || (received === start && !done)) [from, began] = [start, performance.now()]
    const seconds = (performance.now() - began) / 1000
    const speed = seconds > 1e-3 ? Math.max(0, received - from) / seconds : 0
    const remaining = total === null || speed === 0 ? null : (total - received) / speed
    listener({ url, received, total, speed, remaining, done })
  }
}
