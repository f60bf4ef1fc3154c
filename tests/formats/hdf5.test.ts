// HDF5: what h5py writes is read, what is written h5py's way comes back, and every known attack is refused.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FormatError } from '../../src/errors.ts'
import {
  encodeHdf5, Hdf5File, type Hdf5Dataset, type Hdf5Group, type Hdf5Node, type Hdf5Values, makeGroup, newGroup, nodeAt, putDataset, withHdf5,
} from '../../src/formats/hdf5.ts' // prettier-ignore

const folder = 'tests/formats/files'
const fileOf = (name: string): string => join(folder, `${name}.h5`)

async function dataset(name: string, path: string): Promise<Hdf5Values> {
  return withHdf5(fileOf(name), name, async (file) => {
    const [values] = await file.read([nodeAt(file.root, path) as Hdf5Dataset])
    return values!
  })
}
function datasetsOf(node: Hdf5Node): Hdf5Dataset[] {
  return node.kind === 'dataset' ? [node] : [...node.children.values()].flatMap(datasetsOf)
}

describe('what h5py writes', () => {
  test('numbers of every type', async () => {
    const expected = [0, 1, 2, 3, 4, 5]
    for (const type of ['float16', 'float32', 'float64', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'big_endian_f4', 'big_endian_i8', 'chunked'] /* prettier-ignore */)
      expect([type, Array.from(await dataset('kinds', type), Number)]).toEqual([type, expected])
    expect([...(await dataset('kinds', 'bool'))]).toEqual([0, 0, 0, 1, 1, 1])
    expect([...(await dataset('kinds', 'bfloat16'))]).toEqual([1, -2.5, Infinity])
    expect([...(await dataset('kinds', 'scalar'))]).toEqual([2.5])
    expect([...(await dataset('kinds', 'zero_rows'))]).toEqual([])
    expect(await dataset('kinds', 'gzip')).toEqual(new Float32Array(64 * 64))
  })

  test('what holds no numbers says so', async () => {
    for (const path of ['text', 'pairs', 'none'])
      await expect(dataset('kinds', path)).rejects.toThrow(new RegExp(`kinds, "/${path}": expected numbers`))
  })

  test.each(['attributes', 'newest'])('attributes (%s)', async (name) => {
    const file = await Hdf5File.open(fileOf(name), name)
    await file.close()
    const { attributes } = file.root
    expect(attributes.get('text')).toBe('Größe')
    expect(attributes.get('bytes')).toBe('tensorflow')
    expect(attributes.get('names')).toEqual(['a', 'bcd', 'ü'])
    expect(attributes.get('vlen_names')).toEqual(['x', 'yz'])
    expect(attributes.get('empty')).toEqual([])
    expect(attributes.get('number')).toBe(3)
    expect(attributes.get('numbers')).toEqual([1.5, 2.5])
    expect(attributes.get('nothing')).toBe(null)
    expect(attributes.get('pair')).toBe(null)
    expect(attributes.get('long')).toBe('x'.repeat(70_000))
  })

  test('children keep the order that a file asks for', async () => {
    await withHdf5(fileOf('ordered'), 'ordered', async ({ root }) =>
      expect([...root.children.keys()]).toEqual(['b', 'a', 'c']),
    )
  })

  test('bytes are read as a file is', async () => {
    const bytes = new Uint8Array(readFileSync(fileOf('kinds')))
    const values = await withHdf5(bytes, 'bytes', async (file) =>
      file.read([nodeAt(file.root, '/float32') as Hdf5Dataset]),
    )
    expect([...values[0]!]).toEqual([0, 1, 2, 3, 4, 5])
  })
})

describe('writing', () => {
  test('comes back as it was', async () => {
    const root = newGroup()
    root.attributes.set('layer_names', ['a', 'longer', 'ü'])
    root.attributes.set('weight_names', [])
    root.attributes.set('model_config', JSON.stringify({ long: 'x'.repeat(100_000) }))
    putDataset(root, 'a/b/c', { type: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, NaN) })
    putDataset(root, 'a/b/count', { type: 'int64', shape: [], data: BigInt64Array.of(7n) })
    putDataset(root, 'none', { type: 'float32', shape: [0, 3], data: new Float32Array(0) })
    makeGroup(root, 'empty/inside').attributes.set('name', 'inner')
    const written = await encodeHdf5(root)
    await withHdf5(written, 'written', async (file) => {
      expect([...file.root.attributes]).toEqual([...root.attributes].sort(([a], [b]) => (a < b ? -1 : 1)))
      expect(nodeAt(file.root, 'empty/inside')!.attributes.get('name')).toBe('inner')
      const found = datasetsOf(file.root)
      expect(found.map(({ path, type, shape }) => [path, type, shape])).toEqual([
        ['/a/b/c', 'float32', [2, 2]],
        ['/a/b/count', 'int64', []],
        ['/none', 'float32', [0, 3]],
      ])
      const values = await file.read(found)
      expect(values.map((each) => [...each])).toEqual([[1, 2, 3, NaN], [7n], []])
    })
  })

  test('the same values make the same bytes, whenever that is', async () => {
    const write = async () => {
      const root = newGroup()
      root.attributes.set('name', 'model')
      putDataset(root, 'layer/vars/0', { type: 'float32', shape: [2], data: Float32Array.of(1, 2) })
      return Buffer.from(await encodeHdf5(root))
    }
    const first = await write()
    // The format counts whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    expect((await write()).equals(first)).toBe(true)
  })

  test('a dataset in the place of a group is an error', () => {
    const root = newGroup()
    putDataset(root, 'a', { type: 'float32', shape: [], data: Float32Array.of(1) })
    expect(() => makeGroup(root, 'a/b')).toThrow(FormatError)
  })
})

describe('attacks', () => {
  const refused: Record<string, RegExp> = {
    external_link: /\/weights is a link to another file/,
    soft_link: /\/weights is a soft link/,
    dangling_link: /\/weights is a soft link/,
    virtual: /\/weights is a virtual dataset/,
    named_type: /neither a group nor a dataset/,
    circle: /nested more than 64 deep/,
    deep: /nested more than 64 deep/,
  }
  test.each(Object.entries(refused))('%s is refused before anything is read', async (name, message) => {
    await expect(Hdf5File.open(fileOf(name), name)).rejects.toThrow(message)
    await expect(Hdf5File.open(fileOf(name), name)).rejects.toThrow(FormatError)
  })

  test.each(['external_storage', 'standard_input', 'descriptor'])('%s: no other file is read', async (name) => {
    await expect(dataset(name, 'weights')).rejects.toThrow(FormatError)
    await expect(dataset(name, 'weights')).rejects.toThrow(/unable to open external raw data file/)
  })

  test.each(['huge', 'huge_compressed', 'huge_chunk', 'beyond'])('%s: claims are not believed', async (name) => {
    await expect(dataset(name, 'weights')).rejects.toThrow(/claim to be larger than the file/)
  })

  test('many_names: one dataset under many names is not read again and again', async () => {
    await withHdf5(fileOf('many_names'), 'many', async (file) =>
      expect(file.read(datasetsOf(file.root))).rejects.toThrow(/claim to be larger than the file/),
    )
  })

  test('a file that takes too long is given up, and the next one is read', async () => {
    const bytes = new Uint8Array(readFileSync(fileOf('kinds')))
    await expect(Hdf5File.open(bytes, 'slow', { timeLimit: 1 })).rejects.toThrow(/takes longer than 0.001 seconds/)
    expect([...(await dataset('kinds', 'scalar'))]).toEqual([2.5])
  })

  test('cut and foreign files are told by name', async () => {
    const whole = readFileSync(fileOf('kinds'))
    const temporary = mkdtempSync(join(tmpdir(), 'tanuki-hdf5-'))
    try {
      for (const cut of [0, 1, 7, 8, 100, 2000, whole.length - 1]) {
        const path = join(temporary, 'cut.h5')
        writeFileSync(path, whole.subarray(0, cut))
        await expect(Hdf5File.open(path, 'cut.h5')).rejects.toThrow(/cut\.h5: expected an HDF5 file/)
      }
      copyFileSync('package.json', join(temporary, 'no.h5'))
      await expect(Hdf5File.open(join(temporary, 'no.h5'), 'no.h5')).rejects.toThrow(FormatError)
      await expect(Hdf5File.open(join(temporary, 'none.h5'), 'none.h5')).rejects.toThrow(/ENOENT/)
    } finally {
      rmSync(temporary, { recursive: true })
    }
  })
})

test('two files are open at once', async () => {
  const files = await Promise.all(['kinds', 'attributes'].map((name) => Hdf5File.open(fileOf(name), name)))
  const root: Hdf5Group = files[0]!.root
  expect([...(await files[0]!.read([nodeAt(root, 'scalar') as Hdf5Dataset]))[0]!]).toEqual([2.5])
  await Promise.all(files.map((file) => file.close()))
  await expect(files[0]!.read([nodeAt(root, 'scalar') as Hdf5Dataset])).rejects.toThrow(FormatError)
})
