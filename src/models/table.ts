// Draws boxed tables as the library behind Keras' summary does: same column widths, wrapping, cutting and alignment.

export type Align = 'left' | 'right' | 'center'

export interface Column {
  readonly title: string
  /** Nominal width of the text, before borders and padding are taken off. */
  readonly width: number
  readonly align?: Align
}

/** How many terminal cells a text takes: East Asian wide characters and emoji take two, combining marks none. */
export function cellWidth(text: string): number {
  let width = 0
  for (const char of text) width += charWidth(char.codePointAt(0)!)
  return width
}

const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], [0x2e80, 0x303e], [0x3041, 0x33ff], [0x3400, 0x4dbf], [0x4e00, 0x9fff], [0xa000, 0xa4cf],
  [0xac00, 0xd7a3], [0xf900, 0xfaff], [0xfe30, 0xfe6f], [0xff00, 0xff60], [0xffe0, 0xffe6], [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
] // prettier-ignore

function charWidth(code: number): number {
  if (code < 0x300) return 1
  if ((code >= 0x300 && code <= 0x36f) || code === 0x200b || (code >= 0xfe00 && code <= 0xfe0f)) return 0
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1
}

/** The first cells of a text, exactly `size` of them (a space stands in for half of a wide character). */
function cutTo(text: string, size: number): string {
  let out = ''
  let width = 0
  for (const char of text) {
    const next = charWidth(char.codePointAt(0)!)
    if (width + next > size) break
    out += char
    width += next
  }
  return out + ' '.repeat(Math.max(0, size - width))
}

function cut(text: string, size: number): string {
  return cellWidth(text) > size ? `${cutTo(text, size - 1)}…` : text
}

/**
 * Breaks a text at spaces into lines of `size` cells; words longer than a line are cut with an ellipsis.
 * Spaces belong to the word before them, leading spaces to the first word.
 */
export function wrapText(text: string, size: number): string[] {
  const words = text.match(/\s*\S+\s*/g) ?? [text]
  const lines: string[] = []
  let line = ''
  let used = 0
  words.forEach((word, index) => {
    const length = cellWidth(word.trimEnd())
    if (size - used >= length) {
      line += word
      used += cellWidth(word)
      return
    }
    // A word too long for any line starts its own (and is cut); one that fits a fresh line moves there.
    if (index > 0 && (length > size || used > 0)) {
      lines.push(line)
      line = ''
    }
    line += word
    used = cellWidth(word)
  })
  lines.push(line)
  return lines.map((each) => cut(stripEnd(each, size), size))
}

/** Takes only as many spaces off the end as stick out. */
function stripEnd(line: string, size: number): string {
  const over = cellWidth(line) - size
  if (over <= 0) return line
  const spaces = line.length - line.trimEnd().length
  return line.slice(0, line.length - Math.min(over, spaces))
}

function alignText(line: string, size: number, align: Align): string {
  if (align === 'left') return line + ' '.repeat(Math.max(0, size - cellWidth(line)))
  const trimmed = line.trimEnd()
  const room = Math.max(0, size - cellWidth(trimmed))
  const before = align === 'right' ? room : Math.floor(room / 2)
  return ' '.repeat(before) + trimmed + ' '.repeat(room - before)
}

/** Half to even, as Python rounds. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

/** Cell widths, padding included: nominal width + 2 each, and what the borders need taken off from left to right. */
export function cellWidths(columns: readonly Column[]): number[] {
  let excess = 3 * columns.length + 1
  let left = columns.length
  return columns.map(({ width }) => {
    const take = Math.min(width + 2, roundHalfEven(excess / left))
    excess -= take
    left--
    return width + 2 - take
  })
}

/** A table with a heavy header and a rule between every two rows. Cells are single lines of text. */
export function drawTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = cellWidths(columns)
  const rule = (left: string, fill: string, middle: string, right: string): string =>
    left + widths.map((width) => fill.repeat(width)).join(middle) + right
  const row = (cells: readonly string[], border: string, atBottom = false): string[] => {
    const wrapped = columns.map((_, i) => wrapText(cells[i] ?? '', Math.max(0, widths[i]! - 2)))
    const height = Math.max(...wrapped.map((lines) => lines.length))
    return Array.from({ length: height }, (_, line) => {
      const parts = columns.map((column, i) => {
        const lines = wrapped[i]!
        const text = lines[atBottom ? line - (height - lines.length) : line] ?? ''
        return ` ${alignText(text, Math.max(0, widths[i]! - 2), column.align ?? 'left')} `
      })
      return border + parts.join(border) + border
    })
  }
  const lines = [rule('┏', '━', '┳', '┓')]
  const titles = columns.map((column) => column.title)
  lines.push(...row(titles, '┃', true))
  lines.push(rule('┡', '━', '╇', '┩'))
  rows.forEach((cells, index) => {
    if (index > 0) lines.push(rule('├', '─', '┼', '┤'))
    lines.push(...row(cells, '│'))
  })
  lines.push(rule('└', '─', '┴', '┘'))
  return lines.join('\n')
}
