// How wide a text will be in a sans-serif face: nothing here can measure it, so it is estimated, by the widest of the usual faces (DejaVu Sans).

const narrow = new Set('ijltfrI.,:;|!\'"()[]{} -/\\')
const wide = new Set('mwMWQOGCDNHU@%&')

/** Width in pixels at a size in pixels; bold faces are a little wider. */
export function textWidth(text: string, size: number, bold = false): number {
  let ems = 0
  for (const sign of text) {
    const code = sign.codePointAt(0)!
    ems += code > 0x2e80 ? 1 : narrow.has(sign) ? 0.39 : wide.has(sign) ? 0.96 : /[A-Z]/.test(sign) ? 0.74 : 0.63
  }
  return ems * size * (bold ? 1.12 : 1)
}
