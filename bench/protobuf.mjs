// The little of the protobuf wire format that writing an ONNX file needs: varints, floats, strings, bytes, messages.

/** @param {number} value A non-negative whole number. */
function varint(value) {
  const bytes = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** Field with a varint. @param {number} field @param {number} value */
export function int(field, value) {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`protobuf: expected a whole number, received ${value}`)
  return [varint(field * 8), varint(value)]
}

/** Field with a 32-bit float. @param {number} field @param {number} value */
export function float(field, value) {
  return [varint(field * 8 + 5), new Uint8Array(Float32Array.of(value).buffer)]
}

/** Field with bytes. @param {number} field @param {Uint8Array} value */
export function bytes(field, value) {
  return [varint(field * 8 + 2), varint(value.length), value]
}

/** @param {number} field @param {string} value */
export function string(field, value) {
  return bytes(field, new TextEncoder().encode(value))
}

/** Field with a message: its fields, each as made by these functions. @param {number} field @param {...Uint8Array[]} fields */
export function message(field, ...fields) {
  return bytes(field, encode(...fields))
}

/** A message as bytes. @param {...Uint8Array[]} fields */
export function encode(...fields) {
  return new Uint8Array(Buffer.concat(fields.flat()))
}
