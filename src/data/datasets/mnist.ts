// MNIST and Fashion-MNIST from their original files, in the order of TensorFlow Datasets.
import { readFile } from 'node:fs/promises'
import { FormatError, problem } from '../../errors.ts'
import { decodeIdx } from '../../formats/idx.ts'
import { download } from '../download.ts'
import type { DownloadRecord } from '../download.ts'
import { arraySource } from './array-source.ts'
import type { SplitArrays } from './array-source.ts'
import { downloadOptions } from './build.ts'
import type { BuildOptions } from './build.ts'
import { storageOrder } from './example-order.ts'
import { classLabel, image } from './features.ts'
import type { ExampleSource } from './source.ts'

/** Pictures and labels of both splits. */
type Files = Readonly<Record<'train' | 'test', readonly [pictures: DownloadRecord, labels: DownloadRecord]>>

/** Size and hash as TensorFlow Datasets 4.9.10 records them. The sets have files of one name: a prefix keeps them apart. */
function record(prefix: string, base: string, name: string, bytes: number, sha256: string): DownloadRecord {
  return { url: `${base}${name}.gz`, fileName: `${prefix}-${name}.gz`, bytes, sha256 }
}

const cvdf = 'https://storage.googleapis.com/cvdf-datasets/mnist/'
const mnistFiles: Files = {
  train: [
    record('mnist', cvdf, 'train-images-idx3-ubyte', 9_912_422, '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609'),
    record('mnist', cvdf, 'train-labels-idx1-ubyte', 28_881, '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c'),
  ],
  test: [
    record('mnist', cvdf, 't10k-images-idx3-ubyte', 1_648_877, '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6'),
    record('mnist', cvdf, 't10k-labels-idx1-ubyte', 4542, 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6'),
  ],
} // prettier-ignore

const zalando = 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'
const fashionFiles: Files = {
  train: [
    record('fashion_mnist', zalando, 'train-images-idx3-ubyte', 26_421_880, '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84'),
    record('fashion_mnist', zalando, 'train-labels-idx1-ubyte', 29_515, 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845'),
  ],
  test: [
    record('fashion_mnist', zalando, 't10k-images-idx3-ubyte', 4_422_102, '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073'),
    record('fashion_mnist', zalando, 't10k-labels-idx1-ubyte', 5148, '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5'),
  ],
} // prettier-ignore

export const mnist = idxSet(
  'mnist',
  '3.0.1',
  mnistFiles,
  Array.from({ length: 10 }, (_, i) => String(i)),
)
export const fashionMnist = idxSet('fashion_mnist', '3.0.1', fashionFiles, [
  'T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot',
]) // prettier-ignore

/** A set of grey pictures in IDX files; both splits are held in memory while the source is. */
export function idxSet(name: string, version: string, files: Files, classNames: readonly string[]) {
  const open = async (options: BuildOptions): Promise<ExampleSource> => {
    const splits = new Map<string, SplitArrays>()
    for (const [split, records] of Object.entries(files)) splits.set(split, await readArrays(split, records, options))
    const features = { image: image({ channels: 1 }), label: classLabel(classNames) }
    return arraySource({ name, version, features, supervisedKeys: ['image', 'label'] }, splits)
  }
  return { name, open }
}

async function readArrays(split: string, records: Files['train'], options: BuildOptions): Promise<SplitArrays> {
  const [pictures, labels] = await Promise.all(
    records.map(async (one) => {
      const path = await download(one, downloadOptions(options))
      return decodeIdx(await readFile(path), path)
    }),
  )
  const count = labels!.shape[0]!
  const expected = 'uint8 pictures of three dimensions with one label for each'
  if (pictures!.shape.length !== 3 || pictures!.shape[0] !== count || pictures!.dtype !== 'uint8')
    throw new FormatError(problem({ where: records[0].url, expected, received: [pictures!.shape, labels!.shape] }))
  // TensorFlow Datasets takes the running number as key.
  const keys = Array.from({ length: count }, (_, i) => String(i))
  const [, height, width] = pictures!.shape as [number, number, number]
  return {
    input: { data: pictures!.data, shape: [height, width, 1], dtype: 'uint8' },
    target: { data: new Int32Array(labels!.data), shape: [], dtype: 'int32' },
    order: storageOrder(split, keys),
  }
}
