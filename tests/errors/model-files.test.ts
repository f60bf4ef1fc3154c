// Mistakes with files of models in foreign formats, and with pictures of models and of data.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Tensor } from '../../src/index.ts'
import { data, exportOnnx, input, layers, loadTfjsWeights, ops, readOnnx, report, sequential } from '../../src/index.ts' // prettier-ignore
import { quietFolder } from './folder.ts'
import { checkMistakes, each, loose, type Mistakes, wrong } from './mistakes.ts'

const folder = quietFolder()
mkdirSync(join(folder, 'a.onnx'))
mkdirSync(join(folder, 'a.svg'))

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const at = (name: string): string => join(folder, name)

const net = () => sequential([input({ shape: [4] }), layers.dense({ units: 2, name: 'head' })], { name: 'net' })
const pictures = () => sequential([input({ shape: [null, null, 3] }), layers.globalAveragePooling2D()], { name: 'pool' }) // prettier-ignore
const unbuilt = () => sequential([layers.dense({ units: 2 })], { name: 'unbuilt' })
const noModels = {
  'nothing': undefined, 'null': null, 'a path': 'model.keras', 'a promise': Promise.resolve(net()), 'a layer': layers.flatten(), 'an output': layers.flatten().apply(input({ shape: [2, 2] })), 'a config': { layers: [] },
} // prettier-ignore
const files = (call: (path: unknown) => unknown): Mistakes =>
  each(call, {
    'nothing': undefined, 'null': null, 'an empty path': '', 'a promise': Promise.resolve('a'), 'bytes': new Uint8Array(8), 'a list': ['a'], 'a model': net(),
    'a file that is not there': at('none'), 'a folder': folder, 'a path below a file': join(write('plain', 'x'), 'model.json'), 'an empty file': write('empty', ''), 'a file of words': write('words', 'neither one nor the other'),
  }) // prettier-ignore

const save = (options: object, model = net()) => loose(model).export!(at('b.onnx'), options)
const exporting: Mistakes = {
  'no path': () => loose(net()).export!(),
  'a path without ending': () => net().export(at('b')),
  'the ending of Keras': () => net().export(at('b.keras')),
  'a path that is a folder': () => net().export(at('a.onnx')),
  'a path below a file': () => net().export(join(write('plain', 'x'), 'b.onnx')),
  'before the model is built': () => unbuilt().export(at('b.onnx')),
  'the format in place of options': () => loose(net()).export!(at('b.onnx'), 'onnx'),
  'tf_saved_model': () => save({ format: 'tf_saved_model' }),
  'opset': () => save({ opset: 18 }),
  'input_shape': () => save({ input_shape: [4] }),
  'open sizes': () => save({}, pictures()),
  'a shape as number': () => save({ inputShape: 224 }, pictures()),
  'a shape with a batch': () => save({ inputShape: [1, 224, 224, 3] }, pictures()),
  'a shape of other channels': () => save({ inputShape: [8, 8, 4] }, pictures()),
  'a batch of 0': () => save({ batchSize: 0 }),
  'int8': () => save({ inputDType: 'int8' }),
  'channelsFirst as text': () => save({ channelsFirst: 'yes' }),
  'a value range as preprocess': () => save({ preprocess: [0, 1] }),
  'a preprocess that gives nothing': () => save({ preprocess: () => undefined }),
  'a preprocess that gives a promise': () => save({ preprocess: async (x: unknown) => x }),
  'an activation that is not there': () => save({ activation: 'softmaxx' }),
  'an activation by number': () => save({ activation: 1 }),
  'class names in a text': () => save({ classNames: 'cat,dog' }),
  'numbers as metadata': () => save({ metadata: { accuracy: 0.9 } }),
  'metadata as text': () => save({ metadata: 'mine' }),
  'a lambda that ONNX cannot do': () => save({}, sequential([input({ shape: [4] }), layers.lambda((x: Tensor) => ops.add(x, ops.reshape(ops.arange(x.shape[0]! * 4), x.shape)))], { name: 'counting' })),
  'a lambda with noise': () => save({}, sequential([input({ shape: [4] }), layers.lambda((x: Tensor) => ops.add(x, ops.randomNormal([4])))], { name: 'noisy' })),
} // prettier-ignore

const options = (draw: (options: unknown, model: unknown) => unknown): Mistakes => ({
  ...each((model) => draw({}, model), noModels),
  ...each((given) => draw(given, net()), {
    'a text': 'model.svg', 'null in place of options': null, 'show_shapes': { show_shapes: true }, 'showShapes as a number': { showShapes: 1 }, 'expandNested as text': { expandNested: 'yes' },
    'dpi': { dpi: 96 }, 'a direction in words': { rankdir: 'down' }, 'a misspelt option': { showLayerName: true },
  }),
  'before the model is built': () => draw({}, unbuilt()),
}) // prettier-ignore

const photo = ops.zeros([4, 4, 3], 'uint8')
const grid = (source: unknown, options?: unknown) => loose(report).imageGrid!(source, options)
const grids: Mistakes = {
  ...each(grid, {
    'nothing': undefined, 'null': null, 'a folder': 'photos', 'a number': 3, 'a promise': Promise.resolve([photo]), 'no pictures': [], 'paths': ['cat.jpg'], 'nested numbers': [[[0, 0, 0]]],
    'rows of numbers': ops.ones([3, 4]), 'two channels': ops.ones([4, 4, 2]), 'a model': net(), 'a dataset of records': data.Dataset.fromTensorSlices({ image: ops.ones([2, 4, 4, 3]) }),
  }),
  ...each((value) => grid([photo], value), {
    'a number of rows': 3, 'null in place of options': null, 'class_names': { class_names: ['cat'] }, 'cols': { cols: 3 }, 'rows as text': { rows: '3' }, 'no columns': { columns: 0 }, 'class names in a text': { classNames: 'cat' },
    'one title': { titles: 'cat' }, 'a title that is a number': { title: 1 }, 'titles that give numbers': { titles: (i: number) => i }, 'a layer as augment': { augment: layers.rescaling({ scale: 1 }) },
    'an augment that gives nothing': { augment: () => undefined }, 'an augment that gives a number': { augment: () => 1 }, 'a GIF': { toFile: 'a.gif' }, 'a path that is a folder': { toFile: at('a.svg') }, 'a fraction as size': { cellSize: 0.5 }, 'one end of a range': { valueRange: 255 }, 'an empty range': { valueRange: [1, 1] },
  }),
} // prettier-ignore

checkMistakes('model-files', {
  'Model.export': exporting,
  'exportOnnx': {
    ...each((model) => exportOnnx(wrong(model), at('b.onnx')), noModels),
    'the path in front': () => exportOnnx(wrong(at('b.onnx')), wrong(net())),
    'no path': () => exportOnnx(net(), wrong(undefined)),
    'the format in place of options': () => exportOnnx(net(), at('b.onnx'), wrong('onnx')),
  },
  'readOnnx': files((path) => readOnnx(wrong(path))),
  'loadTfjsWeights': {
    ...files((path) => loadTfjsWeights(wrong(path))),
    'JSON of something else': () => loadTfjsWeights(write('other.json', '{"name": "net"}')),
    'weights that are not there': () => loadTfjsWeights(write('model.json', JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: [] }] }))),
  },
  'report.modelToDot': options((given, model) => loose(report).modelToDot!(model, given)),
  'report.plotModel': {
    ...options((given, model) => loose(report).plotModel!(model, given)),
    'a PNG': () => report.plotModel(net(), { toFile: 'model.png' }),
    'to_file': () => report.plotModel(net(), wrong({ to_file: 'model.svg' })),
    'a number as path': () => report.plotModel(net(), { toFile: wrong(5) }),
    'a path that is a folder': () => report.plotModel(net(), { toFile: at('a.svg') }),
    'a path below a file': () => report.plotModel(net(), { toFile: join(write('plain', 'x'), 'a.svg') }),
  },
  'report.imageGrid': grids,
}, { hide: { [folder]: '<folder>' } }) // prettier-ignore

test('what is refused leaves no file', () => {
  expect(existsSync(at('b.onnx'))).toBe(false)
})
