// safetensors files: every type there and back, each known attack by its name, and mutated files by the thousand.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { FormatError } from '../../src/errors.ts'
import { decodeSafetensors, encodeSafetensors, toFloat32 } from '../../src/formats/safetensors.ts'
import { readSafetensors } from '../../src/formats/safetensors-file.ts'
import type { SafetensorsDType } from '../../src/formats/safetensors.ts'

const samples: Readonly<Record<SafetensorsDType, ArrayBufferView>> = {
  F64: Float64Array.of(1.5, -2, Math.PI, NaN),
  F32: Float32Array.of(1.5, -2, 3e38, -0),
  F16: Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001),
  BF16: Uint16Array.of(0x3f80, 0xc000, 0x7f7f, 0x8000),
  I64: BigInt64Array.of(1n, -2n, 2n ** 62n, 0n),
  I32: Int32Array.of(1, -2, 2 ** 31 - 1, 0),
  I16: Int16Array.of(1, -2, 32767, 0),
  I8: Int8Array.of(1, -2, 127, 0),
  U64: BigUint64Array.of(1n, 2n ** 64n - 1n, 0n, 5n),
  U32: Uint32Array.of(1, 2 ** 32 - 1, 0, 5),
  U16: Uint16Array.of(1, 65535, 0, 5),
  U8: Uint8Array.of(1, 255, 0, 5),
  BOOL: Uint8Array.of(1, 0, 0, 1),
}
const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

const folder = mkdtempSync(join(tmpdir(), 'tanuki-safetensors-'))
const path = join(folder, 'file.safetensors')
afterAll(() => rmSync(folder, { recursive: true }))

/** A file of any header text, with so many bytes behind it. */
function file(header: string | Uint8Array, dataBytes = 0, claimed?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header
  const out = new Uint8Array(8 + text.length + dataBytes)
  new DataView(out.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true)
  out.set(text, 8)
  return out
}
const entry = (from: number, to: number, shape: unknown = [(to - from) / 4], dtype: unknown = 'F32'): unknown => ({
  dtype,
  shape,
  data_offsets: [from, to],
})
const json = JSON.stringify

describe('round trip', () => {
  for (const [dtype, data] of Object.entries(samples) as [SafetensorsDType, ArrayBufferView][])
    test(dtype, () => {
      const { tensors } = decodeSafetensors(encodeSafetensors({ x: { dtype, shape: [2, 2], data } }))
      expect([...tensors.keys()]).toEqual(['x'])
      expect(tensors.get('x')).toMatchObject({ dtype, shape: [2, 2] })
      expect([...tensors.get('x')!.bytes]).toEqual([...bytesOf(data)])
    })
  test('several tensors, scalars, empty ones, odd names and metadata', () => {
    const given = {
      'a/b': { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
      scalar: { dtype: 'F32', shape: [], data: Float32Array.of(7) },
      empty: { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
      2: { dtype: 'I32', shape: [1], data: Int32Array.of(-5) },
      constructor: { dtype: 'U8', shape: [1], data: Uint8Array.of(9) },
      ['__proto__']: { dtype: 'U8', shape: [1], data: Uint8Array.of(8) },
      'ü"\\\u{1f600}': { dtype: 'U8', shape: [1], data: Uint8Array.of(6) },
    } as const
    const bytes = encodeSafetensors(given, { format: 'pt', note: 'a "b"' })
    const { tensors, metadata } = decodeSafetensors(bytes)
    expect(metadata).toEqual({ format: 'pt', note: 'a "b"' })
    expect([...tensors.keys()].sort()).toEqual(Object.keys(given).sort())
    for (const [name, { data }] of Object.entries(given))
      expect([...tensors.get(name)!.bytes]).toEqual([...bytesOf(data)])
    expect((8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))) % 8).toBe(0)
  })
  test('no tensors', () => expect(decodeSafetensors(encodeSafetensors({})).tensors.size).toBe(0))
  test('a Node Buffer at an odd offset', () => {
    const made = encodeSafetensors({ x: { dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) } })
    const shifted = Buffer.concat([Buffer.of(0), made]).subarray(1)
    expect([...toFloat32(decodeSafetensors(shifted).tensors.get('x')!)]).toEqual([1, 2])
  })
})

describe('float32 values', () => {
  const values = (dtype: SafetensorsDType, data: ArrayBufferView): number[] => [
    ...toFloat32({ dtype, shape: [data.byteLength], bytes: bytesOf(data) }),
  ]
  test('float16, with subnormals, infinities and NaN', () => {
    const halves = Uint16Array.of(
      0x3c00,
      0xc000,
      0x7bff,
      0x0001,
      0x03ff,
      0x0400,
      0x7c00,
      0xfc00,
      0x7e00,
      0x8000,
      0x3555,
    )
    const expected = [1, -2, 65504, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, Infinity, -Infinity, NaN, -0, 0.333251953125]
    expect(values('F16', halves)).toEqual(expected)
  })
  test('bfloat16', () => expect(values('BF16', Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x8000))).toEqual([1, -2, Infinity, -0])) // prettier-ignore
  test('float64 is rounded', () => expect(values('F64', Float64Array.of(0.1))).toEqual([Math.fround(0.1)]))
  test('integers are refused', () => expect(() => values('I32', Int32Array.of(1))).toThrow(FormatError))
})

describe('encoding refuses', () => {
  test('data of another size', () => {
    const wrong = { x: { dtype: 'F32', shape: [3], data: Float32Array.of(1, 2) } } as const
    expect(() => encodeSafetensors(wrong)).toThrow(/"x".*12 bytes.*8 bytes/)
  })
  test('impossible shapes and the reserved name', () => {
    const data = Float32Array.of(1)
    expect(() => encodeSafetensors({ x: { dtype: 'F32', shape: [-1, -1], data } })).toThrow(FormatError)
    expect(() => encodeSafetensors({ x: { dtype: 'F32', shape: [0.5, 2], data } })).toThrow(FormatError)
    expect(() => encodeSafetensors({ ['__metadata__']: { dtype: 'F32', shape: [1], data } })).toThrow(FormatError)
  })
})

const attacks: Readonly<Record<string, Uint8Array>> = {
  'header too small': new Uint8Array(7),
  'no header at all': file(''),
  'header length beyond the file': file('{}', 0, 3n),
  'header length beyond 100 MB': file('{}', 0, 100_000_001n),
  'header length of 2^64 - 1': file('{}', 0, 2n ** 64n - 1n),
  'header is not UTF-8': file(Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d)),
  'header with a byte order mark': file('\ufeff{}'),
  'header begins with a space': file(' {}'),
  'header is not JSON': file('{"x":'),
  'header is an array': file('[]'),
  'header is nested without end': file('{"x":'.repeat(50_000)),
  'deeply nested shape': file(
    `{"x":{"dtype":"F32","shape":${'['.repeat(50_000)}${']'.repeat(50_000)},"data_offsets":[0,4]}}`,
    4,
  ),
  'overlapping tensors': file(json({ a: entry(0, 8), b: entry(4, 12) }), 12),
  'two tensors over the same bytes': file(json({ a: entry(0, 8), b: entry(0, 8) }), 8),
  'a gap between tensors': file(json({ a: entry(0, 4), b: entry(8, 12) }), 12),
  'a gap at the beginning': file(json({ a: entry(4, 8) }), 8),
  'bytes left over at the end': file(json({ a: entry(0, 4) }), 8),
  'offsets beyond the file': file(json({ a: entry(0, 8) }), 4),
  'offsets in reverse': file(json({ a: entry(8, 0, [2]) }), 8),
  'negative offsets': file(json({ a: entry(-4, 4) }), 4),
  'offsets that are not whole': file(json({ a: entry(0.5, 4.5, [1]) }), 8),
  'offsets beyond 2^53': file(
    '{"a":{"dtype":"F32","shape":[1],"data_offsets":[9007199254740993,9007199254740997]}}',
    4,
  ),
  'three offsets': file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', 4),
  'negative dims': file(json({ a: entry(0, 4, [-1, -1]) }), 4),
  'dims that overflow': file(json({ a: entry(0, 4, [2 ** 40, 2 ** 40]) }), 4),
  'dims whose product overflows to the right size': file(json({ a: entry(0, 0, [2 ** 32, 2 ** 32]) })),
  'shape of another size': file(json({ a: entry(0, 8, [3]) }), 8),
  'shape that is no list': file(json({ a: entry(0, 4, 1) }), 4),
  'unknown dtype': file(json({ a: entry(0, 4, [1], 'F31') }), 4),
  'dtype of the prototype': file(json({ a: entry(0, 4, [1], 'toString') }), 4),
  'a tensor that is null': file('{"a":null}'),
  'duplicate tensor': file(`{"a":${json(entry(0, 4))},"a":${json(entry(0, 4))}}`, 4),
  'duplicate tensor, written differently': file(`{"a":${json(entry(0, 4))},"\\u0061":${json(entry(0, 4))}}`, 4),
  'duplicate field': file('{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}', 4),
  'metadata of numbers': file('{"__metadata__":{"a":1}}'),
  'metadata that is a list': file('{"__metadata__":["a"]}'),
}
describe('from the disk', () => {
  const stored = {
    odd: { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
    'dense/kernel': { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, -2, 3, 4, 5, 6) },
    empty: { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
    half: { dtype: 'F16', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) },
  } as const
  test('each tensor has memory of its own, which its values stay in', async () => {
    const bytes = encodeSafetensors(stored, { note: 'x' })
    writeFileSync(path, bytes)
    const { tensors, metadata } = await readSafetensors(path, path)
    const whole = decodeSafetensors(bytes)
    expect([...tensors.keys()]).toEqual([...whole.tensors.keys()])
    expect(metadata).toEqual(whole.metadata)
    for (const [name, { dtype, shape, bytes: values }] of tensors) {
      const expected = whole.tensors.get(name)!
      expect([dtype, shape, [...values]]).toEqual([expected.dtype, expected.shape, [...expected.bytes]])
      expect(values.buffer.byteLength).toBe(values.byteLength)
    }
    const kernel = tensors.get('dense/kernel')!
    expect(toFloat32(kernel).buffer).toBe(kernel.bytes.buffer)
    expect([...toFloat32(kernel)]).toEqual([1, -2, 3, 4, 5, 6])
    expect(toFloat32(whole.tensors.get('dense/kernel')!).buffer).not.toBe(bytes.buffer)
  })
  test('what is not wanted is left on the disk, and checked all the same', async () => {
    const bytes = encodeSafetensors(stored)
    writeFileSync(path, bytes)
    const wanted = (name: string): boolean => name === 'half'
    expect([...(await readSafetensors(path, path, wanted)).tensors.keys()]).toEqual(['half'])
    truncateSync(path, bytes.length - 1)
    await expect(readSafetensors(path, path, wanted)).rejects.toThrow(FormatError)
  })
  test('no file, and a folder', async () => {
    await expect(readSafetensors(join(folder, 'none'), 'x')).rejects.toThrow(/ENOENT/)
    await expect(readSafetensors(folder, 'x')).rejects.toThrow(/EISDIR/)
  })
})

describe('attacks are refused with a FormatError that names the file', () => {
  for (const [name, bytes] of Object.entries(attacks))
    test(name, async () => {
      let message = ''
      try {
        decodeSafetensors(bytes, 'weights.safetensors')
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError)
        message = (error as Error).message
      }
      expect(message).toMatch(/^weights\.safetensors: expected/)
      // From the disk, the same in the same words.
      writeFileSync(path, bytes)
      const error: unknown = await readSafetensors(path, 'weights.safetensors').catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(FormatError)
      expect((error as Error).message).toBe(message)
    })
  test('what only looks like an attack is read', () => {
    const header = `{"a\\"}":${json(entry(0, 4))} , "b" : ${json(entry(4, 4, [0]))},"__metadata__":{"a":"{\\"a\\":[1]}","b":"\\\\"}}`
    expect([...decodeSafetensors(file(header, 4)).tensors.keys()]).toEqual(['a"}', 'b'])
  })
})

describe('fuzzing', () => {
  const good = encodeSafetensors(
    {
      'dense/kernel': { dtype: 'F32', shape: [2, 3], data: new Float32Array(6).fill(1) },
      'dense/bias': { dtype: 'F16', shape: [3], data: new Uint16Array(3) },
      count: { dtype: 'I64', shape: [], data: new BigInt64Array(1) },
    },
    { format: 'np' },
  )
  /** Only a FormatError or a result whose every tensor has the bytes that its shape says. */
  const check = (bytes: Uint8Array): 'read' | 'refused' => {
    try {
      for (const [name, tensor] of decodeSafetensors(bytes).tensors) {
        const size = bytesOf(samples[tensor.dtype]).length / 4
        if (tensor.bytes.length !== tensor.shape.reduce((a, b) => a * b, size)) throw new Error(`size of ${name}`)
      }
      return 'read'
    } catch (error) {
      if (error instanceof FormatError) return 'refused'
      throw error
    }
  }
  const position = fc.nat(good.length - 1)
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), at: position, value: fc.nat(255) }),
    fc.record({
      kind: fc.constant('digit' as const),
      at: position,
      value: fc.constantFrom(...Array.from('0123456789-e.,:[]{}"')),
    }),
    fc.record({ kind: fc.constant('cut' as const), at: position, value: fc.nat(40) }),
    fc.record({ kind: fc.constant('insert' as const), at: position, value: fc.nat(40) }),
  )
  const mutated = fc.array(mutation, { minLength: 1, maxLength: 4 }).map((mutations) => {
    let bytes = [...good]
    for (const { kind, at, value } of mutations) {
      if (kind === 'set') bytes[at % bytes.length] = value
      else if (kind === 'digit') bytes[8 + (at % Math.max(1, bytes.length - 8))] = value.charCodeAt(0)
      else if (kind === 'cut') bytes = [...bytes.slice(0, at), ...bytes.slice(at + value)]
      else bytes.splice(at, 0, ...bytes.slice(0, value))
      if (bytes.length === 0) bytes = [0]
    }
    return Uint8Array.from(bytes)
  })
  test('20000 mutated files', () => {
    const seen = { read: 0, refused: 0 }
    fc.assert(
      fc.property(mutated, (bytes) => {
        seen[check(bytes)]++
      }),
      { numRuns: 20_000 },
    )
    // The mutations reach both sides.
    expect(seen.read).toBeGreaterThan(100)
    expect(seen.refused).toBeGreaterThan(5000)
  })
  test('5000 files of random bytes behind a fitting length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(40), (text, rest) => {
        check(file(text, rest))
      }),
      { numRuns: 5000 },
    )
  })
})
