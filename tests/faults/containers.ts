// Damage inside containers: the container itself is sound again afterwards, so that the damage reaches the reader behind it.
import { crc32 } from 'node:zlib'
import { encodeZip, openZip } from '../../src/formats/zip.ts'
import { hostRandom } from '../../src/ops/seeds.ts'
import { mutate, mutateJson } from './mutate.ts'

export interface Entry {
  readonly name: string
  readonly data: Uint8Array
}

export async function unzip(bytes: Uint8Array): Promise<Entry[]> {
  const zip = await openZip(bytes, 'sound')
  const entries: Entry[] = []
  for (const entry of zip.entries.values()) entries.push({ name: entry.name, data: await entry.read() })
  await zip.close()
  return entries
}

/** A sound archive in which one entry is damaged: as JSON that stays JSON, or in its bytes. */
export async function mutateEntry(entries: readonly Entry[], seed: number): Promise<Uint8Array> {
  const random = hostRandom(seed ^ 0x5a5a5a)
  const chosen = random.int(entries.length)
  const asJson = random.int(4) > 0
  return encodeZip(
    entries.map((entry, i) => {
      if (i !== chosen) return entry
      const json = asJson && entry.name.endsWith('.json')
      return { name: entry.name, data: json ? textBytes(mutateJson(text(entry.data), seed)) : mutate(entry.data, seed) }
    }),
  )
}

/** A safetensors file whose header is another JSON of the right length; its tensors are as they were. */
export function mutateHeader(bytes: Uint8Array, seed: number): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const header = textBytes(mutateJson(text(bytes.subarray(8, 8 + length)), seed))
  const out = new Uint8Array(8 + header.byteLength + bytes.byteLength - 8 - length)
  new DataView(out.buffer).setBigUint64(0, BigInt(header.byteLength), true)
  out.set(header, 8)
  out.set(bytes.subarray(8 + length), 8 + header.byteLength)
  return out
}

/** Sets the checksums of a PNG's chunks right, as far as its chunks can be told apart. */
export function repairPng(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 8; at + 12 <= bytes.byteLength;) {
    const end = at + 8 + view.getUint32(at)
    if (end + 4 > bytes.byteLength) break
    view.setUint32(end, crc32(bytes.subarray(at + 4, end)))
    at = end + 4
  }
  return bytes
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
export function textBytes(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}
