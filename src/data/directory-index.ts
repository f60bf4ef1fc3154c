// Which pictures lie under a folder, in Keras' order, and which labels their folders give them.
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ArgumentError, problem } from '../errors.ts'
import { isSystemError } from '../platform/opening.ts'

export const pictureExtensions = ['.bmp', '.gif', '.jpeg', '.jpg', '.png']

export interface IndexOptions {
  readonly labels?: 'inferred' | null | readonly number[]
  readonly classNames?: readonly string[]
  readonly followLinks?: boolean
}
export interface DirectoryIndex {
  readonly paths: string[]
  /** One for each path; all 0 without labels. */
  readonly labels: number[]
  readonly classNames: readonly string[]
}

/** @throws ArgumentError for a folder that cannot be read, unknown class names or a wrong number of labels. */
export async function indexDirectory(where: string, directory: string, options: IndexOptions): Promise<DirectoryIndex> {
  const { labels = 'inferred', followLinks = false } = options
  const folders = await classFolders(where, directory)
  if (labels !== 'inferred') {
    const paths = await walk(directory, followLinks)
    if (labels === null) return { paths, labels: paths.map(() => 0), classNames: [] }
    if (labels.length !== paths.length) {
      const expected = `one label for each of ${paths.length} files`
      throw new ArgumentError(problem({ where, expected, received: `${labels.length} labels` }))
    }
    const names = [...new Set(labels)].sort((a, b) => a - b).map(String)
    return { paths, labels: [...labels], classNames: names }
  }
  const { classNames = folders } = options
  const unknown = classNames.filter((name) => !folders.includes(name))
  if (unknown.length > 0 || new Set(classNames).size < classNames.length) {
    const expected = `classNames: different ones of the folders ${folders.join(', ')}`
    throw new ArgumentError(problem({ where, expected, received: unknown.length > 0 ? unknown : classNames }))
  }
  const paths: string[] = []
  const numbers: number[] = []
  for (const [index, name] of classNames.entries()) {
    for (const path of await walk(join(directory, name), followLinks)) {
      paths.push(path)
      numbers.push(index)
    }
  }
  return { paths, labels: numbers, classNames }
}

/** By code point, as Python sorts; JavaScript's own order is by UTF-16 unit. */
export function byCodePoint(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Folders, and links to folders, that are not hidden. */
async function classFolders(where: string, directory: string): Promise<string[]> {
  try {
    const folders: string[] = []
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(join(directory, entry.name)))))
        folders.push(entry.name)
    }
    return folders.sort(byCodePoint)
  } catch (error) {
    if (!isSystemError(error)) throw error
    const hints: Readonly<Record<string, string>> = { ENOENT: 'There is no such folder', ENOTDIR: 'It is a file' }
    const hint = hints[error.code] ?? error.message
    throw new ArgumentError(
      problem({ where, expected: 'a folder that can be read', received: resolve(directory), hint }),
      {
        cause: error,
      },
    )
  }
}

/** All pictures below a folder: folders sorted by path, names sorted within. Links that lead in a circle are followed once. */
async function walk(root: string, followLinks: boolean): Promise<string[]> {
  const folders = new Map<string, string[]>()
  const visit = async (folder: string, above: ReadonlySet<string>): Promise<void> => {
    const here = await realpath(folder)
    if (above.has(here)) return
    const names: string[] = []
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      const linked = entry.isSymbolicLink() && (await isFolder(path))
      if (entry.isDirectory() || (linked && followLinks)) await visit(path, new Set([...above, here]))
      else if (!linked && isPicture(entry.name)) names.push(entry.name)
    }
    folders.set(folder, names.sort(byCodePoint))
  }
  await visit(root, new Set())
  const sorted = [...folders].sort(([a], [b]) => byCodePoint(a, b))
  return sorted.flatMap(([folder, names]) => names.map((name) => join(folder, name)))
}

function isPicture(name: string): boolean {
  const lower = name.toLowerCase()
  return pictureExtensions.some((extension) => lower.endsWith(extension))
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false // a link to nothing
  }
}
