// What is fuzzed: a reader with a sound file and the ways to damage it.
export interface Target {
  readonly name: string
  /** All bytes stand under checksums: no damage can pass. */
  readonly sealed?: boolean
  /** Makes the sound file in `folder`; returns how the copy damaged by a seed is read. */
  prepare(folder: string): Promise<(seed: number) => Promise<void>>
}
