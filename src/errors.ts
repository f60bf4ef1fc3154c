// The errors that Tanuki throws, and the one helper that words them.

/** Base class of every error thrown on purpose by Tanuki. */
export class TanukiError extends Error {
  override name = 'TanukiError'
}
/** A tensor, weight or argument has a shape that does not fit. */
export class ShapeError extends TanukiError {
  override name = 'ShapeError'
}
/** An argument has a wrong value or type, or a method was called in the wrong state. */
export class ArgumentError extends TanukiError {
  override name = 'ArgumentError'
}
/** Bytes of a file or stream are not what their format demands. */
export class FormatError extends TanukiError {
  override name = 'FormatError'
}
/** A download failed, or what came is not what was promised. */
export class DownloadError extends TanukiError {
  override name = 'DownloadError'
}
/** A compute engine could not be loaded, or failed while planning or running. */
export class EngineError extends TanukiError {
  override name = 'EngineError'
}
/** The caller's AbortSignal ended the work. */
export class AbortError extends TanukiError {
  override name = 'AbortError'
}

export interface ProblemParts {
  /** Who speaks: a public function, a layer with its name, or a file. */
  where: string
  /** What was expected. */
  expected: string
  /** What came instead. */
  received: unknown
  /** What to do about it. */
  hint?: string
}

/**
 * Words a problem the one way Tanuki words them: `where: expected …, received …. hint`.
 * Long values are cut, so that a wrong argument cannot flood the terminal. A Promise is advised to be awaited.
 */
export function problem({ where, expected, received, hint }: ProblemParts): string {
  const advice = received instanceof Promise ? 'Put `await` before what gives it' : hint
  const tail = advice === undefined ? '' : ` ${/[.?!]$/.test(advice) ? advice : `${advice}.`}`
  return `${where}: expected ${expected}, received ${show(received)}.${tail}`
}

function show(value: unknown): string {
  const text = describe(value, 0)
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}

function describe(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') {
    const isClass = /^class\b/.test(Function.prototype.toString.call(value))
    return `${isClass ? 'the class' : 'function'} ${value.name || '(anonymous)'}`
  }
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? `${value}n` : String(value)
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`
  if (Array.isArray(value)) return depth > 3 ? '[...]' : `[${listed(value, (item) => describe(item, depth + 1))}]`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return describeInstance(value)
  if (depth > 3) return '{...}'
  return `{${listed(Object.entries(value), ([key, item]) => `${JSON.stringify(key)}:${describe(item, depth + 1)}`)}}`
}

/** The first items; the text is cut anyway. */
function listed<T>(items: readonly T[], one: (item: T) => string): string {
  return items.slice(0, 100).map(one).join(',')
}

/** `a Dense named "dense_1"`, `a Tensor of shape (2, 3)`; no more, since reading further properties could fail. */
function describeInstance(value: object): string {
  const { name, shape } = value as { name?: unknown; shape?: unknown }
  const kind = (value.constructor as { name?: string } | undefined)?.name
  const what = kind === undefined || kind === '' ? 'an object' : `${/^[AEIO]/.test(kind) ? 'an' : 'a'} ${kind}`
  if (Array.isArray(shape)) {
    const dims = shape.map((dim) => (dim === null ? 'None' : String(dim)))
    return `${what} of shape (${dims.join(', ')}${dims.length === 1 ? ',' : ''})`
  }
  if (value instanceof Error) return `${what}: ${value.message}`
  return typeof name === 'string' ? `${what} named ${JSON.stringify(name)}` : what
}
