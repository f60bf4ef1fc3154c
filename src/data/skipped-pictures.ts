// With `onError: 'skip'`: the pictures that were left out, and why.
import { FormatError } from '../errors.ts'
import { warn } from '../platform/warn.ts'
import type { Elements } from './concurrency.ts'

/** A picture that was left out, and why. */
export interface SkippedImage {
  readonly path: string
  readonly reason: string
}

/** The machine's want, not the file's fault: left out for it, good pictures would be missing. */
const machineCodes: readonly string[] = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']

export class SkippedPictures {
  readonly #reasons = new Map<string, string>()

  get list(): readonly SkippedImage[] {
    return [...this.#reasons].map(([path, reason]) => ({ path, reason }))
  }

  /** @throws the error, if it is not about the file. */
  note(path: string, error: unknown): void {
    const { code } = error as NodeJS.ErrnoException
    const ofTheFile = error instanceof FormatError || (typeof code === 'string' && !machineCodes.includes(code))
    if (!ofTheFile) throw error
    this.#reasons.set(path, (error as Error).message)
  }

  /** Says at the end of an iteration what it left out that none did before. */
  async *said<T>(elements: Elements<T>): Elements<T> {
    const before = this.#reasons.size
    yield* elements
    const found = [...this.#reasons.keys()].slice(before)
    if (found.length === 0) return
    const paths = `${found.slice(0, 5).join(', ')}${found.length > 5 ? ', …' : ''}`
    warn(`${found.length} pictures that cannot be read were left out: ${paths}`)
  }
}
