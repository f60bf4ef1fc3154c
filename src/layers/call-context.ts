// What a layer call hands to the calls inside it: the training flag, scoped to the call, and the names that make up a weight's path.

interface Frame {
  readonly layer: object
  /** Null while nobody has said anything. */
  readonly training: boolean | null
}

// Calls and builds are synchronous, so two plain stacks are enough.
const calls: Frame[] = []
const names: { readonly owner: object; readonly name: string }[] = []

/** The training flag of the innermost layer call; null outside of any, or if nobody has given one. */
export function enclosingTraining(): boolean | null {
  return calls.at(-1)?.training ?? null
}

/** True if no layer call is running: the next one is the entry. */
export function isEntryCall(): boolean {
  return calls.length === 0
}

/** Runs `body` as the inside of a call of `layer`. The former state returns with it, also after an error. */
export function withinCall<R>(layer: object, training: boolean | null, body: () => R): R {
  calls.push({ layer, training })
  try {
    return body()
  } finally {
    calls.pop()
  }
}

/** Runs `body` with `name` on the stack of name scopes, unless `owner` has just put it there. */
export function withinName<R>(owner: object, name: string, body: () => R): R {
  if (names.at(-1)?.owner === owner) return body()
  names.push({ owner, name })
  try {
    return body()
  } finally {
    names.pop()
  }
}

/** The open name scopes joined by `/`: what precedes a variable's name in its path. */
export function currentPath(): string {
  return names.map((scope) => scope.name).join('/')
}
