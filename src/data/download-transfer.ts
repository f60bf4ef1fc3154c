// One HTTP request of a download: it begins a file or continues its part, and says whether another try makes sense.
import { open, readFile, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Dispatcher, fetch as undiciFetch, Response } from 'undici'
import { DownloadError, problem } from '../errors.ts'
import { writeFileAtomic } from '../platform/files.ts'
import { abortError } from '../platform/wait.ts'
import { formatBytes } from './download-progress.ts'

export interface Transfer {
  readonly url: string
  /** The unfinished file; what is known of its source stands in `<part>.json`. */
  readonly part: string
  /** Size of the whole file, if the record tells. */
  readonly bytes: number | undefined
  readonly maxBytes: number
  /** Whether the result will be checked, so that a part may be continued even if the server has no name for its version. */
  readonly hashed: boolean
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: typeof undiciFetch
  readonly dispatcher: Dispatcher
  /** Milliseconds without a byte after which the request is given up. */
  readonly silence: number
  readonly signal: AbortSignal | undefined
  /** `start`: where this request began. */
  report(received: number, total: number | null, start: number): void
}

/** Failed in a way that another try may mend. */
export class Interrupted extends Error {
  /** Milliseconds after which the server wants to be asked again. */
  readonly after: number
  constructor(message: string, after = 0, options?: ErrorOptions) {
    super(message, options)
    this.after = after
  }
}

/** The version of the file that a part belongs to. */
interface Origin {
  readonly url: string
  /** For If-Range: a strong ETag, else the date; null if the server gives neither. */
  readonly validator: string | null
}

/** Size of a file; 0 if there is none. */
export async function sizeOfFile(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

export async function discardPart(part: string): Promise<void> {
  await rm(part, { force: true })
  await rm(`${part}.json`, { force: true })
}

/**
 * Gets what is missing of `part`. @returns whether it was continued, not begun.
 * @throws Interrupted for what may be tried again, DownloadError for what may not, AbortError.
 */
export async function transfer(task: Transfer): Promise<boolean> {
  const { url, part } = task
  const origin = await readOrigin(part)
  const had = await sizeOfFile(part)
  const resumable = had > 0 && origin?.url === url && (origin.validator !== null || task.hashed)
  if (resumable && had === task.bytes) return true
  const headers: Record<string, string> = { ...task.headers, 'accept-encoding': 'identity' }
  if (resumable) {
    headers.range = `bytes=${had}-`
    if (origin.validator !== null) headers['if-range'] = origin.validator
  }
  const watch = new Watch(task)
  const { fetch, dispatcher } = task
  const response = await watch.during(fetch(url, { headers, dispatcher, signal: watch.signal }))
  try {
    const start = await startOf(response, task, resumable ? had : 0)
    await receive(response, task, start, watch)
    return start > 0
  } catch (error) {
    await response.body?.cancel().catch(() => undefined)
    throw error
  }
}

/** Ends a request that the caller aborts, or from which nothing comes for too long, a silent proxy included. */
class Watch {
  readonly signal: AbortSignal
  readonly #task: Transfer
  readonly #silent = new AbortController()
  constructor(task: Transfer) {
    this.#task = task
    this.signal = task.signal ? AbortSignal.any([task.signal, this.#silent.signal]) : this.#silent.signal
  }
  /** Waits for the next thing to come. @throws what the failure means. */
  async during<T>(work: Promise<T>): Promise<T> {
    const { url, signal, silence } = this.#task
    const timer = setTimeout(() => this.#silent.abort(), silence)
    try {
      return await work
    } catch (error) {
      if (this.#silent.signal.aborted && !signal?.aborted)
        throw new Interrupted(`nothing came for ${silence} ms`, 0, { cause: error })
      throw networkProblem(error, url, signal)
    } finally {
      clearTimeout(timer)
    }
  }
}

async function readOrigin(part: string): Promise<Origin | null> {
  try {
    return JSON.parse(await readFile(`${part}.json`, 'utf8')) as Origin
  } catch {
    return null // none, or not readable: the part is begun anew
  }
}

/** Where the body of this response begins in the file. */
async function startOf(response: Response, task: Transfer, had: number): Promise<number> {
  const { status, headers } = response
  const refuse = (expected: string, received: unknown, hint?: string): never => {
    throw new DownloadError(problem({ where: task.url, expected, received, ...(hint === undefined ? {} : { hint }) }))
  }
  if (task.url.startsWith('https:') && !task.hashed && !response.url.startsWith('https:'))
    refuse('a redirect to https, because there is no hash to check the file by', response.url)
  if (status === 416 && had > 0) {
    await discardPart(task.part)
    throw new Interrupted('the server has no such range; the part is begun anew')
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    throw new Interrupted(
      `the server answered ${status} ${response.statusText}`,
      retryAfter(headers.get('retry-after')),
    )
  if (status !== 200 && status !== 206)
    refuse('status 200 or 206', `${status} ${response.statusText}`, 'See whether the address still holds')
  let start = 0
  let total: number | null = null
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '')
    if (range === null || Number(range[1]) !== had || had === 0) {
      await discardPart(task.part)
      throw new Interrupted('the server sent another range than it was asked for; the part is begun anew')
    }
    start = had
    total = range[2] === '*' ? null : Number(range[2])
  } else total = lengthOf(response)
  if (total !== null && task.bytes !== undefined && total !== task.bytes)
    refuse(`a file of ${task.bytes} bytes`, `${total} bytes`, 'The file at this address has changed')
  if ((total ?? 0) > task.maxBytes)
    refuse(`at most ${formatBytes(task.maxBytes)}`, formatBytes(total ?? 0), 'Raise maxBytes if that is right')
  return start
}

/** Length of a whole body; null if it is not told, or told of compressed bytes. */
function lengthOf(response: Response): number | null {
  const coding = response.headers.get('content-encoding')
  const length = response.headers.get('content-length')
  return length === null || (coding !== null && coding !== 'identity') ? null : Number(length)
}

function retryAfter(value: string | null): number {
  if (value === null) return 0
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(milliseconds) ? Math.min(Math.max(0, milliseconds), 60_000) : 0
}

async function receive(response: Response, task: Transfer, start: number, watch: Watch): Promise<void> {
  const { part, signal } = task
  const length = lengthOf(response)
  const total = task.bytes ?? (length === null ? null : start + length)
  const file = await onDisk(task, () => open(part, start > 0 ? 'r+' : 'w'))
  try {
    if (start === 0) {
      const etag = response.headers.get('etag')
      const validator = etag !== null && !etag.startsWith('W/') ? etag : response.headers.get('last-modified')
      const origin: Origin = { url: task.url, validator }
      await onDisk(task, () => writeFileAtomic(`${part}.json`, JSON.stringify(origin)))
    }
    let received = start
    task.report(received, total, start)
    const body = response.body as AsyncIterable<Uint8Array> | null
    const chunks = (body ?? nothing())[Symbol.asyncIterator]()
    for (;;) {
      const next = await watch.during(chunks.next())
      if (next.done) break
      if (signal?.aborted) throw abortError(`the download of ${task.url}`, signal)
      const limit = Math.min(task.maxBytes, task.bytes ?? Infinity)
      if (received + next.value.length > limit) {
        const expected = `at most ${limit} bytes`
        throw new DownloadError(problem({ where: task.url, expected, received: 'more' }))
      }
      await onDisk(task, () => writeAll(file, next.value, received))
      received += next.value.length
      task.report(received, total, start)
    }
    if (total !== null && received !== total)
      throw new Interrupted(`the connection ended after ${received} of ${total} bytes`)
    await onDisk(task, () => file.sync())
  } finally {
    await file.close()
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A response without a body is an empty file.
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** Turns an error of the disk into one that says what to do. */
async function onDisk<T>(task: Transfer, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    const hint = full
      ? 'Make room, or choose another folder with TANUKI_CACHE; what has come is kept and continued'
      : 'See whether the folder can be written to, or choose another one with TANUKI_CACHE'
    const size = task.bytes === undefined ? '' : ` of ${formatBytes(task.bytes)}`
    const parts = { where: task.part, expected: `room for a file${size}`, received: message, hint }
    throw new DownloadError(problem(full ? parts : { ...parts, expected: 'to write the download' }), { cause: error })
  }
}

/** Errors of the connection may pass; those of certificates do not. */
function networkProblem(error: unknown, url: string, signal: AbortSignal | undefined): Error {
  if (signal?.aborted) return abortError(`the download of ${url}`, signal)
  const cause = ((error as Error).cause ?? error) as NodeJS.ErrnoException
  const text = cause.message === '' ? (cause.code ?? 'unknown error') : cause.message
  if (/CERT|TLS|SSL|UNABLE_TO|SELF_SIGNED/.test(cause.code ?? '') && cause.code !== 'ERR_SSL_WRONG_VERSION_NUMBER')
    return new DownloadError(problem({ where: url, expected: 'a trusted certificate', received: text }), {
      cause: error,
    })
  return new Interrupted(text, 0, { cause: error })
}
