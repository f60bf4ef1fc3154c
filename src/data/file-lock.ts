// One writer for a file at a time, in this process and beside others: a lock file that its owner keeps fresh.
import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { wait } from '../platform/wait.ts'

export interface LockOptions {
  readonly signal?: AbortSignal
  /** Called once if somebody else holds the lock. */
  readonly onWait?: () => void
  /** A lock that was not refreshed for so long is taken over, in milliseconds. Default 30 seconds. */
  readonly staleAfter?: number
}

const pollEvery = 100

/**
 * Runs `work` while `path` exists as a lock file. Waits while somebody else holds it; a lock whose process is gone, or which was not
 * refreshed, is taken over. @throws AbortError while waiting.
 */
export async function withFileLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const { signal, onWait, staleAfter = 30_000 } = options
  await mkdir(dirname(path), { recursive: true })
  const own = JSON.stringify({ token: randomUUID(), pid: process.pid, host: hostname() })
  for (let waited = false; !(await create(path, own));) {
    const stale = await staleContent(path, staleAfter)
    if (stale !== null) await remove(path, stale)
    else {
      if (!waited) onWait?.()
      waited = true
      await wait(pollEvery, `waiting for ${path}`, signal)
    }
  }
  const refresh = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => undefined)
  }, staleAfter / 4)
  refresh.unref()
  try {
    return await work()
  } finally {
    clearInterval(refresh)
    // Somebody may have taken it over while this process was stopped.
    await remove(path, own)
  }
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx')
    try {
      await file.writeFile(content)
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** What an abandoned lock contains; null for one that is held, or gone. */
async function staleContent(path: string, staleAfter: number): Promise<string | null> {
  try {
    const [content, { mtimeMs }] = [await readFile(path, 'utf8'), await stat(path)]
    return Date.now() - mtimeMs > staleAfter || ownerIsGone(content) ? content : null
  } catch {
    return null
  }
}

function ownerIsGone(content: string): boolean {
  try {
    const { pid, host } = JSON.parse(content) as { pid: number; host: string }
    if (host !== hostname()) return false
    process.kill(pid, 0)
    return false
  } catch (error) {
    // Anything else, such as a lock that is being written, says nothing.
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Removes the lock if it still has this content: it is moved away first, because another may have replaced it meanwhile. */
async function remove(path: string, content: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  if ((await readFile(aside, 'utf8')) !== content) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}
