// What the methods of Dataset do to a running iteration: generators over generators, which end with their consumer.
import { abortError } from '../platform/wait.ts'
import { tensor } from '../ops/index.ts'
import type { Tensor } from '../ops/index.ts'
import type { Elements } from './concurrency.ts'
import { refuseResult } from './dataset-arguments.ts'
import type { Element } from './structure.ts'
import { unstack } from './structure.ts'

/** Starts an iteration over something. */
type Start<T> = () => Elements<T>

/** Groups of `size` elements; the last may be smaller. */
export async function* grouped<T>(elements: Elements<T>, size: number, dropRemainder: boolean): Elements<T[]> {
  let group: T[] = []
  for await (const element of elements) {
    group.push(element)
    if (group.length === size) {
      yield group
      group = []
    }
  }
  if (group.length > 0 && !dropRemainder) yield group
}

export interface WindowOptions {
  readonly size: number
  /** How many elements the next window begins later. */
  readonly shift: number
  /** Distance of the elements within a window. */
  readonly stride: number
  readonly dropRemainder: boolean
}

/** Windows that may overlap. Those at the end that are not full are kept unless `dropRemainder`. */
export async function* windows<T>(
  elements: Elements<T>,
  { size, shift, stride, dropRemainder }: WindowOptions,
): Elements<T[]> {
  const span = (size - 1) * stride + 1
  let buffer: T[] = []
  // Elements between two windows, if they lie apart.
  let skipping = 0
  const taken = (): T[] => buffer.slice(0, span).filter((_, i) => i % stride === 0)
  for await (const element of elements) {
    if (skipping > 0) {
      skipping--
      continue
    }
    buffer.push(element)
    if (buffer.length < span) continue
    yield taken()
    skipping = Math.max(0, shift - buffer.length)
    buffer = buffer.slice(shift)
  }
  for (; buffer.length > 0 && !dropRemainder; buffer = buffer.slice(shift)) yield taken()
}

export async function* unbatched(elements: Elements<Element>): Elements<Element> {
  for await (const element of elements) yield* await unstack(element)
}

export async function* numbered<T>(elements: Elements<T>, start: number): Elements<[Tensor, T]> {
  let i = start
  for await (const element of elements) yield [tensor(i++, { dtype: 'int32' }), element]
}

/** A buffer of `size` elements; a random one of them goes out, and the next comes in its place. */
export async function* shuffled<T>(
  elements: Elements<T>,
  size: number,
  random: { int(n: number): number },
): Elements<T> {
  const buffer: T[] = []
  for await (const element of elements) {
    if (buffer.length < size) {
      buffer.push(element)
      continue
    }
    const slot = random.int(size)
    const chosen = buffer[slot]!
    buffer[slot] = element
    yield chosen
  }
  while (buffer.length > 0) {
    const slot = random.int(buffer.length)
    const chosen = buffer[slot]!
    buffer[slot] = buffer[buffer.length - 1]!
    buffer.pop()
    yield chosen
  }
}

/** One iteration after the other; for ever if `count` is negative, though not over nothing. */
export async function* repeated<T>(start: Start<T>, count: number): Elements<T> {
  for (let i = 0; count < 0 || i < count; i++) {
    let empty = true
    for await (const element of start()) {
      empty = false
      yield element
    }
    if (empty && count < 0) return
  }
}

export async function* limited<T>(elements: Elements<T>, count: number): Elements<T> {
  if (count === 0) return
  let taken = 0
  for await (const element of elements) {
    taken++
    yield element
    if (taken === count) return
  }
}

/** The elements whose running number is wanted. */
export async function* chosen<T>(elements: Elements<T>, wanted: (index: number) => boolean): Elements<T> {
  let index = 0
  for await (const element of elements) if (wanted(index++)) yield element
}

/**
 * TensorFlow's InterleaveDataset: of `cycleLength` open iterations each gives up to `blockLength` elements in turn; one that has
 * ended gives its place to the next when the turn comes to it again.
 */
export async function* interleaved<S, T>(
  sources: Elements<S>,
  open: (source: S) => Promise<Elements<T>>,
  cycleLength: number,
  blockLength: number,
): Elements<T> {
  const slots: (Elements<T> | null)[] = Array.from({ length: cycleLength }, () => null)
  let ended = false
  let slot = 0
  try {
    while (!ended || slots.some((running) => running !== null)) {
      let running = slots[slot] ?? null
      if (running === null && !ended) {
        const next = await sources.next()
        if (next.done) ended = true
        else running = slots[slot] = await open(next.value)
      }
      for (let i = 0; running !== null && i < blockLength; i++) {
        const next = await running.next()
        if (next.done) running = slots[slot] = null
        else yield next.value
      }
      slot = (slot + 1) % cycleLength
    }
  } finally {
    await Promise.all(slots.map(async (running) => running?.return()))
    await sources.return()
  }
}

/** A user's iterable, whose next element may be long in coming: an abort does not wait for it. */
export async function* fromUser<T>(source: Iterable<T> | AsyncIterable<T>, signal?: AbortSignal): Elements<T> {
  if (signal === undefined || !(Symbol.asyncIterator in source)) {
    yield* source
    return
  }
  const iterator = source[Symbol.asyncIterator]()
  let stop: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortError('the iteration over a dataset', signal))
    signal.addEventListener('abort', stop, { once: true })
  })
  aborted.catch(() => undefined)
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted])
      if (next.done) return
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', stop)
    // A generator that waits for ever also returns only then.
    const returned = iterator.return?.()
    if (signal.aborted) returned?.catch(() => undefined)
    else await returned
  }
}

/** The elements before the first that is not wanted. */
export async function* whileWanted<T>(elements: Elements<T>, wanted: (element: T) => Promise<boolean>): Elements<T> {
  for await (const element of elements) {
    if (!(await wanted(element))) return
    yield element
  }
}

/** What `step` makes of a state that is handed on and of each element. */
export async function* scanned<T, S, R>(
  elements: Elements<T>,
  initial: S,
  step: (state: S, element: T) => readonly [S, R] | Promise<readonly [S, R]>,
): Elements<R> {
  let state = initial
  for await (const element of elements) {
    const pair: unknown = await step(state, element)
    if (!Array.isArray(pair) || pair.length !== 2) refuseResult('scan', '[state, element]', pair)
    const [next, result] = pair as [S, R]
    state = next
    yield result
  }
}

/** Elements whose content (shapes, dtypes and values) was not seen before. */
export async function* distinct<T>(elements: Elements<T>, contentOf: (element: T) => Promise<string>): Elements<T> {
  const seen = new Set<string>()
  for await (const element of elements) {
    const content = await contentOf(element)
    if (seen.has(content)) continue
    seen.add(content)
    yield element
  }
}

/** Tuples of one element of each; ends with the shortest. */
export async function* zipped<T>(iterations: readonly Elements<T>[]): Elements<T[]> {
  try {
    for (;;) {
      const results = await Promise.all(iterations.map((iteration) => iteration.next()))
      if (results.some((result) => result.done)) return
      yield results.map((result) => result.value as T)
    }
  } finally {
    await Promise.all(iterations.map((iteration) => iteration.return()))
  }
}
