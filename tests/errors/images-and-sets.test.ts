// Mistakes with pictures from files, known data sets and grids of samples.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { datasets, tensor, utils } from '../../src/index.ts'
import { quietFolder } from './folder.ts'
import { checkMistakes, loose, type Mistakes } from './mistakes.ts'

const folder = quietFolder()

const notes = join(folder, 'notes.jpg')
writeFileSync(notes, 'not a picture')
const loadImg = (...given: unknown[]) => loose(utils).loadImg!(...given)
const load = (...given: unknown[]) => loose(datasets).load!(...given)
const clothing = (options: object) => load('clothing_mini', options)

const table: Record<string, Mistakes> = {
  'utils.loadImg': {
    'nothing': () => loadImg(),
    'a path to nothing': () => loadImg(join(folder, 'cat.jpg')),
    'a folder': () => loadImg(folder),
    'a URL object': () => loadImg(new URL('file:///cat.jpg')),
    'a text file': () => loadImg(notes),
    'bytes of no picture': () => loadImg(new Uint8Array(8)),
    'a size in place of options': () => loadImg(notes, [224, 224]),
    'target_size': () => loadImg(notes, { target_size: [224, 224] }),
    'one side as targetSize': () => loadImg(notes, { targetSize: 224 }),
    'targetSize with channels': () => loadImg(notes, { targetSize: [224, 224, 3] }),
    'color': () => loadImg(notes, { colorMode: 'color' }),
    'bilinaer': () => loadImg(notes, { interpolation: 'bilinaer' }),
    'no pixels at all': () => loadImg(notes, { maxPixels: 0 }),
  },
  'datasets.load': {
    'nothing': () => load(),
    'a number': () => load(5),
    'a promise of a name': () => load(Promise.resolve('cats_vs_dogs')),
    'cats_v_dogs': () => load('cats_v_dogs', { dataDir: folder }),
    'a name of nothing': () => load('imagenet21k', { dataDir: folder }),
    'a split in place of options': () => load('clothing_mini', 'train'),
    'splits': () => clothing({ splits: 'train' }),
    'as_supervised': () => clothing({ as_supervised: true }),
    'a split as number': () => clothing({ split: 0.8 }),
    'trian': () => clothing({ split: 'trian' }),
    'a split that is not there': () => clothing({ split: 'unlabelled' }),
    'per cents beyond 100': () => clothing({ split: 'train[:140%]' }),
    'a bracket that is open': () => clothing({ split: 'train[:40%' }),
    'asSupervised as text': () => clothing({ split: 'train', asSupervised: 'yes' }),
    'no batch': () => clothing({ split: 'train', batchSize: 0 }),
    'dataDir as tensor': () => clothing({ split: 'train', dataDir: tensor([1]) }),
    'offline, and not there': () => load('cats_vs_dogs', { dataDir: folder, download: false }),
  },
} // prettier-ignore
checkMistakes('images-and-sets', table, { hide: { [folder]: '<folder>' } })
