// NPY and NPZ: what NumPy writes (see arrays/make.py), what is refused, and damage of every kind.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as data from '../../src/data/index.ts'
import * as datasets from '../../src/data/datasets/index.ts'
import { ArgumentError, FormatError } from '../../src/errors.ts'
import { decodeNpy, decodeNpz } from '../../src/formats/npy.ts'
import { encodeZip } from '../../src/formats/zip.ts'
import type { Tensor } from '../../src/ops/index.ts'

const file = (name: string): string => join('tests/formats/arrays', name)
const base = Array.from({ length: 24 }, (_, i) => i)

/** A file with this header, padded as NumPy does, and these values. */
function npy(header: string, values: Uint8Array = new Uint8Array(), version = 1): Uint8Array {
  const text = header.padEnd(117) + '\n'
  const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0]
  const bytes = [0x93, ...Buffer.from('NUMPY'), version, 0, ...length, ...Buffer.from(text, 'latin1'), ...values]
  return Uint8Array.from(bytes)
}
const dict = (descr: string, shape: string, fortran = 'False'): string =>
  `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }`

describe('what NumPy writes', () => {
  test('every type of numbers in either byte order, C and Fortran', async () => {
    const arrays = await decodeNpz(file('kinds.npz'))
    let seen = 0
    for (const [name, array] of arrays) {
      const [, type] = /^(?:little|big)_(\w\d)(?:_fortran)?$/.exec(name) ?? []
      if (type === undefined) continue
      seen++
      const dtype = type === 'u1' ? 'uint8' : type.startsWith('f') ? 'float32' : 'int32'
      const value = (i: number) => (type.startsWith('u') ? i : type.startsWith('f') ? (i - 12) / 4 : i - 12)
      expect(array.dtype, name).toBe(dtype)
      expect(array.shape, name).toEqual([2, 3, 4])
      expect(Array.from(array.data), name).toEqual(base.map(value))
    }
    expect(seen).toBe(44)
    for (const name of ['bool', 'bool_fortran'])
      expect(arrays.get(name)).toEqual({ shape: [2, 3, 4], dtype: 'bool', data: Uint8Array.from(base, (i) => Number(i % 3 === 0)) }) // prettier-ignore
    expect(arrays.get('scalar')).toEqual({ shape: [], dtype: 'float32', data: Float32Array.of(1.5) })
    expect(arrays.get('one')).toEqual({ shape: [1], dtype: 'int32', data: Int32Array.of(7) })
    expect(arrays.get('none')).toEqual({ shape: [0, 3], dtype: 'float32', data: new Float32Array() })
    expect(arrays.get('extremes')?.data).toEqual(Int32Array.of(-(2 ** 31), 2 ** 31 - 1))
  })
  test('versions 1, 2 and 3, as tensors', async () => {
    for (const version of [1, 2, 3]) {
      const made = await data.readNpy(file(`version${version}.npy`))
      expect([made.dtype, made.shape]).toEqual(['float32', [3, 4]])
      expect(await made.data()).toEqual(Float32Array.from(base.slice(0, 12)))
    }
  })
  test('an archive as tensors; zeros packed a thousand times are no bomb', async () => {
    const { mask } = await data.readNpz(file('zeros.npz'))
    expect([mask!.dtype, mask!.shape]).toEqual(['float32', [1200, 1000, 1]])
    await expect(data.readNpz(file('zeros.npz'), { maxBytes: 1_000_000 })).rejects.toThrow(/maxBytes/)
    await expect(data.readNpz(file('nothing.npz'))).rejects.toThrow(/nothing\.npz.*no such file/)
  })
  test('a header of Python 2, double quotes, other orders of keys, no spaces', () => {
    const values = Uint8Array.of(1, 2, 3)
    for (const header of [
      dict("'|u1'", '(3L,)'),
      dict('"|u1"', '( 3 , )'),
      '{"shape":(1,3),"fortran_order":True,"descr":"|u1"}',
    ])
      expect(decodeNpy(npy(header, values)).data, header).toEqual(values)
  })
})

describe('what is refused', () => {
  test('Python objects, and other types that are no numbers', async () => {
    await expect(data.readNpy(file('object.npy'))).rejects.toThrow(FormatError)
    await expect(data.readNpy(file('object.npy'))).rejects.toThrow(/pickle.*run code/)
    await expect(data.readNpz(file('object.npz'))).rejects.toThrow(/bad.*[\s\S]*pickle/)
    await expect(data.readNpy(file('text.npy'))).rejects.toThrow(/<U3/)
    await expect(data.readNpy(file('complex.npy'))).rejects.toThrow(/<c16/)
    await expect(data.readNpy(file('structured.npy'))).rejects.toThrow(/structured/)
    await expect(data.readNpy(file('too_large.npy'))).rejects.toThrow(/2147483648/)
  })
  test('headers that are not quite Python, or not quite these keys', () => {
    const values = Uint8Array.of(1, 2, 3)
    const wrong = [
      dict("'|u1'", '(3)'),
      dict("'|u1'", '(,)'),
      dict("'|u1'", '(-3,)'),
      dict("'|u1'", '(1.5,)'),
      dict("'|u1'", '[3]'),
      dict("'|u1'", '(4,)'),
      dict("'|u1'", '(2,)'),
      dict("'|u1'", `(${'1,'.repeat(70)}3)`),
      dict("'|u1'", '(0, 99999999999999999999)'),
      dict("'|u1'", '(99999999999999999999,)'),
      dict("'|u1'", '(3,)', '0'),
      dict("'|f4'", '(3,)'),
      dict("'u1'", '(3,)'),
      dict("'=u1'", '(3,)'),
      dict("'|toString'", '(3,)'),
      dict("'|u1' + ''", '(3,)'),
      dict("'|u1'", '(3,)').replace('}', "'more': 'x'}"),
      dict("'|u1'", '(3,)').replace('}', "'shape': (3,)}"),
      dict("'|u1'", '(3,)').replace("'descr'", "'other'"),
      dict("'|u1'", '(3,)').replace('{', '{,'),
      "{'descr': '|u1' 'fortran_order': False, 'shape': (3,)}",
      '{}',
      '',
      "__import__('os').system('true')",
    ]
    for (const header of wrong) expect(() => decodeNpy(npy(header, values)), header).toThrow(FormatError)
  })
  test('sizes that the bytes do not bear out, before memory is taken', () => {
    expect(() => decodeNpy(npy(dict("'<f8'", '(2000000000, 2000000000)')))).toThrow(FormatError)
    const long = npy(dict("'|u1'", '(0,)'), new Uint8Array(), 2)
    new DataView(long.buffer).setUint32(8, 0xffffffff, true)
    expect(() => decodeNpy(long)).toThrow(/header/)
    for (const version of [0, 4]) expect(() => decodeNpy(npy('{}', undefined, version))).toThrow(/version/)
  })
  test('archives with other things, or none', async () => {
    const other = await encodeZip([{ name: 'readme.txt', data: new Uint8Array(3) }])
    await expect(decodeNpz(other)).rejects.toThrow(/readme\.txt/)
    await expect(decodeNpz(new Uint8Array(100))).rejects.toThrow(FormatError)
  })
})

describe('damage', () => {
  const outcome = async (work: () => unknown): Promise<void> => {
    try {
      await work()
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError)
    }
  }
  test('NPY: any changed bytes, cuts and noise give an array or a FormatError', async () => {
    for (const name of ['version1.npy', 'version2.npy', 'object.npy', 'structured.npy', 'too_large.npy']) {
      const whole = new Uint8Array(await readFile(file(name)))
      for (let end = 0; end < whole.length; end++) expect(() => decodeNpy(whole.subarray(0, end))).toThrow(FormatError)
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }), async (edits) => {
          const changed = whole.slice()
          for (const [at, byte] of edits) changed[at] = byte
          await outcome(() => {
            const { shape, data: values } = decodeNpy(changed)
            expect(shape.reduce((product, size) => product * size, 1)).toBe(values.length)
            expect(values.length).toBeLessThanOrEqual(whole.length)
          })
        }),
        { numRuns: 1000, seed: 1 },
      ) // prettier-ignore
    }
    const piece = fc.constantFrom("'descr'", "'shape'", "'fortran_order'", ':', ',', '(', ')', '3', 'L', ' ', '[', '{', '}', "'|u1'", "'<f4'", "'|O'", 'False', "'") // prettier-ignore
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), (pieces) =>
        outcome(() => decodeNpy(npy(`{${pieces.join('')}}`, Uint8Array.of(1, 2, 3)))),
      ),
      { numRuns: 2000, seed: 2 },
    )
  })
  test('a header made to keep a parser busy', () => {
    for (const part of ['1,', '1 ', ' ', '1', "'a':'',", '(']) {
      const text = `{'shape': (${part.repeat(9000 / part.length)}`
      expect(() => decodeNpy(npy(text))).toThrow(FormatError)
      expect(() => decodeNpy(npy(`{${part.repeat(9000 / part.length)}}`))).toThrow(FormatError)
    }
  })
  test('NPZ: changed bytes and cuts', async () => {
    const whole = new Uint8Array(await readFile(file('mnist.npz')))
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, bits, cut) => {
        const changed = whole.slice(0, cut ? at : undefined)
        if (!cut) changed[at]! ^= bits
        await outcome(async () => {
          const arrays = await decodeNpz(changed, 'changed', { maxBytes: 1_000_000 })
          for (const { data: values } of arrays.values()) expect(values.length).toBeLessThan(1000)
        })
      }),
      { numRuns: 400, seed: 3 },
    ) // prettier-ignore
  })
})

describe('sets in the layout of keras.datasets', () => {
  const labels = async (dataset: AsyncIterable<unknown>): Promise<number[]> => {
    const all: number[] = []
    for await (const element of dataset) all.push(await (element as [Tensor, Tensor])[1].item())
    return all
  }
  test('MNIST: grey pictures get their axis, in the order of the file', async () => {
    const [train, held, rest] = await datasets.loadFromNpz(file('mnist.npz'), {
      split: ['train[:80%]', 'train[80%:]', 'test'],
      asSupervised: true,
    })
    expect([train, held, rest].map((dataset) => dataset!.cardinality())).toEqual([8, 2, 4])
    expect(await labels(train!)).toEqual([4, 2, 3, 3, 0, 0, 3, 3])
    expect(await labels(held!)).toEqual([0, 1])
    expect(await labels(rest!)).toEqual([3, 1, 1, 3])
    expect(train!.info.features).toEqual({ image: { kind: 'image', channels: 1 }, label: { kind: 'label', count: 5 } })
    const batches = await datasets.loadFromNpz(file('mnist.npz'), { split: 'train', asSupervised: true, batchSize: 10 })
    for await (const batch of batches) {
      const [x, y] = batch as [Tensor, Tensor]
      expect([x.dtype, x.shape, y.dtype, y.shape]).toEqual(['uint8', [10, 4, 3, 1], 'int32', [10]])
      expect(await x.data()).toEqual(Uint8Array.from({ length: 120 }, (_, i) => i))
    }
  })
  test('CIFAR: labels lose their axis of one; names of classes', async () => {
    const classNames = ['a', 'b', 'c', 'd', 'e']
    const { train, test: rest } = await datasets.loadFromNpz(file('cifar.npz'), { classNames, asSupervised: true })
    expect(train!.classNames).toEqual(classNames)
    expect(await train!.elementSpec()).toEqual([new data.TensorSpec([null, null, 3], 'uint8'), new data.TensorSpec([], 'int32')]) // prettier-ignore
    expect(await labels(train!)).toEqual([4, 1, 2, 2, 0, 0, 3, 3, 3, 2])
    expect(await labels(rest!)).toEqual([3, 1, 1, 3])
    await expect(datasets.loadFromNpz(file('cifar.npz'), { classNames: ['a'] })).rejects.toThrow(FormatError)
    await expect(datasets.loadFromNpz(file('cifar.npz'), { split: 'other' })).rejects.toThrow(ArgumentError)
  })
  test('other arrays: features and targets; what does not belong together is refused', async () => {
    const floats = npy(dict("'<f4'", '(2, 3)'), new Uint8Array(24))
    const targets = npy(dict("'<f8'", '(2,)'), new Uint8Array(16))
    const three = npy(dict("'<i4'", '(3,)'), new Uint8Array(12))
    const folder = await mkdtemp(join(tmpdir(), 'tanuki-npz-'))
    const load = async (arrays: Record<string, Uint8Array>) => {
      const path = join(folder, 'own.npz')
      await writeFile(path, await encodeZip(Object.entries(arrays).map(([name, bytes]) => ({ name: `${name}.npy`, data: bytes })))) // prettier-ignore
      return datasets.loadFromNpz(path)
    }
    try {
      const { all_of_it: dataset } = await load({ x_all_of_it: floats, y_all_of_it: targets, more: three })
      expect(dataset!.info).toEqual({
        name: 'own', version: '1.0.0', splits: { all_of_it: [2] }, supervisedKeys: ['features', 'label'],
        features: { features: { kind: 'tensor', dtype: 'float32', shape: [3] }, label: { kind: 'tensor', dtype: 'float32', shape: [] } },
      }) // prettier-ignore
      await expect(load({ x_train: floats })).rejects.toThrow(/y_train/)
      await expect(load({ x_train: floats, y_train: three })).rejects.toThrow(/one example/)
      await expect(load({ more: three })).rejects.toThrow(/x_train/)
      const mixed = { x_train: floats, y_train: targets, x_test: three, y_test: three }
      await expect(load(mixed)).rejects.toThrow(/one shape and dtype/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
  test('IDX files as tensors', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tanuki-idx-'))
    try {
      await writeFile(join(folder, 'labels'), Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9))
      const labelTensor = await data.readIdx(join(folder, 'labels'))
      expect([labelTensor.dtype, await labelTensor.array()]).toEqual(['uint8', [7, 8, 9]])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
