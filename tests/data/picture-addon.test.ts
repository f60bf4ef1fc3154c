// Reading files by the addon: what cannot be read is told as Node tells it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPicture } from '../../src/data/picture-addon.ts'

test('bytes, an empty file, what is missing, a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tanuki-read-'))
  try {
    const path = join(folder, 'ü x.bin')
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256)
    await writeFile(path, bytes)
    expect(Buffer.compare(await readPicture(path), bytes)).toBe(0)
    await writeFile(path, '')
    expect((await readPicture(path)).length).toBe(0)
    await expect(readPicture(join(folder, 'nothing'))).rejects.toThrow(/ENOENT.*nothing/)
    await expect(readPicture(folder)).rejects.toThrow(/EISDIR/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
