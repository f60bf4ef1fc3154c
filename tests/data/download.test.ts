// Downloads against a local server that serves well, badly and not at all.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cacheFolder, download } from '../../src/data/index.ts'
import type { DownloadOptions, DownloadProgress, DownloadRecord } from '../../src/data/index.ts'
import { progressPrinter } from '../../src/data/download-progress.ts'
import { withFileLock } from '../../src/data/file-lock.ts'
import { AbortError, ArgumentError, DownloadError } from '../../src/errors.ts'
import { cutAfter, FileServer, send, sendWhole, stallAfter, status } from './file-server.ts'

const content = randomBytes(300_000)
const sha256 = createHash('sha256').update(content).digest('hex')
const md5 = createHash('md5').update(content).digest('hex')
let folder: string
let server: FileServer
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tanuki-download-'))
  server = await FileServer.start(content)
  server.parts = folder
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await server.stop()
  await rm(folder, { recursive: true })
})

const get = (record: Partial<DownloadRecord> = {}, options: DownloadOptions = {}): Promise<string> =>
  download({ url: record.url ?? server.url(), ...record }, { folder, onProgress: null, retryDelay: 1, ...options })
/** Everything came, and nothing else is left. */
async function expectWhole(path: string, bytes: Uint8Array = content): Promise<void> {
  expect(path).toBe(join(folder, 'file.bin'))
  expect((await readFile(path)).equals(bytes)).toBe(true)
  expect(await readdir(folder)).toEqual(['file.bin'])
}
const hashed = { sha256, bytes: content.length }

describe('a good server', () => {
  for (const [name, record] of Object.entries({ hashed, md5: { md5 }, size: { bytes: content.length }, nothing: {} }))
    test(`full, with ${name}; the second call does not ask again`, async () => {
      await expectWhole(await get(record))
      await expectWhole(await get(record))
      expect(server.requests.length).toBe(1)
    })
  test('an empty file', async () => {
    server.content = new Uint8Array()
    await expectWhole(await get(), server.content)
  })
  test('a redirect', async () => {
    server.answers = [status(302, { location: '/elsewhere' })]
    await expectWhole(await get(hashed))
    expect(server.requests.map(({ path }) => path)).toEqual(['/file.bin', '/elsewhere'])
  })
  test('a name of its own, and one from an encoded path', async () => {
    expect(await get({ fileName: 'mine.bin' })).toBe(join(folder, 'mine.bin'))
    expect(await get({ url: server.url('/a/two%20words.bin?x=1') })).toBe(join(folder, 'two words.bin'))
  })
  test('two at once: one request', async () => {
    const paths = await Promise.all([get(hashed), get(hashed), get(hashed)])
    await expectWhole(paths[0]!)
    expect(new Set(paths).size).toBe(1)
    expect(server.requests.length).toBe(1)
  })
  test('no connection stays open', async () => {
    await get(hashed)
    await vi.waitFor(async () => expect(await server.connections()).toBe(0))
  })
  test('progress ends with everything', async () => {
    const seen: DownloadProgress[] = []
    await get(hashed, { onProgress: (progress) => seen.push(progress) })
    expect(seen[0]).toMatchObject({ received: 0, total: content.length, done: false })
    expect(seen.at(-1)).toMatchObject({
      received: content.length,
      total: content.length,
      done: true,
      url: server.url(),
    })
  })
})

describe('resuming', () => {
  test('a cut connection is continued where it ended', async () => {
    server.answers = [cutAfter(100_000), cutAfter(50_000)]
    await expectWhole(await get(hashed))
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-', 'bytes=150000-'])
    expect(server.requests.map(({ ifRange }) => ifRange)).toEqual([undefined, '"one"', '"one"'])
  })
  test('a later call continues what an earlier one had to leave', async () => {
    server.answers = [cutAfter(100_000)]
    await expect(get(hashed, { retries: 0 })).resolves.toBeDefined()
    await rm(join(folder, 'file.bin'))
    server.answers = [cutAfter(100_000), status(503), status(503)]
    await expect(get(hashed, { retries: 1 })).rejects.toThrow(/503.*Call again/)
    expect((await readdir(folder)).sort()).toEqual(['file.bin.part', 'file.bin.part.json'])
    server.requests.length = 0
    await expectWhole(await get(hashed))
    expect(server.requests.map(({ range }) => range)).toEqual(['bytes=100000-'])
  })
  test('a server that ignores ranges sends everything again', async () => {
    server.answers = [cutAfter(100_000), sendWhole]
    await expectWhole(await get(hashed))
  })
  test('a file that changed meanwhile is begun anew (If-Range)', async () => {
    const changed = randomBytes(250_000)
    server.answers = [
      cutAfter(100_000),
      (request, response, own) => {
        own.content = changed
        own.etag = '"two"'
        send(request, response, own)
      },
    ]
    await expectWhole(await get(), changed)
  })
  test('without ETag or date, only a file with a hash is continued', async () => {
    server.etag = null
    server.answers = [cutAfter(100_000)]
    await expectWhole(await get())
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, undefined])
    await rm(join(folder, 'file.bin'))
    server.requests.length = 0
    server.answers = [cutAfter(100_000)]
    await expectWhole(await get(hashed))
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-'])
  })
  test('pieces of two versions are thrown away and fetched whole once', async () => {
    server.etag = null
    const target = join(folder, 'file.bin')
    await writeFile(`${target}.part`, randomBytes(100_000))
    await writeFile(`${target}.part.json`, JSON.stringify({ url: server.url(), validator: null }))
    await expectWhole(await get(hashed))
    expect(server.requests.map(({ range }) => range)).toEqual(['bytes=100000-', undefined])
  })
  test('a part that is longer than the file is begun anew', async () => {
    const target = join(folder, 'file.bin')
    await writeFile(`${target}.part`, randomBytes(400_000))
    await writeFile(`${target}.part.json`, JSON.stringify({ url: server.url(), validator: '"one"' }))
    await expectWhole(await get())
  })
  test('a part of another address, and one without its note, are begun anew', async () => {
    const target = join(folder, 'file.bin')
    await writeFile(`${target}.part`, randomBytes(1000))
    await writeFile(`${target}.part.json`, JSON.stringify({ url: 'http://elsewhere/file.bin', validator: '"one"' }))
    await expectWhole(await get(hashed))
    expect(server.requests[0]!.range).toBe(undefined)
    await rm(target)
    await writeFile(`${target}.part`, randomBytes(1000))
    await writeFile(`${target}.part.json`, '{"url"')
    await expectWhole(await get(hashed))
  })
  test('a range that was not asked for is not put into the file', async () => {
    server.answers = [
      cutAfter(100_000),
      (_request, response, { content: all }) =>
        response
          .writeHead(206, { 'content-range': `bytes 50000-${all.length - 1}/${all.length}` })
          .end(all.subarray(50_000)),
    ]
    await expectWhole(await get())
  })
})

describe('a bad server', () => {
  test('silence ends a connection, which is continued', async () => {
    server.answers = [stallAfter(100_000)]
    await expectWhole(await get(hashed, { silence: 1500 }))
    expect(server.requests[1]!.range).toBe('bytes=100000-')
  })
  test('silence before the answer', async () => {
    server.answers = [() => undefined, () => undefined]
    await expect(get(hashed, { silence: 200, retries: 1 })).rejects.toThrow(DownloadError)
  })
  test('404 is final, 500 is tried again', async () => {
    server.answers = [status(404)]
    await expect(get(hashed)).rejects.toThrow(/404/)
    expect(server.requests.length).toBe(1)
    server.answers = [status(500), status(503, { 'retry-after': '0' }), status(429)]
    await expectWhole(await get(hashed))
    expect(server.requests.length).toBe(5)
  })
  test('nobody listens', async () => {
    const url = server.url()
    await server.stop()
    await expect(get({ url }, { retries: 2 })).rejects.toThrow(/ECONNREFUSED.*3 tries/)
    server = await FileServer.start(content)
  })
  test('a redirect in circles', async () => {
    server.answers = Array.from({ length: 50 }, () => status(302, { location: '/file.bin' }))
    await expect(get(hashed, { retries: 0 })).rejects.toThrow(DownloadError)
  })
  test('a wrong hash names both, and leaves nothing', async () => {
    const wrong = 'ab'.repeat(32)
    await expect(get({ sha256: wrong })).rejects.toThrow(wrong)
    await expect(get({ sha256: wrong })).rejects.toThrow(sha256)
    await expect(get({ md5: 'ab'.repeat(16) })).rejects.toThrow(md5)
    expect(await readdir(folder)).toEqual([])
  })
  test('a wrong length is refused before the body', async () => {
    await expect(get({ bytes: 5 })).rejects.toThrow(/5 bytes.*300000 bytes/)
  })
  test('a body without a length that never seems to end stops at the limit', async () => {
    const endless = (
      _request: unknown,
      response: { write(bytes: Uint8Array, then: () => void): void; destroyed: boolean },
    ) => {
      const more = (): void => {
        if (!response.destroyed) response.write(content, more)
      }
      more()
    }
    server.answers = [endless, endless]
    await expect(get({}, { maxBytes: 1e6 })).rejects.toThrow(/at most 1000000 bytes/)
    await expect(get({ bytes: 400_000 })).rejects.toThrow(/at most 400000 bytes/)
    server.answers = []
    await expect(get({}, { maxBytes: 1000 })).rejects.toThrow(/maxBytes/)
  })
  test('a body that ends too early without saying so', async () => {
    server.answers = Array.from({ length: 2 }, () => (_request, response) => {
      response.writeHead(200, { connection: 'close' })
      response.end(content.subarray(0, 1000))
    }) as FileServer['answers']
    await expect(get({ bytes: content.length }, { retries: 0 })).rejects.toThrow()
  })
})

describe('the disk', () => {
  test('a full disk is an error that says so; the part is continued later', async () => {
    const probe = await open(join(folder, 'probe'), 'w')
    const prototype = Object.getPrototypeOf(probe) as typeof probe
    await probe.close()
    await rm(join(folder, 'probe'))
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the handle as `this`
    const real = prototype.write as (...args: unknown[]) => Promise<{ bytesWritten: number; buffer: Uint8Array }>
    let room = 100_000
    vi.spyOn(prototype, 'write').mockImplementation(async function (this: unknown, ...args: unknown[]) {
      const length = Math.min(room, args[2] as number)
      if (length === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
      room -= length
      return real.call(this, args[0], args[1], length, args[3])
    } as never)
    await expect(get(hashed)).rejects.toThrow(/ENOSPC.*Make room.*continued/)
    room = Infinity
    await expectWhole(await get(hashed))
    expect(server.requests[1]!.range).toBe('bytes=100000-')
  })
  test('a file that can never fit is refused before it begins', async () => {
    await expect(get({ bytes: 2 ** 52 }, { maxBytes: Infinity })).rejects.toThrow(/free space/)
    expect(server.requests.length).toBe(0)
  })
  test('a folder that is a file', async () => {
    await writeFile(join(folder, 'taken'), '')
    await expect(get(hashed, { folder: join(folder, 'taken') })).rejects.toThrow(DownloadError)
  })
  test('an existing file with the wrong hash or size is moved aside, never used', async () => {
    const target = join(folder, 'file.bin')
    await writeFile(target, 'something else')
    await expect(get(hashed)).rejects.toThrow(/300000 bytes.*14 bytes.*rejected/)
    await writeFile(target, 'something else')
    const found = createHash('sha256').update('something else').digest('hex')
    await expect(get({ sha256 })).rejects.toThrow(found)
    expect(await readFile(`${target}.rejected`, 'utf8')).toBe('something else')
    await rm(`${target}.rejected`)
    await expectWhole(await get(hashed))
  })
})

describe('choices of the caller', () => {
  test('offline: the file if it is there, else where to put it', async () => {
    await expect(get(hashed, { offline: true })).rejects.toThrow(/file\.bin.*Put the file from http/)
    vi.stubEnv('TANUKI_OFFLINE', '1')
    await expect(get(hashed)).rejects.toThrow(DownloadError)
    await expectWhole(await get(hashed, { offline: false }))
    await expectWhole(await get(hashed))
  })
  test('an abort stops at once, keeps the part, frees the lock', async () => {
    const controller = new AbortController()
    server.answers = [stallAfter(100_000)]
    const onProgress = ({ received }: DownloadProgress): void => {
      if (received >= 100_000) controller.abort(new Error('enough'))
    }
    await expect(get(hashed, { signal: controller.signal, onProgress })).rejects.toThrow(AbortError)
    expect((await readdir(folder)).sort()).toEqual(['file.bin.part', 'file.bin.part.json'])
    await vi.waitFor(async () => expect(await server.connections()).toBe(0))
    await expectWhole(await get(hashed))
    expect(server.requests[1]!.range).toBe('bytes=100000-')
  })
  test('an abort between two tries, and before the first', async () => {
    const controller = new AbortController()
    server.answers = [status(503)]
    setTimeout(() => controller.abort(), 50)
    await expect(get(hashed, { signal: controller.signal, retryDelay: 60_000 })).rejects.toThrow(AbortError)
    await expect(get(hashed, { signal: controller.signal })).rejects.toThrow(AbortError)
  })
  test('wrong records', async () => {
    for (const record of [{ url: 'nonsense' }, { url: 'file:///etc/passwd' }, { sha256: 'abc' }, { bytes: -1 }])
      await expect(get(record)).rejects.toThrow(ArgumentError)
    for (const fileName of ['../up', 'a/b', 'a\\b', '', '.', 'c:x'])
      await expect(get({ fileName })).rejects.toThrow(ArgumentError)
    await expect(get({ url: server.url('/') })).rejects.toThrow(ArgumentError)
  })
  test('the cache folder', async () => {
    vi.stubEnv('TANUKI_CACHE', folder)
    expect(cacheFolder()).toBe(folder)
    const path = await download({ url: server.url(), ...hashed }, { onProgress: null })
    expect(path).toBe(join(folder, 'downloads', 'file.bin'))
    vi.stubEnv('TANUKI_CACHE', undefined)
    expect(cacheFolder()).toMatch(/tanuki/)
  })
  test('a proxy of the environment is used', async () => {
    const proxy = (address: string): void => {
      for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, address)
      for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '')
    }
    proxy(server.url('/'))
    await expectWhole(await get({ url: 'http://files.example/file.bin', ...hashed }))
    expect(server.requests[0]!.path).toBe('http://files.example/file.bin')
    // One that takes the connection and then says nothing.
    const silent = createServer((socket) => void socket.resume())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    proxy(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`)
    const tunnelled = get({ url: 'https://files.example/other.bin', ...hashed }, { retries: 0, silence: 200 })
    await expect(tunnelled).rejects.toThrow(/nothing came for 200 ms/)
    await new Promise((resolve) => silent.close(resolve))
  })
})

describe('locks', () => {
  test('a lock of a process that is gone is taken over', async () => {
    await writeFile(join(folder, 'file.bin.lock'), JSON.stringify({ token: 'x', pid: 2 ** 22 + 1, host: hostname() }))
    await expectWhole(await get(hashed))
  })
  test('a lock that nobody refreshes is taken over, a fresh one is waited for', async () => {
    const path = join(folder, 'x.lock')
    await writeFile(path, JSON.stringify({ token: 'x', pid: 1, host: 'elsewhere' }))
    let waited = 0
    const onWait = (): void => void waited++
    expect(await withFileLock(path, { staleAfter: 300, onWait }, async () => existsSync(path))).toBe(true)
    expect([waited, existsSync(path)]).toEqual([1, false])
  })
  test('one at a time, also when the work fails', async () => {
    const path = join(folder, 'x.lock')
    let [inside, most] = [0, 0]
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 5))
      inside--
      throw new Error('broken')
    }
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => withFileLock(path, {}, work)))
    expect(results.map(({ status: outcome }) => outcome)).toEqual(Array.from({ length: 4 }, () => 'rejected'))
    expect(most).toBe(1)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('progress', () => {
  const state = { url: 'u', received: 5e6, total: 20e6, speed: 1e6, remaining: 15, done: false }
  const lines = (isTTY: boolean, states: DownloadProgress[]): string[] => {
    const out: string[] = []
    const print = progressPrinter('cats.zip', { write: (text) => out.push(text), isTTY, columns: 60 })
    states.forEach(print)
    return out
  }
  test('a line with the time that is left in a terminal', () => {
    const [first, ...rest] = lines(true, [state, state, { ...state, received: 20e6, remaining: 0, done: true }])
    expect(first).toBe('\r\x1b[Kcats.zip: 5.0 MB of 20.0 MB (25 %), 1.0 MB/s, 15 s left')
    expect(rest).toEqual(['\r\x1b[Kcats.zip: 20.0 MB of 20.0 MB (100 %), 1.0 MB/s\n'])
  })
  test('a line at every tenth elsewhere', () => {
    const states = Array.from({ length: 41 }, (_, i) => ({ ...state, received: i * 5e5, done: i === 40 }))
    expect(lines(false, states).length).toBe(11)
    const unknown = lines(false, [{ ...state, total: null, remaining: null }])
    expect(unknown).toEqual(['cats.zip: 5.0 MB, 1.0 MB/s\n'])
  })
})
