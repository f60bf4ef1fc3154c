// Failures of the system with files and folders, told as errors that say which path, what asked for it and what to do.
import { resolve } from 'node:path'
import { ArgumentError, problem } from '../errors.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file',
  EISDIR: 'It is a folder',
  ENOTDIR: 'A part of it is a file, not a folder',
  EEXIST: 'A part of it is a file, not a folder',
  EACCES: 'It may not be opened by this user',
  EPERM: 'It may not be opened by this user',
}

/**
 * Runs `work`. @throws ArgumentError that names `where` and `path` in place of the system's error; other errors as they are.
 * @param purpose What the file is opened for.
 */
export async function opening<T>(
  where: string,
  path: string,
  purpose: 'read' | 'written',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isSystemError(error)) throw error
    // What is written is not there before.
    const reason = purpose === 'written' && error.code === 'ENOENT' ? undefined : reasons[error.code]
    const hint = reason ?? error.message
    const expected = `the path of a file that can be ${purpose}`
    throw new ArgumentError(problem({ where, expected, received: resolve(path), hint }), { cause: error })
  }
}

/** True for errors of system calls, such as that there is no such file. */
export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  return error instanceof Error && typeof code === 'string' && typeof syscall === 'string'
}
