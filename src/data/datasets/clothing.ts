// The clothing sets: 600 embedded photographs of clothes, and the full set of the same kind from a folder.
import { readFile } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ArgumentError, problem } from '../../errors.ts'
import { tensor } from '../../ops/index.ts'
import { decodePixels } from '../decode-image.ts'
import { indexDirectory } from '../directory-index.ts'
import { storageOrder } from './example-order.ts'
import { classLabel, image, text } from './features.ts'
import type { ExampleSource } from './source.ts'

const splitFolders = ['train', 'validation', 'test']

/** CC0; the pictures are part of this package. */
export const clothingMini = {
  name: 'clothing_mini',
  open: () => openFolders('clothing_mini', fileURLToPath(new URL('../../../assets/clothing-mini/', import.meta.url))),
}
/** 3,781 photographs in 10 classes, expected in `<dataDir>/clothing`. */
export const clothing = {
  name: 'clothing',
  open: ({ dataDir }: { readonly dataDir: string }) => openFolders('clothing', join(dataDir, 'clothing')),
}

interface Picture {
  readonly path: string
  readonly key: string
  readonly label: number
}

/**
 * A set of folders `<split>/<class>/<picture>`, in the order in which TensorFlow Datasets would store it with the path as key.
 * @throws ArgumentError for a missing folder or splits with different classes.
 */
export async function openFolders(name: string, root: string): Promise<ExampleSource<Picture>> {
  const pictures = new Map<string, Picture[]>()
  let classes: readonly string[] | null = null
  for (const split of splitFolders) {
    const { paths, labels, classNames } = await indexDirectory(`data set ${name}`, join(root, split), {})
    if (classes !== null && classes.join('/') !== classNames.join('/'))
      throw new ArgumentError(
        problem({ where: join(root, split), expected: `classes ${classes.join(', ')}`, received: classNames }),
      )
    classes = classNames
    const keys = paths.map((path) => relative(join(root, split), path).split(sep).join('/'))
    const order = storageOrder(split, keys)
    pictures.set(
      split,
      order.map((i) => ({ path: paths[i]!, key: keys[i]!, label: labels[i]! })),
    )
  }
  return {
    info: {
      name,
      version: '1.0.0',
      splits: Object.fromEntries([...pictures].map(([split, list]) => [split, [list.length]])),
      features: { image: image(), 'image/filename': text(), label: classLabel(classes ?? []) },
      supervisedKeys: ['image', 'label'],
    },
    async *read({ split, skip, take }) {
      await Promise.resolve()
      yield* pictures.get(split)!.slice(skip, skip + take)
    },
    async decode({ path, key, label }) {
      const { data, height, width, channels } = await decodePixels(await readFile(path), { source: path })
      return {
        image: tensor(data as Uint8Array, { shape: [height, width, channels], dtype: 'uint8' }),
        'image/filename': `${key.split('/')[0]!}/${basename(key)}`,
        label: tensor(label, { dtype: 'int32' }),
      }
    },
  }
}
