// Mistakes with operations, from a table of their arguments: each kind of argument has its wrong values.
import { GradientTape, image, ops, setRandomSeed, tensor, Variable } from '../../src/index.ts'
import { checkMistakes, type Mistakes, wrong } from './mistakes.ts'

const one = tensor([1, 2])
/** Wrong values by kind of argument. */
const kinds: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  tensor: {
    'nothing': undefined, 'null': null, 'a text': 'cat.jpg', 'a promise': Promise.resolve(one), 'texts': ['1', '2'],
    'ragged lists': [[1, 2], [3]], 'an object': { x: 1 }, 'a Float64Array': new Float64Array(2), 'a big integer': 5n, 'a function': () => one,
  },
  tensors: { 'nothing': undefined, 'no tensors': [], 'a tensor': one, 'undefined in the list': [undefined], 'texts in the list': ['a'], 'a promise': Promise.resolve([one]) },
  shape: { 'nothing': undefined, 'a text': '2x3', 'a number': 3, 'negative': [-2, 3], 'a fraction': [2.5], 'texts in it': ['2'], 'null': null, 'NaN': [NaN], 'a promise': Promise.resolve([2]), 'a tensor': one },
  axis: { 'out of range': 7, 'a fraction': 0.5, 'a text': '1', 'NaN': NaN, 'an object': { axis: 0 } },
  reduce: {
    'an axis without its name': 1, 'axes without their name': [0, 1], 'a text': 'axis', 'null': null, 'keepDims': { keepDims: true }, 'misspelt': { axes: 0 },
    'out of range': { axis: 7 }, 'a fraction': { axis: 0.5 }, 'an axis as text': { axis: '1' }, 'an axis twice': { axis: [0, 0] },
  },
  along: { 'an axis without its name': 1, 'out of range': { axis: 7 }, 'a fraction': { axis: 0.5 }, 'an option that is not one': { dim: 1 } },
  other: { 'of a shape that does not broadcast': ops.ones([2, 4]), 'nothing': undefined, 'a text': '1', 'a promise': Promise.resolve(one) },
  count: { 'nothing': undefined, 'negative': -1, 'a fraction': 1.5, 'a text': '2', 'NaN': NaN },
  dtype: { 'float64': 'float64', 'a number': 32, 'a class': Float32Array },
  number: { 'nothing': undefined, 'a text': '0.1', 'NaN': NaN },
  size: { 'nothing': undefined, 'a number': 8, 'one side': [8], 'zero': [0, 8], 'a fraction': [8.5, 8], 'texts': ['8', '8'] },
  draw: { 'a text': 'normal', 'a number': 1, 'null': null, 'misspelt': { sed: 1 }, 'a seed of another shape': { seed: [1, 2, 3] } },
} // prettier-ignore

type Row = readonly [good: readonly unknown[], ...kinds: (string | null)[]]
const x = ops.ones([2, 3])
const rows: Record<string, Row> = {}
for (const name of [
  'negative', 'abs', 'sign', 'exp', 'expm1', 'log', 'log1p', 'sqrt', 'rsqrt', 'tanh', 'sigmoid', 'erf', 'sin', 'cos', 'floor', 'ceil',
  'isFinite', 'round', 'square', 'isNan', 'logicalNot', 'stopGradient', 'relu', 'relu6', 'softplus', 'logSigmoid', 'zerosLike', 'onesLike',
]) rows[name] = [[x], 'tensor'] // prettier-ignore
for (const name of [
  'add', 'subtract', 'multiply', 'divide', 'power', 'mod', 'maximum', 'minimum', 'logicalAnd', 'logicalOr',
]) rows[name] = [[x, x], 'tensor', 'other'] // prettier-ignore
for (const name of ['sum', 'mean', 'max', 'min', 'prod', 'any', 'all', 'variance', 'std', 'logsumexp', 'norm'])
  rows[name] = [[x, {}], 'tensor', 'reduce']
for (const name of ['argmax', 'argmin', 'softmax', 'logSoftmax', 'l2Normalize', 'cumsum', 'sort', 'argsort'])
  rows[name] = [[x, {}], 'tensor', 'along']
for (const name of ['zeros', 'ones']) rows[name] = [[[2], undefined], 'shape', 'dtype']
for (const name of ['randomUniform', 'randomNormal', 'truncatedNormal', 'bernoulli'])
  rows[name] = [[[2], {}], 'shape', 'draw']
Object.assign(rows, {
  full: [[[2], 1], 'shape', 'tensor'],
  reshape: [[x, [3, 2]], 'tensor', 'shape'],
  broadcastTo: [[x, [2, 3]], 'tensor', 'shape'],
  expandDims: [[x, 0], 'tensor', 'axis'],
  unstack: [[x, 0], 'tensor', 'axis'],
  flip: [[x, 0], 'tensor', 'axis'],
  squeeze: [[ops.ones([1, 2]), 0], 'tensor', 'axis'],
  concatenate: [[[x, x], 0], 'tensors', 'axis'],
  stack: [[[x, x], 0], 'tensors', 'axis'],
  repeat: [[x, 2, 0], 'tensor', 'count', 'axis'],
  cast: [[x, 'int32'], 'tensor', 'dtype'],
  oneHot: [[[0, 1], 2], 'tensor', 'count'],
  topK: [[x, 1], 'tensor', 'count'],
  matmul: [[x, ops.ones([3, 2])], 'tensor', 'other'],
} satisfies Record<string, Row>)

const picture = ops.ones([4, 4, 3])
const pictures: Record<string, Row> = { resize: [[picture, [8, 8]], 'tensor', 'size'] }
for (const name of ['flipLeftRight', 'flipUpDown', 'transpose', 'rgbToGrayscale', 'perImageStandardization', 'rot90'])
  pictures[name] = [[picture], 'tensor']
for (const name of ['adjustBrightness', 'adjustContrast', 'adjustHue', 'adjustSaturation', 'centralCrop'])
  pictures[name] = [[picture, 0.5], 'tensor', 'number']

function mistakesOf(where: string, module: object, table: Record<string, Row>): Record<string, Mistakes> {
  return Object.fromEntries(
    Object.entries(table).map(([name, [good, ...given]]) => {
      const call = (module as Record<string, (...args: unknown[]) => unknown>)[name]!
      const mistakes: Record<string, () => unknown> = {}
      given.forEach((kind, at) => {
        for (const [what, value] of Object.entries(kinds[kind ?? ''] ?? {}))
          mistakes[`argument ${at + 1}, ${kind}: ${what}`] = () => call(...good.with(at, value))
      })
      return [`${where}.${name}`, mistakes]
    }),
  )
}

const variable = new Variable(x)
checkMistakes('ops', {
  ...mistakesOf('ops', ops, rows),
  ...mistakesOf('image', image, pictures),
  'tensor': {
    ...Object.fromEntries(Object.entries(kinds['tensor']!).map(([what, value]) => [what, () => tensor(wrong(value))])),
    'another size': () => tensor([1, 2, 3], { shape: [2, 2] }),
    'a shape in place of options': () => tensor([1, 2], wrong([2, 1])),
    'a dtype in place of options': () => tensor([1, 2], wrong('int32')),
    'float64': () => tensor([1, 2], { dtype: wrong('float64') }),
    'item of several': () => x.item(),
  },
  'GradientTape': {
    'options misspelt': () => new GradientTape(wrong({ persistant: true })),
    'options as text': () => new GradientTape(wrong('persistent')),
    'no function': () => new GradientTape().record(wrong(undefined)),
    'a tensor in place of a function': () => new GradientTape().record(wrong(x)),
    'an async function': () => new GradientTape().record(() => Promise.resolve(x)),
    'a number to watch': () => new GradientTape().watch(wrong(3)),
    'the gradient of a number': () => new GradientTape().gradient(wrong(3), variable),
    'the gradient of nothing': () => new GradientTape().gradient(wrong(undefined), variable),
    'no sources': () => new GradientTape().gradient(x, wrong(undefined)),
    'a layer as source': () => new GradientTape().gradient(x, wrong({ weights: [] })),
    'twice': () => {
      const tape = new GradientTape()
      const loss = tape.record(() => ops.sum(variable))
      tape.gradient(loss, variable)
      return tape.gradient(loss, variable)
    },
  },
  'variable.assign': {
    ...Object.fromEntries(Object.entries(kinds['tensor']!).map(([what, value]) => [what, () => variable.assign(wrong(value))])),
    'another shape': () => variable.assign(ops.ones([3])),
  },
  'setRandomSeed': Object.fromEntries(
    Object.entries({ 'nothing': undefined, 'null': null, 'a text': '42', 'a fraction': 0.5, 'negative': -1, 'NaN': NaN, 'Infinity': Infinity, 'a list': [1], 'an object': { seed: 1 }, 'a big integer': 5n })
      .map(([what, value]) => [what, () => setRandomSeed(wrong(value))]),
  ),
}, { least: 9 }) // prettier-ignore
