// Asks V8 for a collection of young objects: a fraction of a millisecond, where a full one takes tens.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { type: 'minor' }) => void
let collect: Collect | undefined

/**
 * For memory that JavaScript does not see: the collector starts by itself when its own heap has grown, and by the weight that it is told it can
 * only start full collections. Without effect where the runtime has no such function.
 */
export function collectYoung(): void {
  collect ??= find()
  collect({ type: 'minor' })
}

function find(): Collect {
  try {
    // The flag is read when a context is made; contexts made later do not have the function.
    setFlagsFromString('--expose-gc')
    const found: unknown = runInNewContext('gc')
    setFlagsFromString('--no-expose-gc')
    if (typeof found === 'function') return found as Collect
  } catch {
    // Another runtime.
  }
  return () => undefined
}
