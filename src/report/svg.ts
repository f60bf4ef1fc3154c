// A picture as SVG text, which notebooks show by themselves.

export class Svg {
  /** The document, beginning with `<svg`. */
  readonly text: string
  /** In pixels, as is `height`. */
  readonly width: number
  readonly height: number

  constructor(content: string, width: number, height: number, title: string) {
    this.width = Math.ceil(width)
    this.height = Math.ceil(height)
    const size = `width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}"`
    const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img"><title>${escapeXml(title)}</title>`
    this.text = `${head}\n${content}\n</svg>\n`
  }

  toString(): string {
    return this.text
  }

  /** What a notebook with a JavaScript kernel shows. */
  [Symbol.for('Jupyter.display')](): Readonly<Record<string, string>> {
    return { 'image/svg+xml': this.text }
  }
}

/** Text as it may stand in elements and in quoted attributes; control characters, which XML forbids, are left out. */
export function escapeXml(text: string): string {
  const clean = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
  return clean.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
