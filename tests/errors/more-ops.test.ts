// Mistakes with the rest of the operations: comparisons, choices, windows over images, random numbers, functions on pictures.
import { image, ops } from '../../src/index.ts'
import { mistakesOf, type Row } from './arguments.ts'
import { checkMistakes, type Mistakes, wrong } from './mistakes.ts'

const x = ops.ones([2, 3])
const rows: Record<string, Row> = {}
for (const name of ['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual'])
  rows[name] = [[x, x], 'tensor', 'other']
Object.assign(rows, {
  reciprocal: [[x], 'tensor'],
  where: [[x, x, x], 'tensor', 'other', 'other'],
  clip: [[x, 0, 1], 'tensor', 'other', 'other'],
  pad: [[x, [[1, 1], [0, 0]], {}], 'tensor', 'integers', 'optional'],
  slice: [[x, [0, 0], [1, 1]], 'tensor', 'integers', 'integers'],
  split: [[x, 3, 1], 'tensor', 'parts', 'axis'],
  tile: [[x, 2], 'tensor', 'repeats'],
  transpose: [[x, [1, 0]], 'tensor', 'order'],
  scatterAdd: [[[0, 1], x, 2], 'indices', 'tensor', 'count'],
  take: [[x, [0], 1], 'tensor', 'indices', 'axis'],
  takeAlongAxis: [[x, [[0], [1]], 1], 'tensor', 'indices', 'axis'],
  moments: [[x, {}], 'tensor', 'optional'],
  eye: [[2, 2, {}], 'count', 'parts', 'optional'],
  hsvToRgb: [[x], 'tensor'],
  rgbToHsv: [[x], 'tensor'],
  rgbToGrayscale: [[x], 'tensor'],
} satisfies Record<string, Row>) // prettier-ignore
const batch = ops.ones([1, 8, 8, 3])
const kernel = ops.ones([3, 3, 3, 3])
for (const name of ['conv', 'convTranspose', 'depthwiseConv'])
  rows[name] = [[batch, kernel, {}], 'images', 'kernel', 'window']
rows['separableConv'] = [[batch, ops.ones([3, 3, 3, 1]), ops.ones([1, 1, 3, 2]), {}], 'images', 'kernel', 'kernel', 'window'] // prettier-ignore
for (const name of ['maxPool', 'averagePool']) rows[name] = [[batch, {}], 'images', 'window']

/** Wrong parameters of a distribution, beside a wrong shape and wrong options. */
const drawn = (name: 'randomInt' | 'randomGamma' | 'randomBeta' | 'randomDirichlet', options: object): Mistakes => {
  const draw = (ops as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!
  const mistakes: Record<string, () => unknown> = {
    'no options': () => draw([2]),
    'options as number': () => draw([2], 10),
    'options null': () => draw([2], null),
    'an option that is not one': () => draw([2], { ...options, high: 10 }),
    'a seed of another shape': () => draw([2], { ...options, seed: [1, 2, 3] }),
    'a text as shape': () => draw('2', options),
    'a number as shape': () => draw(2, options),
    'no shape': () => draw(undefined, options),
  }
  for (const option of Object.keys(options)) {
    if (option !== 'minval') mistakes[`${option} missing`] = () => draw([2], { ...options, [option]: undefined })
    mistakes[`${option} as text`] = () => draw([2], { ...options, [option]: '1' })
    mistakes[`${option} NaN`] = () => draw([2], { ...options, [option]: NaN })
  }
  return mistakes
}

const picture = ops.ones([4, 4, 3])
const transforms = ops.ones([1, 8])
const pictures: Record<string, Row> = {
  affineTransform: [[ops.ones([1, 4, 4, 3]), transforms, {}], 'images', 'kernel', 'optional'],
  cropToAspectRatio: [[picture, [2, 4]], 'picture', 'size'],
  padToAspectRatio: [[picture, [2, 4], 0], 'picture', 'size', 'fill'],
  smartResize: [[picture, [2, 4], {}], 'picture', 'size', 'optional'],
  hsvToRgb: [[picture], 'tensor'],
  rgbToHsv: [[picture], 'tensor'],
  adjustGamma: [[picture, 1, 1], 'tensor', 'amount', 'amount'],
  convertImageDtype: [[picture, 'uint8'], 'tensor', 'dtype'],
  grayscaleToRgb: [[ops.ones([4, 4, 1])], 'grey'],
  cropToBoundingBox: [[picture, 0, 0, 2, 2], 'picture', 'int', 'int', 'int', 'int'],
  padToBoundingBox: [[picture, 0, 0, 4, 4], 'picture', 'int', 'int', 'int', 'int'],
  resizeWithCropOrPad: [[picture, 2, 2], 'picture', 'int', 'int'],
  resizeWithPad: [[picture, 2, 2, {}], 'picture', 'int', 'int', 'optional'],
  extractPatches: [[picture, { size: 2 }], 'picture', 'optional'],
}

checkMistakes('more-ops', {
  ...mistakesOf('ops', ops, rows),
  ...mistakesOf('image', image, pictures),
  'ops.arange': {
    'nothing': () => ops.arange(wrong(undefined)), 'null': () => ops.arange(wrong(null)), 'a text': () => ops.arange(wrong('10')), 'NaN': () => ops.arange(NaN),
    'infinitely many': () => ops.arange(Infinity), 'a stop as text': () => ops.arange(0, wrong('10')), 'a step of 0': () => ops.arange(0, 10, 0),
    'a step as text': () => ops.arange(0, 10, wrong('1')), 'float64': () => ops.arange(0, 10, 1, wrong('float64')), 'a list': () => ops.arange(wrong([0, 10])), 'a tensor': () => ops.arange(wrong(x)),
  },
  'ops.stridedSlice': {
    'nothing': () => ops.stridedSlice(wrong(undefined), { starts: [0] }), 'no ranges': () => ops.stridedSlice(x, wrong(undefined)), 'a list': () => ops.stridedSlice(x, wrong([0, 1])),
    'an option that is not one': () => ops.stridedSlice(x, wrong({ starts: [0], ends: [1] })), 'starts as number': () => ops.stridedSlice(x, wrong({ starts: 0 })),
    'no starts': () => ops.stridedSlice(x, wrong({ limits: [1] })), 'fractions': () => ops.stridedSlice(x, { starts: [0.5] }), 'texts': () => ops.stridedSlice(x, wrong({ starts: ['0'] })),
    'strides of 0': () => ops.stridedSlice(x, { starts: [0], strides: [0] }), 'too many': () => ops.stridedSlice(x, { starts: [0, 0, 0] }), 'a fraction as stride': () => ops.stridedSlice(x, { starts: [0], strides: [0.5] }),
  },
  'ops.randomInt': drawn('randomInt', { minval: 0, maxval: 10 }),
  'ops.randomGamma': drawn('randomGamma', { alpha: 1 }),
  'ops.randomBeta': drawn('randomBeta', { alpha: 1, beta: 1 }),
  'ops.randomDirichlet': drawn('randomDirichlet', { alpha: 1 }),
  'ops.randomPermutation': {
    'nothing': () => ops.randomPermutation(wrong(undefined)), 'a list': () => ops.randomPermutation(wrong([1, 2])), 'a text': () => ops.randomPermutation(wrong('3')), 'negative': () => ops.randomPermutation(-1),
    'a fraction': () => ops.randomPermutation(1.5), 'NaN': () => ops.randomPermutation(NaN), 'a tensor': () => ops.randomPermutation(wrong(x)), 'options as number': () => ops.randomPermutation(3, wrong(1)),
    'an option that is not one': () => ops.randomPermutation(3, wrong({ sed: 1 })), 'a seed of another shape': () => ops.randomPermutation(3, { seed: [1, 2, 3] }),
  },
  'ops.hostRandom': {
    'nothing': () => ops.hostRandom(wrong(undefined)), 'null': () => ops.hostRandom(wrong(null)), 'a text': () => ops.hostRandom(wrong('1')), 'a fraction': () => ops.hostRandom(0.5), 'negative': () => ops.hostRandom(-1),
    'NaN': () => ops.hostRandom(NaN), 'a list': () => ops.hostRandom(wrong([1])), 'a stream as text': () => ops.hostRandom(1, wrong('train')), 'int of nothing': () => ops.hostRandom(1).int(wrong(undefined)), 'int of 0': () => ops.hostRandom(1).int(0),
  },
  'ops.evaluate': Object.fromEntries(
    Object.entries({ 'nothing': undefined, 'null': null, 'a text': 'loss', 'texts': ['a'], 'a promise': Promise.resolve(x), 'an object': { x }, 'a function': () => x, 'ragged lists': [[1], [1, 2]], 'a Float64Array': new Float64Array(2), 'a big integer': 5n })
      .map(([what, value]) => [what, () => ops.evaluate(wrong(value))]),
  ),
}) // prettier-ignore
