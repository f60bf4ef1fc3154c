// Wrong values by kind of argument, and tables of mistakes made of them: functions that share kinds of arguments share mistakes.
import { ops, tensor } from '../../src/index.ts'
import type { Mistakes } from './mistakes.ts'

const one = tensor([1, 2])
/** Wrong values by kind of argument. */
export const kinds: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
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
  int: { 'nothing': undefined, 'null': null, 'a fraction': 1.5, 'a text': '2', 'NaN': NaN, 'a list': [2] },
  parts: { 'null': null, 'a fraction': 1.5, 'a text': '2', 'NaN': NaN, 'an object': { sections: 2 } },
  repeats: { 'nothing': undefined, 'a text': '2', 'negative': -1, 'a fraction': 1.5, 'NaN': NaN, 'texts': ['2'], 'null': null },
  order: { 'null': null, 'a number': 1, 'a text': '1,0', 'too few': [0], 'fractions': [0.5, 0.5], 'twice': [0, 0], 'out of range': [0, 2] },
  grey: { 'nothing': undefined, 'null': null, 'a path': 'cat.jpg', 'a promise': Promise.resolve(one), 'one row': ops.ones([3]), 'a number': 3, 'an object': { data: [] }, 'too many axes': ops.ones([1, 1, 4, 4, 1]), 'colours': ops.ones([4, 4, 3]), 'texts': ['a'] },
  indices: { 'nothing': undefined, 'fractions': [0.5], 'a text': '0', 'float32': ops.ones([2]), 'texts': ['0'], 'a promise': Promise.resolve(one), 'null': null },
  integers: { 'nothing': undefined, 'null': null, 'a number': 1, 'a text': '0,0', 'too few': [0], 'fractions': [0.5, 0.5], 'texts': ['0', '0'], 'NaN': [NaN, 0], 'an object': { start: 0 } },
  picture: { 'nothing': undefined, 'null': null, 'a path': 'cat.jpg', 'a promise': Promise.resolve(one), 'one row': ops.ones([3]), 'a number': 3, 'an object': { data: [] }, 'too many axes': ops.ones([1, 1, 4, 4, 3]) },
  images: { 'nothing': undefined, 'null': null, 'a path': 'cat.jpg', 'a promise': Promise.resolve(one), 'one picture': ops.ones([4, 4, 3]), 'rows': ops.ones([2, 3]) },
  kernel: { 'nothing': undefined, 'null': null, 'a size': 3, 'a size as list': [3, 3], 'a matrix': ops.ones([3, 3]), 'for other channels': ops.ones([3, 3, 7, 2]) },
  window: { 'null': null, 'a number': 2, 'a text': 'same', 'an option that is not one': { stride: 2 }, 'snake case': { pool_size: 2 }, 'strides of 0': { strides: 0 }, 'strides as text': { strides: '2' }, 'three strides': { strides: [1, 1, 1] }, 'padding misspelt': { padding: 'sames' }, 'padding as a number': { padding: 1 }, 'channels first': { dataFormat: 'channels_first' } },
  optional: { 'a number': 1, 'a text': 'all', 'null': null, 'a list': [1], 'an option that is not one': { axiss: 1 } },
  fill: { 'null': null, 'a text': '0', 'a list': [0, 0, 0] },
  amount: { 'null': null, 'a text': '0.1', 'NaN': NaN, 'a list': [1] },
  draw: { 'a text': 'normal', 'a number': 1, 'null': null, 'misspelt': { sed: 1 }, 'a seed of another shape': { seed: [1, 2, 3] } },
} // prettier-ignore

/** Good arguments, then the kind of each; null for one that is not mistaken. */
export type Row = readonly [good: readonly unknown[], ...kinds: (string | null)[]]

/** The mistakes with each function of `module` that `table` names, keyed as `where.name`. */
export function mistakesOf(
  where: string,
  module: object,
  table: Readonly<Record<string, Row>>,
): Record<string, Mistakes> {
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
