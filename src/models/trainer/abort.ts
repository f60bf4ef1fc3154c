// Ending a run at the caller's wish.
import { AbortError } from '../../errors.ts'

/** @throws AbortError with the signal's reason as its cause. */
export function throwIfAborted(where: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new AbortError(`${where}: aborted by its signal`, { cause: signal.reason })
}
