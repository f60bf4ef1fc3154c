// JSON text of strangers, parsed.

/** Deeper than any model; what is made of deeper text would only exhaust the stack. */
const maxDepth = 500

/** As JSON.parse. @throws SyntaxError for what is no JSON, or is nested too deep. */
export function parseJson(text: string): unknown {
  if (depthOf(text) > maxDepth) throw new SyntaxError(`nested more than ${maxDepth} deep`)
  return JSON.parse(text)
}

/** The greatest number of brackets that are open at once. */
function depthOf(text: string): number {
  let depth = 0
  let greatest = 0
  for (let i = 0; i < text.length; i++) {
    const sign = text[i]
    if (sign === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
    } else if (sign === '{' || sign === '[') greatest = Math.max(greatest, ++depth)
    else if (sign === '}' || sign === ']') depth--
  }
  return greatest
}
