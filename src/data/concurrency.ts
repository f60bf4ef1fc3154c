// Running ahead of the consumer, in order and within bounds; leaving early stops every producer.

export type Elements<T> = AsyncGenerator<T, void, undefined>

/**
 * Applies `transform` with up to `parallel` calls under way or waiting to be taken; results keep the order of the elements.
 * An error, of the source too, comes in its turn: after the results of the elements before it.
 */
export async function* mapOrdered<T, R>(
  elements: Elements<T>,
  transform: (element: T) => Promise<R>,
  parallel: number,
): Elements<R> {
  const pending: Promise<R>[] = []
  let ended = false
  const pull = async (): Promise<void> => {
    try {
      const next = await elements.next()
      if (next.done) ended = true
      else pending.push(handled(transform(next.value)))
    } catch (error) {
      ended = true
      pending.push(handled(Promise.reject(error as Error)))
    }
  }
  try {
    for (;;) {
      while (!ended && pending.length < parallel) await pull()
      if (pending.length === 0) return
      yield await pending.shift()!
    }
  } finally {
    await Promise.allSettled(pending)
    await elements.return()
  }
}

/** As mapOrdered, but results come as they are ready. */
export async function* mapUnordered<T, R>(
  elements: Elements<T>,
  transform: (element: T) => Promise<R>,
  parallel: number,
): Elements<R> {
  interface Outcome {
    readonly self: Promise<Outcome>
    readonly result: R
  }
  const pending = new Set<Promise<Outcome>>()
  let ended = false
  try {
    for (;;) {
      while (!ended && pending.size < parallel) {
        const next = await elements.next()
        if (next.done) ended = true
        else {
          const self: Promise<Outcome> = handled(transform(next.value).then((result) => ({ self, result })))
          pending.add(self)
        }
      }
      if (pending.size === 0) return
      const { self, result } = await Promise.race(pending)
      pending.delete(self)
      yield result
    }
  } finally {
    await Promise.allSettled(pending)
    await elements.return()
  }
}

/** A failure is reported in its turn, not as an unhandled rejection meanwhile. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

/** Pulls up to `size` elements before they are asked for. */
export async function* prefetched<T>(elements: Elements<T>, size: number): Elements<T> {
  if (size < 1) {
    yield* elements
    return
  }
  const ready: Promise<IteratorResult<T, void>>[] = []
  // One pull at a time: the next element may depend on the one before.
  let last: Promise<unknown> = Promise.resolve()
  let stopped = false
  const pull = (): void => {
    const next = last.then(async (): Promise<IteratorResult<T, void>> => {
      if (stopped) return { done: true, value: undefined }
      const result = await elements.next().catch((error: unknown) => {
        stopped = true
        throw error
      })
      stopped ||= result.done === true
      return result
    })
    last = next.catch(() => undefined)
    ready.push(handled(next))
  }
  try {
    while (ready.length < size) pull()
    for (;;) {
      const result = await ready.shift()!
      if (result.done) return
      pull()
      yield result.value
    }
  } finally {
    // What has not begun yet is not produced any more.
    stopped = true
    await Promise.allSettled(ready)
    await elements.return()
  }
}
