// Mistakes with data sets of one's own: their features, their definition, the examples that are built, sets in folders and .npz files.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodeZip } from '../../src/formats/zip.ts'
import { datasets, tensor } from '../../src/index.ts'
import { quietFolder } from './folder.ts'
import { checkMistakes, each, loose, type Mistakes, wrong } from './mistakes.ts'

const folder = quietFolder()

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const { classLabel, image, tensorFeature } = datasets
const good = {
  name: 'pets_of_mine',
  version: '1.0.0',
  features: { size: tensorFeature('int32'), label: classLabel(['cat', 'dog']) },
  supervisedKeys: ['size', 'label'],
  splits: { train: () => [['a', { size: 3, label: 'cat' }]] },
}
const register = (change: object) => loose(datasets).register!({ ...good, ...change })

let sets = 0
/** Registers a set, and has it built of what `train` gives. */
const build = (train: () => unknown, features: object = good.features) => {
  const name = `built_${sets++}`
  register({ name, features, supervisedKeys: undefined, splits: { train } })
  return datasets.load(name, { dataDir: join(folder, 'data'), split: 'train' })
}
const example = (parts: object) => build(() => [['a', parts]])

/** What reads a set from somewhere: wrong places and options. */
function reading(name: 'loadFromDirectory' | 'loadFromNpz', place: string): Mistakes {
  const load = loose(datasets)[name]!
  return {
    ...each(load, { 'nothing': undefined, 'null': null, 'a list': [place], 'a promise': Promise.resolve(place), 'an empty path': '', 'a URL object': new URL('file:///data'), 'options alone': { split: 'train' } }),
    'a split in place of options': () => load(place, 'train'),
    'splits': () => load(place, { splits: 'train' }),
    'trian': () => load(place, { split: 'trian' }),
    'a split as number': () => load(place, { split: 0.8 }),
    'as_supervised': () => load(place, { as_supervised: true }),
    'asSupervised as text': () => load(place, { asSupervised: 'yes' }),
    'batch_size': () => load(place, { batch_size: 32 }),
    'a batch of 0': () => load(place, { batchSize: 0 }),
    'a controller': () => load(place, { signal: new AbortController() }),
  }
} // prettier-ignore

const set = 'tests/goldens/data/tfds_tiny'
mkdirSync(join(folder, 'empty'))
mkdirSync(join(folder, 'half'))
writeFileSync(join(folder, 'half', 'dataset_info.json'), '{"name": 3}')

/** A .npz file of rows of uint8. */
async function npz(name: string, rows: Readonly<Record<string, readonly number[]>>): Promise<string> {
  const entries = Object.entries(rows).map(([key, values]) => {
    const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${values.length},), }`.padEnd(117) + '\n'
    return { name: `${key}.npy`, data: Buffer.concat([Buffer.from(`\x93NUMPY\x01\x00v\x00${header}`, 'latin1'), Buffer.from(values)]) }
  })
  const path = join(folder, name)
  writeFileSync(path, await encodeZip(entries))
  return path
} // prettier-ignore
const arrays = await npz('arrays.npz', { x_train: [1, 2, 3], y_train: [0, 1, 1] })

checkMistakes('own-sets', {
  'datasets.image': {
    ...each(loose(datasets).image!, { 'null': null, 'a shape': [28, 28, 1], 'channels without their name': 1, 'a mode': 'grayscale' }),
    'two channels': () => image({ channels: wrong(2) }),
    'channels of the file': () => image({ channels: wrong(0) }),
    'channels as text': () => image({ channels: wrong('3') }),
    'shape': () => image(wrong({ shape: [28, 28, 1] })),
    'encoding_format': () => image(wrong({ encoding_format: 'png' })),
    'a promise': () => image(wrong(Promise.resolve({ channels: 3 }))),
  },
  'datasets.classLabel': each(loose(datasets).classLabel!, {
    'nothing': undefined, 'null': null, 'one name': 'cat', 'names in a text': 'cat,dog', 'no names': [], 'no classes': 0, 'a fraction': 2.5, 'as text': '10', 'numbers as names': [0, 1],
    'a name twice': ['cat', 'dog', 'cat'], 'an empty name': ['cat', ''], 'options': { names: ['cat', 'dog'] }, 'a promise': Promise.resolve(['cat']), 'a Set': new Set(['cat', 'dog']),
  }),
  'datasets.tensorFeature': {
    'nothing': () => tensorFeature(wrong(undefined)),
    'the shape in front': () => tensorFeature(wrong([2]), wrong('float32')),
    'options': () => tensorFeature(wrong({ dtype: 'float32', shape: [2] })),
    'float64': () => tensorFeature(wrong('float64')),
    'text': () => tensorFeature(wrong('string')),
    'a class': () => tensorFeature(wrong(Float32Array)),
    'a number as shape': () => tensorFeature('float32', wrong(3)),
    'null as shape': () => tensorFeature('float32', wrong(null)),
    '-1 for an open size': () => tensorFeature('float32', [-1]),
    'two open sizes': () => tensorFeature('float32', [null, null]),
    'a fraction': () => tensorFeature('float32', [1.5]),
    'sizes as text': () => tensorFeature('float32', wrong(['2'])),
  },
  'datasets.register': {
    ...each(loose(datasets).register!, { 'nothing': undefined, 'null': null, 'a name': 'pets', 'a function': () => good, 'a promise': Promise.resolve(good) }),
    'a name and a definition': () => loose(datasets).register!('pets', good),
    'no name': () => register({ name: undefined }),
    'a name with a dash': () => register({ name: 'my-pets' }),
    'a name that leads elsewhere': () => register({ name: '../pets' }),
    'a name that is taken': () => register({ name: 'mnist' }),
    'no version': () => register({ version: undefined }),
    'a number as version': () => register({ version: 1 }),
    'a short version': () => register({ version: '1.0' }),
    'no features': () => register({ features: undefined }),
    'features in a list': () => register({ features: [image()] }),
    'a maker that was not called': () => register({ features: { picture: image } }),
    'the name of a dtype': () => register({ features: { size: 'int32' } }),
    'a shape': () => register({ features: { size: [2] } }),
    'a label of one’s own making': () => register({ features: { label: { kind: 'label', classes: 2 } } }),
    'supervised_keys': () => register({ supervised_keys: ['size', 'label'] }),
    'one supervised key': () => register({ supervisedKeys: 'label' }),
    'a misspelt supervised key': () => register({ supervisedKeys: ['size', 'lable'] }),
    'no splits': () => register({ splits: {} }),
    'splits as a function': () => register({ splits: good.splits.train }),
    'a list of examples': () => register({ splits: { train: [['a', { size: 3, label: 0 }]] } }),
    'a generator that was called': () => register({ splits: { train: (function* () { yield 1 })() } }),
    'a split with a blank': () => register({ splits: { 'the train': good.splits.train } }),
    'a split that is called all': () => register({ splits: { all: good.splits.train } }),
    'no shards': () => register({ shards: 0 }),
  },
  'datasets.register, built': {
    'a split that gives nothing': () => build(() => undefined),
    'a split that gives a promise': () => build(async () => [['a', { size: 3, label: 0 }]]),
    'a split that gives a record': () => build(() => ({ a: { size: 3, label: 0 } })),
    'a split without examples': () => build(() => []),
    'examples without keys': () => build(() => [{ size: 3, label: 0 }]),
    'keys that are numbers': () => build(() => [[0, { size: 3, label: 0 }]]),
    'a key twice': () => build(() => [['a', { size: 3, label: 0 }], ['a', { size: 4, label: 0 }]]),
    'a part that is missing': () => example({ size: 3 }),
    'a part too much': () => example({ size: 3, label: 0, colour: 'red' }),
    'a class that is not there': () => example({ size: 3, label: 'bird' }),
    'a class beyond the last': () => example({ size: 3, label: 2 }),
    'a fraction for a whole number': () => example({ size: 3.5, label: 0 }),
    'a list for a number': () => example({ size: [1, 2], label: 0 }),
    'a text for a number': () => example({ size: '3', label: 0 }),
    'a promise of a number': () => example({ size: Promise.resolve(3), label: 0 }),
    'a tensor for a picture': () => build(() => [['a', { picture: tensor([1]) }]], { picture: image() }),
    'a path for a picture': () => build(() => [['a', { picture: 'cat.jpg' }]], { picture: image() }),
  },
  'datasets.loadFromDirectory': {
    ...reading('loadFromDirectory', set),
    'a folder that is not there': () => datasets.loadFromDirectory(join(folder, 'none')),
    'an empty folder': () => datasets.loadFromDirectory(join(folder, 'empty')),
    'a file': () => datasets.loadFromDirectory(write('a.txt', '')),
    'a broken description': () => datasets.loadFromDirectory(join(folder, 'half')),
    'class_names': () => loose(datasets).loadFromDirectory!(set, { class_names: ['cat'] }),
  },
  'datasets.loadFromNpz': {
    ...reading('loadFromNpz', arrays),
    'a file that is not there': () => datasets.loadFromNpz(join(folder, 'none.npz')),
    'a folder': () => datasets.loadFromNpz(folder),
    'a file of words': () => datasets.loadFromNpz(write('words.npz', 'these are no arrays')),
    'arrays of other names': async () => datasets.loadFromNpz(await npz('names.npz', { images: [1], labels: [0] })),
    'no labels': async () => datasets.loadFromNpz(await npz('alone.npz', { x_train: [1] })),
    'too few labels': async () => datasets.loadFromNpz(await npz('few.npz', { x_train: [1, 2], y_train: [0] })),
    'too few class names': () => datasets.loadFromNpz(arrays, { classNames: ['cat'] }),
    'class names in a text': () => datasets.loadFromNpz(arrays, { classNames: wrong('cat,dog') }),
    'class names twice': () => datasets.loadFromNpz(arrays, { classNames: ['cat', 'cat'] }),
    'maxBytes as text': () => datasets.loadFromNpz(arrays, { maxBytes: wrong('1 GB') }),
    'fewer bytes than there are': () => datasets.loadFromNpz(arrays, { maxBytes: 10 }),
  },
}, { hide: { [folder]: '<folder>' } }) // prettier-ignore

test('what was refused is neither registered nor half built', async () => {
  expect(datasets.list()).not.toContain(good.name)
  for (const name of readdirSync(join(folder, 'data'))) expect(readdirSync(join(folder, 'data', name))).toEqual([])
  register({})
  const loaded = await datasets.load(good.name, { dataDir: join(folder, 'data'), split: 'train', asSupervised: true })
  expect((await loaded.toArray()).length).toBe(1)
  const parts = await (await datasets.loadFromNpz(arrays, { split: 'train' })).toArray()
  expect(parts.length).toBe(3)
})
