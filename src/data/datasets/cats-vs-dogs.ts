// cats_vs_dogs 4.0.1: Microsoft's archive of 25,000 photographs, without the 1,738 that TensorFlow Datasets drops.
import { FormatError, problem } from '../../errors.ts'
import { openZip } from '../../formats/zip.ts'
import type { DownloadRecord } from '../download.ts'
import type { DatasetDefinition } from './definition.ts'
import { classLabel, image, text } from './features.ts'

/** The official archive, with the size and the hash that TensorFlow Datasets 4.9.10 records. */
export const catsVsDogsArchive: DownloadRecord = {
  url: 'https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/kagglecatsanddogs_5340.zip',
  fileName: 'kagglecatsanddogs_5340.zip',
  bytes: 824_887_076,
  sha256: 'b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9',
}

const pictureName = /^PetImages[\\/](Cat|Dog)[\\/]\d+\.jpg$/
/** More than any picture in the archive has. */
const mostBytes = 64 << 20

/** The definition, for the official archive or for one of the same structure. `dropped`: how many pictures have to be left out. */
export function catsVsDogs(archive: DownloadRecord = catsVsDogsArchive, dropped = 1738): DatasetDefinition {
  return {
    name: 'cats_vs_dogs',
    version: '4.0.1',
    features: { image: image(), 'image/filename': text(), label: classLabel(['cat', 'dog']) },
    supervisedKeys: ['image', 'label'],
    // As the prepared set of TensorFlow Datasets has; it decides in which order slices are read.
    shards: 16,
    splits: {
      async *train(context) {
        const path = await context.download(archive)
        const zip = await openZip(path, path, { maxEntries: 50_000 })
        try {
          let skipped = 0
          for (const [name, entry] of zip.entries) {
            const match = pictureName.exec(name)
            if (match === null) continue
            const bytes = await entry.read(mostBytes)
            if (!looksWhole(bytes)) {
              skipped++
              continue
            }
            yield [name, { image: bytes, 'image/filename': name, label: match[1]!.toLowerCase() }]
          }
          if (skipped !== dropped)
            throw new FormatError(
              problem({ where: path, expected: `${dropped} damaged pictures`, received: `${skipped}` }),
            )
        } finally {
          await zip.close()
        }
      },
    },
  }
}

/**
 * TensorFlow Datasets keeps a picture if `JFIF` is among what Python's reader of zip entries shows ahead: the first 512 bytes. The
 * pictures themselves stay as they are in the archive; version 4.0.1 there encodes them anew, which moves pixels by a little.
 */
function looksWhole(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(512, bytes.byteLength)).includes('JFIF')
}
