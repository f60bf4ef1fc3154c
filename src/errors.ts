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
 * Long values are cut, so that a wrong argument cannot flood the terminal.
 */
export function problem({ where, expected, received, hint }: ProblemParts): string {
  const tail = hint === undefined ? '' : ` ${hint.endsWith('.') ? hint : `${hint}.`}`
  return `${where}: expected ${expected}, received ${show(received)}.${tail}`
}

function show(value: unknown): string {
  let text: string
  if (typeof value === 'string') text = JSON.stringify(value)
  else if (typeof value === 'function') text = `function ${value.name || '(anonymous)'}`
  else if (value === null || typeof value !== 'object') text = String(value)
  else if (ArrayBuffer.isView(value)) text = `${value.constructor.name} of ${value.byteLength} bytes`
  else {
    try {
      text = JSON.stringify(value) ?? String(value)
      if (text === '{}' && value.constructor !== Object) text = `a ${value.constructor.name}`
    } catch {
      text = `a ${value.constructor?.name ?? 'object'}`
    }
  }
  return text.length > 200 ? `${text.slice(0, 197)}...` : text
}
