// A small cache that forgets what was not used for longest.

export class LruCache<T> {
  readonly #entries = new Map<string, T>()
  readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }
  get size(): number {
    return this.#entries.size
  }
  get(key: string): T | undefined {
    const entry = this.#entries.get(key)
    if (entry !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, entry)
    }
    return entry
  }
  set(key: string, entry: T): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size > this.capacity) this.#entries.delete(this.#entries.keys().next().value!)
  }
  values(): IterableIterator<T> {
    return this.#entries.values()
  }
}
