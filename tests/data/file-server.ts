// A local HTTP server for tests of downloads: one file, served well or badly.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

export interface Request {
  readonly method: string
  readonly path: string
  readonly range: string | undefined
  readonly ifRange: string | undefined
}
/** Answers one request; the default sends the file, or the range of it. */
export type Answer = (request: IncomingMessage, response: ServerResponse, server: FileServer) => void

/** Serves `content` at every path, with ranges, ETag and If-Range, unless `answers` has something for the next request. */
export class FileServer {
  content: Uint8Array
  etag: string | null = '"one"'
  /** Where the client keeps its unfinished files. */
  parts: string | null = null
  /** What the next requests get, in order; then the default. */
  answers: Answer[] = []
  readonly requests: Request[] = []
  readonly #server: Server
  private constructor(content: Uint8Array) {
    this.content = content
    this.#server = createServer((request, response) => {
      const { headers } = request
      this.requests.push({
        method: request.method ?? '',
        path: request.url ?? '',
        range: headers.range,
        ifRange: headers['if-range'] as string | undefined,
      })
      const answer = this.answers.shift() ?? send
      answer(request, response, this)
    })
  }
  static async start(content: Uint8Array): Promise<FileServer> {
    const made = new FileServer(content)
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve))
    return made
  }
  url(path = '/file.bin'): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`
  }
  /** Connections that clients have left open. */
  async connections(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    )
  }
  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

/** The whole file, or the range that was asked for. */
export const send: Answer = (request, response, { content, etag }) => {
  const headers: Record<string, string> = { 'accept-ranges': 'bytes', ...(etag === null ? {} : { etag }) }
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
  const ifRange = request.headers['if-range']
  const from = Number(range?.[1] ?? 0)
  if (range !== null && from >= content.length && (ifRange === undefined || ifRange === etag))
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
  else if (range !== null && (ifRange === undefined || ifRange === etag)) {
    headers['content-range'] = `bytes ${from}-${content.length - 1}/${content.length}`
    response.writeHead(206, { ...headers, 'content-length': content.length - from }).end(content.subarray(from))
  } else response.writeHead(200, { ...headers, 'content-length': content.length }).end(content)
}

/** The whole file, whatever was asked for. */
export const sendWhole: Answer = (_request, response, { content }) => {
  response.writeHead(200, { 'content-length': content.length }).end(content)
}

/**
 * Announces everything, sends `bytes` of it, and cuts the connection once they are on the client's disk: what a client has not read when a
 * connection breaks is lost, and how soon it reads is not in our hands.
 */
export const cutAfter =
  (bytes: number): Answer =>
  (request, response, server) => {
    const before = partsIn(server)
    const end = sendSome(request, response, server, bytes)
    const cutWhenThere = (): void => {
      const there = Object.entries(partsIn(server)).some(([name, { size, changed }]) => size >= end && changed !== before[name]?.changed)
      if (there) response.socket?.destroy()
      else if (!response.closed) setTimeout(cutWhenThere, 5)
    }
    cutWhenThere()
  } // prettier-ignore

/** Sends `bytes` and then nothing more. */
export const stallAfter =
  (bytes: number): Answer =>
  (request, response, server) => {
    sendSome(request, response, server, bytes)
  }

/** Sizes and times (nanoseconds) of the client's unfinished files. */
function partsIn({ parts }: FileServer): Record<string, { size: number; changed: bigint }> {
  if (parts === null) throw new Error('set server.parts to the folder of the downloads')
  const names = existsSync(parts) ? readdirSync(parts).filter((name) => name.endsWith('.part')) : []
  return Object.fromEntries(
    names.flatMap((name) => {
      const found = statSync(join(parts, name), { bigint: true, throwIfNoEntry: false })
      return found === undefined ? [] : [[name, { size: Number(found.size), changed: found.mtimeNs }]]
    }),
  )
}

/** @returns the size of the client's file when it has got them. */
function sendSome(
  request: IncomingMessage,
  response: ServerResponse,
  { content, etag }: FileServer,
  bytes: number,
): number {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const headers: Record<string, string | number> = {
    'content-length': content.length - from,
    ...(etag ? { etag } : {}),
  }
  if (from > 0) headers['content-range'] = `bytes ${from}-${content.length - 1}/${content.length}`
  response.writeHead(from > 0 ? 206 : 200, headers)
  response.write(content.subarray(from, from + bytes))
  return from + bytes
}

export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(code, headers).end('an explanation')
  }
