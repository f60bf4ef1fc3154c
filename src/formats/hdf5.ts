// Reads and writes HDF5 files as trees of groups, datasets and attributes. The library behind it runs in a thread of its own.
import { stat } from 'node:fs/promises'
import { FormatError, problem } from '../errors.ts'
import { sizeOf } from '../graph/types.ts'
import { defaultTimeLimit, Hdf5Thread } from './hdf5-thread.ts'
import { halvesToFloat32, wordsToFloat32 } from './half.ts'

/** Strings, numbers, lists of them; null for empty attributes and for types that no model file uses. */
export type Hdf5Attribute = string | number | readonly string[] | readonly number[] | null

export interface Hdf5Group {
  readonly kind: 'group'
  /** From the root, e.g. `/layers/dense`. */
  readonly path: string
  readonly attributes: ReadonlyMap<string, Hdf5Attribute>
  /** By name, in the file's order: sorted, unless the writer asked for another. */
  readonly children: ReadonlyMap<string, Hdf5Node>
}
export interface Hdf5Dataset {
  readonly kind: 'dataset'
  readonly path: string
  readonly attributes: ReadonlyMap<string, Hdf5Attribute>
  /** `float32`, `int64`, `bool`, `string`, … */
  readonly type: string
  /** Null for a dataset without values. */
  readonly shape: readonly number[] | null
}
export type Hdf5Node = Hdf5Group | Hdf5Dataset

/** Values of a dataset, row-major. float16 and bfloat16 are widened. */
export type Hdf5Values =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

const arrays: Readonly<Record<string, (buffer: ArrayBuffer) => Hdf5Values>> = {
  float64: (buffer) => new Float64Array(buffer),
  float32: (buffer) => new Float32Array(buffer),
  float16: (buffer) => halvesToFloat32(new Uint16Array(buffer)),
  bfloat16: (buffer) => wordsToFloat32(new Uint16Array(buffer)),
  int8: (buffer) => new Int8Array(buffer),
  uint8: (buffer) => new Uint8Array(buffer),
  bool: (buffer) => new Uint8Array(buffer),
  int16: (buffer) => new Int16Array(buffer),
  uint16: (buffer) => new Uint16Array(buffer),
  int32: (buffer) => new Int32Array(buffer),
  uint32: (buffer) => new Uint32Array(buffer),
  int64: (buffer) => new BigInt64Array(buffer),
  uint64: (buffer) => new BigUint64Array(buffer),
}

export interface Hdf5Options {
  /** Milliseconds that one operation may take; default 20,000, and one more for every 10 KB. A file that takes longer is refused. */
  readonly timeLimit?: number
}

/** What the thread sends: maps as lists of pairs. */
interface RawGroup {
  kind: 'group'
  path: string
  attributes: [string, Hdf5Attribute][]
  children: [string, RawGroup | RawDataset][]
}
interface RawDataset {
  kind: 'dataset'
  path: string
  attributes: [string, Hdf5Attribute][]
  type: string
  shape: number[] | null
}

/** An open file: its tree is there at once, values are read when asked for. */
export class Hdf5File {
  readonly source: string
  readonly root: Hdf5Group
  readonly #thread: Hdf5Thread
  readonly #handle: number
  readonly #options: Hdf5Options
  #closed = false

  private constructor(source: string, root: Hdf5Group, thread: Hdf5Thread, handle: number, options: Hdf5Options) {
    this.source = source
    this.root = root
    this.#thread = thread
    this.#handle = handle
    this.#options = options
  }

  /**
   * Opens a file: the path of one, or its bytes, which must not be used afterwards (they move to the thread, where nothing else
   * of their buffer may be needed). Links, virtual and external datasets are refused: they are how a file reads other files.
   * @throws FormatError that names `source`; the system's error if there is no such file.
   */
  static async open(from: string | Uint8Array, source: string, given: Hdf5Options = {}): Promise<Hdf5File> {
    const size = typeof from === 'string' ? (await stat(from)).size : from.byteLength
    const options = { timeLimit: given.timeLimit ?? defaultTimeLimit(size) }
    const thread = Hdf5Thread.take()
    try {
      const bytes = typeof from === 'string' ? null : ownBuffer(from)
      const argument = bytes === null ? { path: from } : { bytes }
      const { handle, root } = await thread.call<{ handle: number; root: RawGroup }>(source, 'open', argument, {
        ...options,
        transfer: bytes === null ? [] : [bytes.buffer],
      })
      return new Hdf5File(source, groupOf(root), thread, handle, options)
    } catch (error) {
      thread.release()
      throw error
    }
  }

  /**
   * The values of datasets, in the given order.
   * @throws FormatError for a type that is not numbers, and for values that are damaged or larger than the file.
   */
  async read(datasets: readonly Hdf5Dataset[]): Promise<Hdf5Values[]> {
    const decoders = datasets.map((dataset) => {
      // h5py has no type for bfloat16: Keras says in an attribute what the two bytes are.
      const type = dataset.attributes.get('dtype') === 'bfloat16' ? 'bfloat16' : dataset.type
      const decode = arrays[type]
      const size = sizeOf(dataset.shape ?? [])
      if (decode !== undefined && dataset.shape !== null) return { decode, size }
      throw new FormatError(
        problem({ where: `${this.source}, "${dataset.path}"`, expected: 'numbers', received: dataset.type }),
      )
    })
    const paths = datasets.map(({ path }) => path)
    const bytes = await this.#thread.call<Uint8Array<ArrayBuffer>[]>(
      this.source,
      'read',
      { handle: this.#handle, paths },
      this.#options,
    )
    return decoders.map(({ decode, size }, i) => {
      const own = bytes[i]!
      let values: Hdf5Values | null = null
      try {
        values = decode(own.buffer)
      } catch {
        // Bytes that are no whole number of elements.
      }
      if (values?.length === size) return values
      const where = `${this.source}, "${datasets[i]!.path}"`
      throw new FormatError(problem({ where, expected: `${size} values`, received: `${own.byteLength} bytes` }))
    })
  }

  /** Frees the file. Further reads fail. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      await this.#thread.call(this.source, 'close', { handle: this.#handle }, this.#options)
    } catch (error) {
      // A thread that has ended holds no file.
      if (!(error instanceof FormatError)) throw error
    } finally {
      this.#thread.release()
    }
  }
}

/** Opens a file, runs `use` on it, and closes it whatever comes. See `Hdf5File.open`. */
export async function withHdf5<T>(
  from: string | Uint8Array,
  source: string,
  use: (file: Hdf5File) => Promise<T>,
  options: Hdf5Options = {},
): Promise<T> {
  const file = await Hdf5File.open(from, source, options)
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

/** The node at a path below a group (`a/b/c`), or undefined. */
export function nodeAt(group: Hdf5Group, path: string): Hdf5Node | undefined {
  let node: Hdf5Node | undefined = group
  for (const part of path.split('/')) {
    if (part === '') continue
    if (node?.kind !== 'group') return undefined
    node = node.children.get(part)
  }
  return node
}

function groupOf({ path, attributes, children }: RawGroup): Hdf5Group {
  const nodes = children.map(([name, child]): [string, Hdf5Node] => [
    name,
    child.kind === 'group' ? groupOf(child) : { ...child, attributes: new Map(child.attributes) },
  ])
  return { kind: 'group', path, attributes: new Map(attributes), children: new Map(nodes) }
}

/** The same bytes in a buffer that can be given away. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
  return whole && bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes)
}

// ---- Writing --------------------------------------------------------------------------------------------------------------

/** What can be written: attributes are strings, or lists of strings of fixed length, as h5py makes them of NumPy's bytes. */
export interface Hdf5GroupToWrite {
  readonly kind: 'group'
  readonly attributes: Map<string, string | readonly string[]>
  readonly children: Map<string, Hdf5GroupToWrite | Hdf5DatasetToWrite>
}
export interface Hdf5DatasetToWrite {
  readonly kind: 'dataset'
  readonly attributes: Map<string, string | readonly string[]>
  readonly type: 'float32' | 'float64' | 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64'
  readonly shape: readonly number[]
  /** Row-major, of the type. */
  readonly data: ArrayBufferView
}

/** An empty group to write. */
export function newGroup(): Hdf5GroupToWrite {
  return { kind: 'group', attributes: new Map(), children: new Map() }
}

/** The group at a path below another; what is missing of it is made. @throws FormatError if a dataset is in the way. */
export function makeGroup(parent: Hdf5GroupToWrite, path: string): Hdf5GroupToWrite {
  let group = parent
  for (const part of path.split('/')) {
    if (part === '') continue
    const found = group.children.get(part) ?? newGroup()
    if (found.kind !== 'group')
      throw new FormatError(problem({ where: `HDF5 group "${path}"`, expected: 'groups', received: `a dataset "${part}"` })) // prettier-ignore
    group.children.set(part, found)
    group = found
  }
  return group
}

/** Puts a dataset at a path below a group. */
export function putDataset(
  parent: Hdf5GroupToWrite,
  path: string,
  dataset: Pick<Hdf5DatasetToWrite, 'type' | 'shape' | 'data'>,
): void {
  const cut = path.lastIndexOf('/')
  const group = makeGroup(parent, path.slice(0, Math.max(0, cut)))
  group.children.set(path.slice(cut + 1), { kind: 'dataset', attributes: new Map(), ...dataset })
}

/** The bytes of a file with this tree. Takes the datasets' buffers: they are empty afterwards. */
export async function encodeHdf5(root: Hdf5GroupToWrite): Promise<Uint8Array> {
  const thread = Hdf5Thread.take()
  try {
    const transfer = buffersOf(root)
    const timeLimit = defaultTimeLimit(transfer.reduce((sum, { byteLength }) => sum + byteLength, 0))
    return await thread.call<Uint8Array>('HDF5 writer', 'write', { root: plain(root) }, { transfer, timeLimit })
  } finally {
    thread.release()
  }
}

function buffersOf(root: Hdf5GroupToWrite): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>()
  const visit = (group: Hdf5GroupToWrite): void => {
    for (const child of group.children.values()) {
      if (child.kind === 'group') visit(child)
      else if (child.data.buffer instanceof ArrayBuffer) found.add(child.data.buffer)
    }
  }
  visit(root)
  return [...found]
}

/** With children sorted by name, as h5py's files list them, and maps as lists. */
function plain(group: Hdf5GroupToWrite): object {
  const children = [...group.children].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return {
    kind: 'group',
    attributes: [...group.attributes],
    children: children.map(([name, child]) => [
      name,
      child.kind === 'group' ? plain(child) : { ...child, attributes: [...child.attributes] },
    ]),
  }
}
