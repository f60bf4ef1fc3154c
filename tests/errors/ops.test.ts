// Mistakes with operations, from a table of the kinds of their arguments.
import { GradientTape, image, ops, setRandomSeed, tensor, Variable } from '../../src/index.ts'
import { kinds, mistakesOf, type Row } from './arguments.ts'
import { checkMistakes, wrong } from './mistakes.ts'

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
}) // prettier-ignore
