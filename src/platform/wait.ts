// Waiting that a caller can end.
import { AbortError } from '../errors.ts'

/** The error for work that `signal` ended. */
export function abortError(what: string, signal: AbortSignal): AbortError {
  return new AbortError(`${what} was aborted`, { cause: signal.reason })
}

/** Resolves after so many milliseconds. @throws AbortError as soon as `signal` is aborted. */
export async function wait(milliseconds: number, what: string, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) throw abortError(what, signal)
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(abortError(what, signal!))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
