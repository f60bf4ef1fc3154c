// Writing files so that a reader sees the old content or the new one, never half of it.
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Writes to a temporary sibling, syncs it to the disk and renames it over `path`. Makes the folder if it is missing. */
export async function writeFileAtomic(path: string, data: Uint8Array | string): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  // Short enough beside a name of the greatest length.
  const temporary = join(
    folder,
    `.${basename(path).slice(0, 40)}.${process.pid}.${randomBytes(4).toString('hex')}.part`,
  )
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
