// Numbers and placeholders written the way Python writes them, because file names and messages of callbacks follow it.
import { ArgumentError, problem } from '../errors.ts'

/** Python's `repr` of a float: `1.0`, `0.1`, `1e-05`, `nan`, `inf`. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  const text = String(value)
  return Number.isInteger(value) ? `${Object.is(value, -0) ? '-0' : text}.0` : text
}

/** Python's `format(value, spec)` for `[[fill]align][0][width][.precision][d|f|e|g|%]`. */
export function formatNumber(value: number, spec: string): string {
  const match = /^(?:(.)?([<>^]))?(0)?(\d+)?(?:\.(\d+))?([dfeg%])?$/.exec(spec)
  if (match === null) {
    const expected = 'a format such as 02d, .4f or .2e'
    throw new ArgumentError(problem({ where: 'file name placeholder', expected, received: spec }))
  }
  const [, fill, align, zero, width, precision, type] = match
  const size = width === undefined ? 0 : Number(width)
  const text = digits(value, type, precision === undefined ? undefined : Number(precision))
  if (zero !== undefined && align === undefined) {
    return value < 0 ? `-${text.slice(1).padStart(size - 1, '0')}` : text.padStart(size, '0')
  }
  const padding = fill ?? ' '
  if (align === '<') return text.padEnd(size, padding)
  if (align !== '^') return text.padStart(size, padding)
  return text.padStart(text.length + Math.floor(Math.max(0, size - text.length) / 2), padding).padEnd(size, padding)
}

function digits(value: number, type: string | undefined, precision: number | undefined): string {
  if (!Number.isFinite(value)) return pythonFloat(value)
  switch (type) {
    case 'f':
      return value.toFixed(precision ?? 6)
    case '%':
      return `${(value * 100).toFixed(precision ?? 6)}%`
    case 'e':
      return exponent(value.toExponential(precision ?? 6))
    case 'g':
      return exponent(String(Number(value.toPrecision(Math.max(1, precision ?? 6)))))
    case 'd':
      return value.toFixed(0)
    default:
      if (precision !== undefined) return exponent(String(Number(value.toPrecision(Math.max(1, precision)))))
      return Number.isInteger(value) ? String(value) : pythonFloat(value)
  }
}

function exponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

/**
 * Fills `{name}` and `{name:spec}` with numbers, `{{` and `}}` with braces.
 * @throws ArgumentError naming the unknown placeholder and the known ones.
 */
export function fillPlaceholders(template: string, values: Readonly<Record<string, number>>): string {
  return template.replace(
    /\{\{|\}\}|\{([^{}:]*)(?::([^{}]*))?\}/g,
    (whole, name: string | undefined, spec?: string) => {
      if (whole === '{{') return '{'
      if (whole === '}}') return '}'
      const value = values[name ?? '']
      if (value === undefined) {
        const expected = `a placeholder among ${Object.keys(values).map((key) => `{${key}}`).join(', ')}` // prettier-ignore
        throw new ArgumentError(problem({ where: 'file name', expected, received: whole }))
      }
      return formatNumber(value, spec ?? '')
    },
  )
}
