// Damaged files for the readers: bytes changed at random by a seed, so that every case can be made again.
import { hostRandom, type HostRandom } from '../../src/ops/seeds.ts'

const telling = [0, 1, 0x7f, 0x80, 0xfe, 0xff]
const tellingWords = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x00100000]

/** A changed copy of a file; the same seed makes the same copy. */
export function mutate(original: Uint8Array, seed: number): Uint8Array {
  const random = hostRandom(seed)
  let bytes = new Uint8Array(original)
  const changes = 1 + random.int(4)
  for (let i = 0; i < changes; i++) bytes = change(bytes, random)
  return bytes
}

function change(bytes: Uint8Array<ArrayBuffer>, random: HostRandom): Uint8Array<ArrayBuffer> {
  const { length } = bytes
  if (length < 8) return bytes
  // The beginning is where the structure is.
  const at = random.int(random.int(3) === 0 ? Math.min(length, 512) : length)
  switch (random.int(8)) {
    case 0:
      bytes[at]! ^= 1 << random.int(8)
      return bytes
    case 1:
      bytes[at] = telling[random.int(telling.length)]!
      return bytes
    case 2:
      new DataView(bytes.buffer).setUint32(
        Math.min(at, length - 4),
        tellingWords[random.int(tellingWords.length)]!,
        true,
      )
      return bytes
    case 3:
      bytes[at] = random.int(256)
      return bytes
    case 4:
      return bytes.slice(0, at)
    case 5: {
      const end = Math.min(length, at + 1 + random.int(64))
      const out = new Uint8Array(length - (end - at))
      out.set(bytes.subarray(0, at))
      out.set(bytes.subarray(end), at)
      return out
    }
    case 6: {
      const from = random.int(length)
      bytes.copyWithin(at, from, Math.min(length, from + 1 + random.int(64)))
      return bytes
    }
    default: {
      const out = new Uint8Array(length + 16)
      out.set(bytes.subarray(0, at))
      for (let i = 0; i < 16; i++) out[at + i] = random.int(256)
      out.set(bytes.subarray(at), at + 16)
      return out
    }
  }
}

/** JSON with values of its inside replaced, dropped or repeated: still JSON, no longer a model. */
export function mutateJson(text: string, seed: number): string {
  const random = hostRandom(seed)
  const root = JSON.parse(text) as unknown
  const changes = 1 + random.int(3)
  for (let i = 0; i < changes; i++) {
    const places: [container: Record<string, unknown>, key: string][] = []
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      for (const [key, item] of Object.entries(value)) {
        places.push([value as Record<string, unknown>, key])
        visit(item)
      }
    }
    visit(root)
    const place = places[random.int(Math.max(1, places.length))]
    if (place === undefined) continue
    const [container, key] = place
    const other = places[random.int(places.length)]!
    const values: unknown[] = [null, -1, 0, 3, 1.5, 1e9, 2 ** 53, 1e308, '', 'x', [], {}, [null], true, '__proto__', 'Lambda', other[0][other[1]]] // prettier-ignore
    const choice = random.int(values.length + 1)
    if (choice === values.length) Reflect.deleteProperty(container, key)
    else container[key] = structuredClone(values[choice])
  }
  return JSON.stringify(root)
}
