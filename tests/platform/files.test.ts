// Atomic writing: the old content or the new one, never half of it, and nothing left behind.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { writeFileAtomic } from '../../src/platform/files.ts'

/** How the next writes fail: while the bytes are written, or while they are synced. */
const failure = vi.hoisted(() => ({ at: null as null | 'write' | 'sync' | 'rename' }))
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  return {
    ...real,
    rename: async (from: string, to: string) => {
      if (failure.at === 'rename') throw new Error('no rename')
      return real.rename(from, to)
    },
    open: async (path: string, flags: string) => {
      const handle = await real.open(path, flags)
      const write = handle.writeFile.bind(handle)
      if (failure.at === 'write')
        handle.writeFile = async () => {
          await write('half')
          throw new Error('disk full')
        }
      if (failure.at === 'sync') handle.sync = () => Promise.reject(new Error('no sync'))
      return handle
    },
  }
})

let folder = ''
beforeEach(async () => {
  failure.at = null
  folder = await mkdtemp(join(tmpdir(), 'tanuki-files-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('writes text and bytes, replaces, and makes folders', async () => {
  const path = join(folder, 'a', 'b', 'x.bin')
  await writeFileAtomic(path, 'grüße')
  expect(await readFile(path, 'utf8')).toBe('grüße')
  await writeFileAtomic(path, Uint8Array.of(1, 2, 3).subarray(1))
  expect([...(await readFile(path))]).toEqual([2, 3])
  expect(await readdir(join(folder, 'a', 'b'))).toEqual(['x.bin'])
})

for (const at of ['write', 'sync', 'rename'] as const)
  test(`a failing ${at} leaves the old content and no temporary file`, async () => {
    const path = join(folder, 'x.txt')
    await writeFile(path, 'old')
    failure.at = at
    await expect(writeFileAtomic(path, 'new content')).rejects.toThrow(/disk full|no sync|no rename/)
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['x.txt'])
  })

test('a failing first write leaves no file at all', async () => {
  failure.at = 'write'
  await expect(writeFileAtomic(join(folder, 'x.txt'), 'new')).rejects.toThrow('disk full')
  expect(await readdir(folder)).toEqual([])
})

test('a folder in the way is left alone', async () => {
  await mkdir(join(folder, 'x'))
  await expect(writeFileAtomic(join(folder, 'x'), 'new')).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['x'])
})

test('a name of the greatest length', async () => {
  const path = join(folder, 'n'.repeat(255))
  await writeFileAtomic(path, 'new')
  expect(await readFile(path, 'utf8')).toBe('new')
})

test('many writers at once: one of them wins as a whole', async () => {
  const path = join(folder, 'x.txt')
  const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(1000))
  await Promise.all(texts.map((text) => writeFileAtomic(path, text)))
  expect(texts).toContain(await readFile(path, 'utf8'))
  expect(await readdir(folder)).toEqual(['x.txt'])
})
