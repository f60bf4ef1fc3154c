// Mistakes with pipelines: the constructors and methods of Dataset, folders and lists of pictures, files of arrays, downloads.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { data, layers, ops, tensor } from '../../src/index.ts'
import { quietFolder } from './folder.ts'
import { checkMistakes, each, loose, type Mistakes, wrong } from './mistakes.ts'

const { Dataset } = data
// The texts of mistakes name it, so it is made before the tables.
const folder = quietFolder()
const hide: Record<string, string> = { [folder]: '<folder>', [process.cwd()]: '<here>' }

const rows = Dataset.fromTensorSlices([ops.ones([6, 2]), ops.ones([6])])
const numbers = Dataset.range(6)
/** Runs a pipeline to its end: some mistakes show only there. */
const run = (dataset: unknown) => (dataset as data.Dataset).toArray()

const call = (method: string, ...given: unknown[]) => loose(numbers)[method]!(...given)
/** Calls of a method with wrong values in place of one argument; `before` stand in front of it. */
function given(method: string, values: Readonly<Record<string, unknown>>, ...before: unknown[]): Mistakes {
  return each((value) => call(method, ...before, value), values)
}
const badCounts = {
  'nothing': undefined, 'a text': '32', 'a fraction': 1.5, 'NaN': NaN, 'null': null, 'below': -2, 'true': true, 'a list': [32],
  'an object of options': { count: 3 }, 'a tensor': tensor([3]), 'a promise': Promise.resolve(3), 'infinitely many': Infinity,
} // prettier-ignore
const badFunctions = {
  'nothing': undefined, 'null': null, 'a number': 5, 'a text': 'x => x', 'a layer': layers.rescaling({ scale: 1 }), 'a class': data.RandomState,
  'a dataset': numbers, 'a tensor': tensor([1]), 'a list of functions': [() => 1], 'options alone': { numParallelCalls: 2 },
  'a promise of one': Promise.resolve(() => 1),
} // prettier-ignore
const badDatasets = {
  'nothing': undefined, 'null': null, 'a number': 3, 'a tensor': tensor([1]), 'numbers': [1, 2], 'a list of datasets': [numbers], 'a text': 'photos',
  'a promise': Promise.resolve(numbers), 'a generator': (function* () { yield 1 })(), 'a function': () => numbers,
} // prettier-ignore
const { 'a list of datasets': _, ...noLists } = badDatasets
const badLists = { ...noLists, 'one dataset': numbers, 'no datasets': [], 'numbers in the list': [numbers, 3], 'a promise in the list': [Promise.resolve(numbers)] } // prettier-ignore
const made = (method: string, values: Readonly<Record<string, unknown>>, ...after: unknown[]): Mistakes =>
  Object.fromEntries(
    Object.entries(values).map(([what, value]) => [what, () => loose(Dataset)[method]!(value, ...after)]),
  )
const only = (values: Readonly<Record<string, unknown>>, ...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, values[name]]))

const methods: Record<string, Mistakes> = {
  'data.Dataset': {
    ...Object.fromEntries(
      Object.entries({ ...badFunctions, 'a list of samples': [[1, 2], [3, 4]] }).map(([what, value]) => [what, () => new Dataset(wrong(value))]),
    ),
    'a cardinality as text': () => new Dataset(async function* () { /* nothing */ }, wrong('10')),
  },
  'data.Dataset.fromTensorSlices': {
    ...made('fromTensorSlices', { 'nothing': undefined, 'null': null, 'a path': 'photos', 'a promise': Promise.resolve([1]), 'a number': 5, 'a dataset': numbers, 'an empty tuple': { }, 'a function': () => [1] }),
    'different lengths': () => Dataset.fromTensorSlices([ops.ones([3, 2]), ops.ones([4])]),
    'ragged lists': () => Dataset.fromTensorSlices([[1, 2], [3]]),
    'undefined in it': () => Dataset.fromTensorSlices({ x: ops.ones([3]), y: wrong(undefined) }),
    'names as labels': () => Dataset.fromTensorSlices([ops.ones([2]), wrong(['cat', 'dog'])]),
    'a scalar tensor': () => Dataset.fromTensorSlices(tensor(3)),
  },
  'data.Dataset.fromTensors': {
    ...made('fromTensors', { 'nothing': undefined, 'null': null, 'a promise': Promise.resolve([1]), 'a function': () => [1], 'a Float64Array': new Float64Array(2), 'a big integer': 5n, 'ragged lists': [[1, 2], [3]], 'undefined in a list': [undefined], 'null in a record': { x: null }, 'a Map': new Map() }),
  },
  'data.Dataset.fromGenerator': {
    ...made('fromGenerator', { ...badFunctions, 'a generator that was called': (function* () { yield 1 })() }),
    'a function that gives nothing': () => run(loose(Dataset).fromGenerator!(() => undefined)),
    'a function that gives a number': () => run(loose(Dataset).fromGenerator!(() => 5)),
    'a function that gives a promise of a list': () => run(loose(Dataset).fromGenerator!(async () => [1])),
    'a cardinality as text': () => Dataset.fromGenerator(function* () { yield 1 }, wrong('many')),
    'elements that are nothing': () => run(Dataset.fromGenerator(function* () { yield wrong(undefined) })),
  },
  'data.Dataset.fromAsyncIterable': {
    ...made('fromAsyncIterable', only({ ...badDatasets, 'a generator function': function* () { yield 1 }, 'an object': { size: 3 } }, 'nothing', 'null', 'a number', 'a text', 'a function', 'a promise', 'a generator function', 'an object')),
    'a cardinality as text': () => Dataset.fromAsyncIterable(numbers, wrong('6')),
    'elements that are nothing': () => run(loose(Dataset).fromAsyncIterable!((async function* () { yield null })())),
  },
  'data.Dataset.range': {
    ...made('range', only(badCounts, 'nothing', 'a text', 'a fraction', 'NaN', 'null', 'a list', 'an object of options', 'a tensor', 'a promise', 'infinitely many')),
    'a step of 0': () => Dataset.range(0, 5, 0),
    'too large': () => Dataset.range(2 ** 40),
  },
  'data.Dataset.zip': { ...made('zip', badLists), 'two arguments': () => loose(Dataset).zip!(numbers, numbers) },
  'data.Dataset.sampleFromDatasets': {
    ...made('sampleFromDatasets', badLists),
    'weights without their name': () => loose(Dataset).sampleFromDatasets!([numbers], [1]),
    'too few weights': () => Dataset.sampleFromDatasets([numbers, numbers], { weights: [1] }),
    'weights that are all 0': () => Dataset.sampleFromDatasets([numbers], { weights: [0] }),
    'a negative weight': () => Dataset.sampleFromDatasets([numbers], { weights: [-1] }),
    'a weight as text': () => Dataset.sampleFromDatasets([numbers], { weights: wrong(['1']) }),
    'a seed as text': () => Dataset.sampleFromDatasets([numbers], { seed: wrong('42') }),
    'stop_on_empty_dataset': () => Dataset.sampleFromDatasets([numbers], wrong({ stop_on_empty_dataset: true })),
  },
  'data.Dataset.chooseFromDatasets': {
    ...made('chooseFromDatasets', badLists, numbers),
    'no choices': () => loose(Dataset).chooseFromDatasets!([numbers]),
    'choices in a list': () => loose(Dataset).chooseFromDatasets!([numbers], [0, 0, 0]),
    'choices beyond the list': () => run(Dataset.chooseFromDatasets([numbers, numbers], Dataset.range(5))),
    'an option that is not one': () => Dataset.chooseFromDatasets([numbers], numbers, wrong({ stopOnEmpty: true })),
    'weights': () => Dataset.chooseFromDatasets([numbers], numbers, wrong({ weights: [1] })),
  },
  'data.Dataset.map': {
    ...given('map', badFunctions),
    'num_parallel_calls': () => call('map', (x: never) => x, { num_parallel_calls: 2 }),
    'a number in place of options': () => call('map', (x: never) => x, 4),
    'calls as text': () => call('map', (x: never) => x, { numParallelCalls: 'auto' }),
    'no calls': () => call('map', (x: never) => x, { numParallelCalls: 0 }),
    'deterministic as text': () => call('map', (x: never) => x, { deterministic: 'no' }),
    'null in place of options': () => call('map', (x: never) => x, null),
    'a function that returns nothing': () => run(numbers.map(() => wrong(undefined))),
    'a function that returns null': () => run(numbers.map(() => wrong(null))),
    'a function that returns undefined in a tuple': () => run(rows.map((x: never) => [x, wrong(undefined)])),
  },
  'data.Dataset.filter': {
    ...given('filter', badFunctions),
    'a predicate that returns nothing': () => run(numbers.filter(() => wrong(undefined))),
    'a predicate that returns a number': () => run(numbers.filter(() => wrong(1))),
    'a predicate that returns many': () => run(rows.filter((x: never) => x)),
  },
  'data.Dataset.takeWhile': { ...given('takeWhile', badFunctions), 'a predicate that returns nothing': () => run(numbers.takeWhile(() => wrong(undefined))) },
  'data.Dataset.scan': {
    ...given('scan', badFunctions, 0),
    'a step that returns one value': () => run(numbers.scan(0, () => wrong(1))),
    'a step that returns nothing': () => run(numbers.scan(0, () => wrong(undefined))),
  },
  'data.Dataset.flatMap': {
    ...given('flatMap', badFunctions),
    'a function that returns a list': () => run(numbers.flatMap((x: never) => wrong([x, x]))),
    'a function that returns nothing': () => run(numbers.flatMap(() => wrong(undefined))),
  },
  'data.Dataset.interleave': {
    ...given('interleave', badFunctions),
    'no options': () => call('interleave', () => numbers),
    'no cycleLength': () => call('interleave', () => numbers, {}),
    'cycle_length': () => call('interleave', () => numbers, { cycle_length: 2 }),
    'a number in place of options': () => call('interleave', () => numbers, 2),
    'a length of 0': () => call('interleave', () => numbers, { cycleLength: 0 }),
    'a block as text': () => call('interleave', () => numbers, { cycleLength: 1, blockLength: '2' }),
    'a function that returns a list': () => run(numbers.interleave(() => wrong([1]), { cycleLength: 1 })),
  },
  'data.Dataset.batch': {
    ...given('batch', { ...badCounts, 'zero': 0 }),
    'drop_remainder': () => call('batch', 2, { drop_remainder: true }),
    'true in place of options': () => call('batch', 2, true),
    'dropRemainder as text': () => call('batch', 2, { dropRemainder: 'yes' }),
    'elements of different sizes': () => run(Dataset.fromGenerator(function* () { yield [1, 2]; yield [1] }).batch(2)),
    'elements of different structures': () => run(Dataset.fromGenerator(function* () { yield { a: 1 }; yield { a: 1, b: 2 } }).batch(2)),
    'elements that are texts': () => run(Dataset.fromGenerator(function* () { yield wrong('cat.jpg') }).batch(2)),
  },
  'data.Dataset.paddedBatch': {
    ...given('paddedBatch', badCounts),
    'padded_shapes': () => call('paddedBatch', 2, { padded_shapes: [3] }),
    'shapes as text': () => call('paddedBatch', 2, { shapes: '3' }),
    'a value as text': () => call('paddedBatch', 2, { value: '0' }),
    'elements larger than the shape': () => run(Dataset.fromTensorSlices(ops.ones([2, 5])).paddedBatch(2, { shapes: [3] })),
  },
  'data.Dataset.rebatch': { ...given('rebatch', badCounts), 'an option that is not one': () => call('rebatch', 2, { drop: true }), 'elements that are no batches': () => run(numbers.rebatch(2)) },
  'data.Dataset.unbatch': { 'elements without a batch': () => run(numbers.unbatch()), 'parts of different lengths': () => run(Dataset.fromTensors([ops.ones([3]), ops.ones([4])]).unbatch()) },
  'data.Dataset.window': {
    ...given('window', badCounts),
    'a number as second': () => call('window', 2, 1),
    'drop_remainder': () => call('window', 2, { drop_remainder: true }),
    'a shift of 0': () => call('window', 2, { shift: 0 }),
  },
  'data.Dataset.shuffle': {
    ...given('shuffle', { ...badCounts, 'zero': 0 }),
    'a seed without its name': () => call('shuffle', 100, 42),
    'buffer_size in options': () => call('shuffle', { bufferSize: 100 }),
    'reshuffle_each_iteration': () => call('shuffle', 100, { reshuffle_each_iteration: false }),
    'a seed as text': () => call('shuffle', 100, { seed: '42' }),
    'a fraction as seed': () => call('shuffle', 100, { seed: 0.5 }),
  },
  'data.Dataset.repeat': given('repeat', only(badCounts, 'a text', 'a fraction', 'NaN', 'null', 'below', 'true', 'a list', 'an object of options', 'a tensor', 'infinitely many')),
  'data.Dataset.take': given('take', badCounts),
  'data.Dataset.skip': given('skip', badCounts),
  'data.Dataset.shard': {
    ...given('shard', badCounts),
    'no index': () => call('shard', 3),
    'an index as large as the number': () => call('shard', 3, 3),
    'a text as index': () => call('shard', 3, '0'),
  },
  'data.Dataset.cache': {
    ...given('cache', { 'null': null, 'true': true, 'a number': 5, 'an empty path': '', 'options alone': { key: 'a' }, 'a function': () => 'a', 'a list': ['a'], 'a promise': Promise.resolve('a') }),
    'an option that is not one': () => call('cache', join(folder, 'a'), { name: 'a' }),
    'a number as key': () => call('cache', join(folder, 'a'), { key: 1 }),
    'a folder': () => run(numbers.cache(folder)),
    'a path below a file': () => run(numbers.cache(join(write('plain.txt', 'a'), 'cache'))),
  },
  'data.Dataset.prefetch': given('prefetch', only(badCounts, 'a text', 'a fraction', 'NaN', 'null', 'below', 'true', 'a list', 'an object of options', 'a tensor', 'infinitely many')),
  'data.Dataset.enumerate': given('enumerate', only(badCounts, 'a text', 'a fraction', 'NaN', 'null', 'true', 'a list', 'an object of options', 'a tensor', 'a promise', 'infinitely many')),
  'data.Dataset.concatenate': {
    ...given('concatenate', badDatasets),
    'elements of another kind': () => numbers.concatenate(wrong(rows)).elementSpec(),
  },
  'data.Dataset.reduce': given('reduce', badFunctions, 0),
  'data.Dataset.apply': given('apply', badFunctions),
  'data.Dataset.iterate': {
    ...given('iterate', { 'null': null, 'a number': 3, 'a text': 'a', 'a signal without its name': new AbortController().signal, 'a controller': { signal: new AbortController() }, 'misspelt': { sinal: 1 }, 'a signal as text': { signal: 'stop' }, 'a list': [], 'a function': () => 1, 'true': true }),
  },
  'data.Dataset.elementSpec': {
    'an empty dataset': () => Dataset.fromGenerator(function* () { /* nothing */ }).elementSpec(),
    'elements that are texts': () => Dataset.fromGenerator(function* () { yield wrong('cat.jpg') }).elementSpec(),
  },
} // prettier-ignore

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

checkMistakes('dataset-methods', methods, { hide })

/** Two classes of two pictures. */
const photos = join(folder, 'photos')
const pixel = encodeBmp()
for (const name of ['cats', 'dogs']) {
  mkdirSync(join(photos, name), { recursive: true })
  for (const i of [1, 2]) writeFileSync(join(photos, name, `${i}.bmp`), pixel)
}
mkdirSync(join(folder, 'flat'))
writeFileSync(join(folder, 'flat', '1.bmp'), pixel)
mkdirSync(join(folder, 'three', 'birds'), { recursive: true })
for (const name of ['cats', 'dogs', 'birds']) {
  mkdirSync(join(folder, 'three', name), { recursive: true })
  writeFileSync(join(folder, 'three', name, '1.bmp'), pixel)
}
/** A picture of one pixel. */
function encodeBmp(): Uint8Array {
  const bytes = Buffer.alloc(58)
  bytes.write('BM')
  for (const [at, value] of [[2, 58], [10, 54], [14, 40], [18, 1], [22, 1], [34, 4]] as const) bytes.writeInt32LE(value, at) // prettier-ignore
  bytes.writeInt16LE(1, 26)
  bytes.writeInt16LE(24, 28)
  return bytes
}

const files = ['cats/1.bmp', 'dogs/1.bmp']
const quiet = { verbose: false, directory: photos }
const fromList = (options: object, names: unknown = files, labels: unknown = ['cat', 'dog']) =>
  data.imageDatasetFromList(wrong(names), wrong(labels), wrong({ ...quiet, ...options }))
const fromFolder = (options: object, directory: unknown = photos) =>
  data.imageDatasetFromDirectory(wrong(directory), wrong({ verbose: false, ...options }))
const table = 'path,label\ncats/1.bmp,cat\ndogs/1.bmp,dog\n'
const fromCsv = (options: object, text = table, name = 'photos/photos.csv') =>
  data.imageDatasetFromCsv(write(name, text), wrong({ verbose: false, ...options }))

/** What the functions that give pictures share: wrong options. */
const imageOptions = (load: (options: object) => unknown): Mistakes => ({
  'image_size': () => load({ image_size: [160, 160] }),
  'batchsize': () => load({ batchsize: 32 }),
  'target_size of older Keras': () => load({ target_size: [160, 160] }),
  'class_mode of older Keras': () => load({ class_mode: 'binary' }),
  'rescale of older Keras': () => load({ rescale: 1 / 255 }),
  'a size as text': () => load({ imageSize: '160x160' }),
  'no size': () => load({ imageSize: null }),
  'a size with channels': () => load({ imageSize: [160, 160, 3] }),
  'a fraction as size': () => load({ imageSize: [160.5, 160] }),
  'a batch size of 0': () => load({ batchSize: 0 }),
  'a batch size as text': () => load({ batchSize: '32' }),
  'an interpolation that is not there': () => load({ interpolation: 'cubic' }),
  'an interpolation by number': () => load({ interpolation: 2 }),
  'a misspelt interpolation': () => load({ interpolation: 'bilinaer' }),
  'a colour mode that is not there': () => load({ colorMode: 'greyscale' }),
  'a label mode that is not there': () => load({ labelMode: 'onehot' }),
  'a misspelt label mode': () => load({ labelMode: 'catagorical' }),
  'a seed as text': () => load({ seed: '42' }),
  'a negative seed': () => load({ seed: -1 }),
  'a split in per cent': () => load({ validationSplit: 20, subset: 'training', seed: 1 }),
  'a split without a subset': () => load({ validationSplit: 0.5 }),
  'a subset without a split': () => load({ subset: 'training' }),
  'a misspelt subset': () => load({ validationSplit: 0.5, subset: 'train', seed: 1 }),
  'a split without a seed': () => load({ validationSplit: 0.5, subset: 'both' }),
  'a split that leaves nothing': () => load({ validationSplit: 0.1, subset: 'both', seed: 1 }),
  'shuffle as text': () => load({ shuffle: 'no' }),
  'shuffle as a number': () => load({ shuffle: 1000 }),
  'both ways to keep the aspect ratio': () => load({ cropToAspectRatio: true, padToAspectRatio: true }),
  'an onError that is not there': () => load({ onError: 'ignore' }),
  'maxPixels of 0': () => load({ maxPixels: 0 }),
}) // prettier-ignore

const dataset = await data.imageDatasetFromDirectory(photos, { verbose: false })
const pictures: Record<string, Mistakes> = {
  'data.imageDatasetFromDirectory': {
    'nothing': () => loose(data).imageDatasetFromDirectory!(),
    'null': () => loose(data).imageDatasetFromDirectory!(null),
    'options alone': () => loose(data).imageDatasetFromDirectory!({ directory: photos }),
    'a list of folders': () => fromFolder({}, [photos]),
    'a promise': () => fromFolder({}, Promise.resolve(photos)),
    'an empty path': () => fromFolder({}, ''),
    'a folder that is not there': () => fromFolder({}, join(folder, 'fotos')),
    'a relative path that is not there': () => fromFolder({}, 'fotos'),
    'a file': () => fromFolder({}, write('a.jpg', '')),
    'pictures without folders of classes': () => fromFolder({}, join(folder, 'flat')),
    'a number in place of options': () => loose(data).imageDatasetFromDirectory!(photos, 32),
    'labels in place of options': () => loose(data).imageDatasetFromDirectory!(photos, ['cats', 'dogs']),
    ...imageOptions((options) => fromFolder(options)),
    'class_names': () => fromFolder({ class_names: ['cats'] }),
    'class names that are no folders': () => fromFolder({ classNames: ['cat', 'dog'] }),
    'class names as text': () => fromFolder({ classNames: 'cats' }),
    'class names twice': () => fromFolder({ classNames: ['cats', 'cats'] }),
    'names as labels': () => fromFolder({ labels: ['cat', 'cat', 'dog', 'dog'] }),
    'too few labels': () => fromFolder({ labels: [0, 1] }),
    'labels that are not there': () => fromFolder({ labels: 'none' }),
    'class names with labels': () => fromFolder({ labels: [0, 0, 1, 1], classNames: ['cats'] }),
    'binary labels of three classes': () => fromFolder({ labelMode: 'binary' }, join(folder, 'three')),
    'followLinks as text': () => fromFolder({ followLinks: 'yes' }),
  },
  'data.imageDatasetFromList': {
    'nothing': () => loose(data).imageDatasetFromList!(),
    'a folder': () => fromList({}, photos),
    'a pair of file and label': () => fromList({}, [['cats/1.bmp', 'cat']]),
    'options in place of labels': () => loose(data).imageDatasetFromList!(files, { batchSize: 2 }),
    'no labels': () => loose(data).imageDatasetFromList!(files),
    'a promise of files': () => fromList({}, Promise.resolve(files)),
    'no files': () => fromList({}, [], []),
    'too few labels': () => fromList({}, files, ['cat']),
    'a tensor of labels': () => fromList({}, files, tensor([0, 1])),
    'labels with nothing in them': () => fromList({}, files, ['cat', undefined]),
    'a file that is not there': () => fromList({}, ['cats/7.bmp', 'dogs/1.bmp']),
    'a label that is no class': () => fromList({ classNames: ['cats', 'dogs'] }),
    'a directory that is no path': () => fromList({ directory: 5 }),
    'labels in options': () => fromList({ labels: 'inferred' }),
    ...imageOptions((options) => fromList(options)),
  },
  'data.imageDatasetFromCsv': {
    'nothing': () => loose(data).imageDatasetFromCsv!(),
    'a list of rows': () => loose(data).imageDatasetFromCsv!([files]),
    'a file that is not there': () => data.imageDatasetFromCsv(join(folder, 'none.csv')),
    'a folder': () => data.imageDatasetFromCsv(photos),
    'an empty file': () => fromCsv({}, ''),
    'a header alone': () => fromCsv({}, 'path,label\n'),
    'rows of different lengths': () => fromCsv({}, 'path,label\ncats/1.bmp\n'),
    'a quote that is not closed': () => fromCsv({}, 'path,label\n"cats/1.bmp,cat\n'),
    'no header': () => fromCsv({}, 'cats/1.bmp,cat\n'),
    'one column': () => fromCsv({}, 'path\ncats/1.bmp\n'),
    'another delimiter': () => fromCsv({}, 'path;label\ncats/1.bmp;cat\n'),
    'a column that is not there': () => fromCsv({ labelColumn: 'lable' }),
    'a column by number beyond the last': () => fromCsv({ pathColumn: 7 }),
    'a column by name without a header': () => fromCsv({ header: false, labelColumn: 'label' }),
    'pathcolumn': () => fromCsv({ path_column: 'path' }),
    'a filter as text': () => fromCsv({ where: 'split=train' }),
    'a filter that leaves nothing': () => fromCsv({ where: { column: 'label', value: 'bird' } }),
    'header as text': () => fromCsv({ header: 'none' }),
    'sep of pandas': () => fromCsv({ sep: ';' }),
    'a file in a row that is not there': () => fromCsv({}, 'path,label\ncats/9.bmp,cat\n'),
    ...imageOptions((options) => fromCsv(options)),
  },
  'data.ImageDataset': Object.fromEntries(
    Object.entries(badDatasets).map(([what, value]) => [what, () => new data.ImageDataset(wrong(value), ['cats'], files, [0, 0])]),
  ),
  'data.inspectImages': {
    'nothing': () => loose(data).inspectImages!(),
    'null': () => loose(data).inspectImages!(null),
    'a path': () => loose(data).inspectImages!(photos),
    'a dataset without a name': () => loose(data).inspectImages!(dataset),
    'a list of datasets': () => loose(data).inspectImages!([dataset]),
    'no datasets': () => data.inspectImages({}),
    'a promise': () => loose(data).inspectImages!(Promise.resolve({ dataset })),
    'a promise in it': () => loose(data).inspectImages!({ train: Promise.resolve(dataset) }),
    'a mapped dataset': () => loose(data).inspectImages!({ train: dataset.map((x: never) => x) }),
    'a path in it': () => loose(data).inspectImages!({ train: photos }),
    'an option that is not one': () => data.inspectImages({ dataset }, wrong({ decoded: false })),
    'decode as text': () => data.inspectImages({ dataset }, wrong({ decode: 'no' })),
    'a controller': () => data.inspectImages({ dataset }, wrong({ signal: new AbortController() })),
  },
} // prettier-ignore
checkMistakes('image-datasets', pictures, { hide })

const reading = (name: string, ending: string): Mistakes => ({
  'nothing': () => loose(data)[name]!(),
  'null': () => loose(data)[name]!(null),
  'a list': () => loose(data)[name]!(['a', 'b']),
  'bytes': () => loose(data)[name]!(new Uint8Array(8)),
  'a promise': () => loose(data)[name]!(Promise.resolve('a')),
  'an empty path': () => loose(data)[name]!(''),
  'a file that is not there': () => loose(data)[name]!(join(folder, `none${ending}`)),
  'a folder': () => loose(data)[name]!(photos),
  'an empty file': () => loose(data)[name]!(write(`empty${ending}`, '')),
  'a file of words': () => loose(data)[name]!(write(`words${ending}`, 'these are no arrays, only words and more words')),
  ...(name === 'readNpy' ? {} : {
    'max_bytes': () => loose(data)[name]!('a', { max_bytes: 5 }),
    'a number in place of options': () => loose(data)[name]!('a', 5),
    'maxBytes as text': () => loose(data)[name]!('a', { maxBytes: '1GB' }),
  }),
}) // prettier-ignore
const url = 'http://127.0.0.1:61/file.bin'
const download = (record: object, options: object = {}) => data.download(wrong(record), wrong({ folder, retries: 0, onProgress: null, ...options })) // prettier-ignore
const transfers: Record<string, Mistakes> = {
  'data.readNpy': reading('readNpy', '.npy'),
  'data.readNpz': reading('readNpz', '.npz'),
  'data.readIdx': reading('readIdx', '.idx'),
  'data.download': {
    'nothing': () => loose(data).download!(),
    'an address alone': () => loose(data).download!(url),
    'a record without an address': () => download({ sha256: 'a'.repeat(64) }),
    'a path': () => download({ url: '/data/file.bin' }),
    'an address of a file': () => download({ url: 'file:///data/file.bin' }),
    'an address of ftp': () => download({ url: 'ftp://example.org/file.bin' }),
    'a URL object': () => download({ url: new URL(url) }),
    'an address without a name': () => download({ url: 'http://127.0.0.1:61/' }),
    'a name with folders': () => download({ url, fileName: '../file.bin' }),
    'a hash of another length': () => download({ url, sha256: 'abc' }),
    'a misspelt hash': () => download({ url, sha265: 'a'.repeat(64) }),
    'a hash that is not known': () => download({ url, sha512: 'a'.repeat(128) }),
    'a size as text': () => download({ url, bytes: '10 MB' }),
    'a folder that is no path': () => download({ url }, { folder: 5 }),
    'cacheDir of Keras': () => download({ url }, { cacheDir: folder }),
    'onProgress that is no function': () => download({ url }, { onProgress: true }),
    'retries as text': () => download({ url }, { retries: 'many' }),
    'offline as text': () => download({ url }, { offline: 'no' }),
    'headers as text': () => download({ url }, { headers: 'Authorization: x' }),
    'a controller': () => download({ url }, { signal: new AbortController() }),
    'offline, and not there': () => download({ url }, { offline: true }),
    'a server that is not there': () => download({ url }),
    'a folder that is a file': () => download({ url }, { folder: write('a.txt', '') }),
  },
  'data.RandomState': Object.fromEntries(
    Object.entries({ ...badCounts, 'too large': 2 ** 32 }).map(([what, value]) => [what, () => new data.RandomState(wrong(value))]),
  ),
} // prettier-ignore
checkMistakes('data-files', transfers, { hide })
