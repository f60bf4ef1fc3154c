// Running ahead of the consumer, in order and within bounds; leaving early stops every producer.

type Elements<T> = AsyncGenerator<T, void, undefined>

/** Applies `transform` with up to `parallel` calls under way; results keep the order of the elements. */
export async function* mapOrdered<T, R>(elements: Elements<T>, transform: (element: T) => Promise<R>, parallel: number): Elements<R> {
  const pending: Promise<R>[] = []
  try {
    for await (const element of elements) {
      const result = transform(element)
      // A failure is reported in its turn, not as an unhandled rejection meanwhile.
      result.catch(() => undefined)
      pending.push(result)
      if (pending.length >= Math.max(1, parallel)) yield await pending.shift()!
    }
    while (pending.length > 0) yield await pending.shift()!
  } finally {
    await Promise.allSettled(pending)
  }
}

/** Pulls up to `size` elements before they are asked for. */
export async function* prefetched<T>(elements: Elements<T>, size: number): Elements<T> {
  if (size < 1) {
    yield* elements
    return
  }
  const ready: Promise<IteratorResult<T, void>>[] = []
  // One pull at a time: the source is a generator.
  let last: Promise<unknown> = Promise.resolve()
  let ended = false
  const pull = (): void => {
    const next = last.then(() => elements.next())
    next.then(
      (result) => (ended ||= result.done === true),
      () => (ended = true),
    )
    last = next.catch(() => undefined)
    ready.push(next)
  }
  try {
    while (ready.length < size) pull()
    for (;;) {
      const result = await ready.shift()!
      if (result.done) return
      if (!ended) pull()
      yield result.value
      if (ready.length === 0) pull()
    }
  } finally {
    await Promise.allSettled(ready)
    await elements.return()
  }
}
