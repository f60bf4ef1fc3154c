// The thread in which the HDF5 library runs: it knows no files but those that it is handed, and can be ended at any time.
// Plain JavaScript, because a worker is started from a file and Node 20 runs no TypeScript.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import * as h5wasm from 'h5wasm'

/** Limits against crafted files: real models have a few thousand objects, a dozen levels deep. The library needs the cube of the depth in time. */
const maxObjects = 200_000
const maxDepth = 64
const maxAttributeBytes = 1 << 26
const maxDatasetBytes = 2 ** 31 - 1
/** How much smaller compression may make values. */
const maxRatio = 100

/** What a file cannot be: told to the caller as a damaged or refused file, not as a defect of this code. */
class Refusal extends Error {}

const Module = await h5wasm.ready
// Without it, a failed read would return whatever lies in memory.
Module.activate_throwing_error_handler()
const { FS } = Module
// A dataset may name a file that its values lie in: the standard input must not be one.
quietly(() => FS.unmount('/proc/self/fd'))
for (const device of FS.readdir('/dev')) quietly(() => FS.unlink(`/dev/${device}`))

// The library puts the time into what it writes. As in h5py's files, nothing depends on it: the same values make the same bytes.
Date.now = () => 0

/** Open files: name in the library's own file system, its handle, and the descriptor that it reads from, if any. */
const open = new Map()
let count = 0

const handlers = {
  open({ bytes, path }) {
    const name = `/file${++count}`
    const entry = { name, id: null, fd: null, size: 0, spent: 0 }
    try {
      if (bytes === undefined) {
        entry.fd = openSync(path, 'r')
        entry.size = fstatSync(entry.fd).size
        mapDescriptor(name, entry.fd, entry.size)
      } else {
        entry.size = bytes.byteLength
        FS.writeFile(name, bytes, { canOwn: true })
      }
      entry.id = Module.open(name, Module.H5F_ACC_RDONLY, false, -1, -1)
      if (entry.id < 0n) throw new Refusal('it cannot be opened')
      open.set(count, entry)
      return { result: { handle: count, root: tree(entry) } }
    } catch (error) {
      open.delete(count)
      close(entry)
      throw error
    }
  },
  read({ handle, paths }) {
    const entry = open.get(handle)
    const result = []
    const transfer = []
    for (const path of paths) {
      const bytes = readDataset(entry, path)
      result.push(bytes)
      transfer.push(bytes.buffer)
    }
    return { result, transfer }
  },
  close({ handle }) {
    const entry = open.get(handle)
    open.delete(handle)
    close(entry)
    return { result: null }
  },
  write({ root }) {
    const name = `/file${++count}`
    let id = null
    try {
      id = Module.open(name, Module.H5F_ACC_TRUNC, false, -1, -1)
      if (id < 0n) throw new Error('the library made no file')
      writeGroup(id, '/', root)
      Module.flush(id)
      Module.close_file(id)
      id = null
      const node = FS.lookupPath(name).node
      const bytes = new Uint8Array(FS.readFile(name).subarray(0, node.usedBytes))
      return { result: bytes, transfer: [bytes.buffer] }
    } finally {
      if (id !== null) quietly(() => Module.close_file(id))
      quietly(() => FS.unlink(name))
    }
  },
}

parentPort.on('message', ({ operation, argument }) => {
  try {
    const { result, transfer = [] } = handlers[operation](argument)
    parentPort.postMessage({ result }, transfer)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const system = error instanceof Error && typeof error.code === 'string' ? error.code : null
    // After a trap nothing in the library's memory can be relied upon.
    const trapped = error instanceof WebAssembly.RuntimeError || error instanceof RangeError
    parentPort.postMessage({ problem: { text: firstLines(text), system, trapped } })
  }
})

function firstLines(text) {
  // The library prints a stack of its own functions; the innermost line says what is wrong.
  const reasons = [...text.matchAll(/#\d+: .*?: (.*)/g)].map((match) => match[1])
  return (reasons.at(-1) ?? text.split('\n')[0] ?? '').slice(0, 300)
}

function quietly(action) {
  try {
    action()
  } catch {
    // The file is given up anyway.
  }
}

function close({ name, id, fd }) {
  if (id !== null && id >= 0n) quietly(() => Module.close_file(id))
  quietly(() => FS.unlink(name))
  if (fd !== null) closeSync(fd)
}

/** A file whose bytes are read from a descriptor when the library asks for them: nothing is copied before. */
function mapDescriptor(name, fd, size) {
  FS.writeFile(name, new Uint8Array(0))
  const { node } = FS.lookupPath(name)
  node.usedBytes = size
  node.stream_ops = {
    ...node.stream_ops,
    read: (_stream, buffer, offset, length, position) =>
      position >= size ? 0 : readSync(fd, buffer, offset, Math.min(length, size - position), position),
  }
}

/** All groups, datasets and attributes, without the values of datasets. */
function tree({ id }) {
  let objects = 0
  let attributeBytes = 0
  const group = (path, depth) => {
    if (++objects > maxObjects) throw new Refusal(`it holds more than ${maxObjects} objects`)
    if (depth > maxDepth) throw new Refusal(`groups are nested more than ${maxDepth} deep`)
    const children = []
    for (const key of Module.get_names(id, path, false)) {
      const inner = path === '/' ? `/${key}` : `${path}/${key}`
      refuseLink(inner)
      const type = Module.get_type(id, inner)
      if (type === Module.H5G_GROUP) children.push([key, group(inner, depth + 1)])
      else if (type === Module.H5G_DATASET) children.push([key, dataset(inner)])
      else throw new Refusal(`${inner} is neither a group nor a dataset`)
    }
    return { kind: 'group', path, attributes: attributes(path), children }
  }
  const refuseLink = (path) => {
    // The library follows links by itself: they are looked at before anything behind them is.
    if (Module.get_external_link(id, path).filename !== undefined)
      throw new Refusal(`${path} is a link to another file`)
    if (Module.get_symbolic_link(id, path) !== null) throw new Refusal(`${path} is a soft link`)
  }
  const dataset = (path) => {
    if (++objects > maxObjects) throw new Refusal(`it holds more than ${maxObjects} objects`)
    const metadata = Module.get_dataset_metadata(id, path)
    if (metadata.virtual_sources !== undefined) throw new Refusal(`${path} is a virtual dataset`)
    return {
      kind: 'dataset',
      path,
      attributes: attributes(path),
      type: typeOf(metadata),
      shape: metadata.shape,
    }
  }
  const attributes = (path) => Module.get_attribute_names(id, path).map((key) => [key, attribute(path, key)])
  const attribute = (path, key) => {
    const metadata = Module.get_attribute_metadata(id, path, key)
    if (metadata.shape === null) return null
    const bytes = metadata.size * metadata.total_size
    attributeBytes += bytes
    if (!(attributeBytes <= maxAttributeBytes)) throw new Refusal('its attributes are too large')
    const vlen = metadata.vlen === true
    const raw = withMemory(bytes, (pointer) => {
      Module.get_attribute_data(id, path, key, BigInt(pointer))
      const own = Module.HEAPU8.slice(pointer, pointer + bytes)
      if (!vlen) return own
      const texts = Array.from(new Uint32Array(own.buffer), (at) => (at === 0 ? '' : Module.UTF8ToString(at)))
      Module.reclaim_vlen_memory(id, path, key, BigInt(pointer))
      return texts
    })
    const values = vlen ? raw : decodeAttribute(raw, metadata)
    for (const value of vlen ? raw : []) attributeBytes += value.length
    return metadata.shape.length === 0 && Array.isArray(values) ? (values[0] ?? null) : values
  }
  return group('/', 0)
}

/** `float32`, `int64`, `bool`, `string`, …; `opaque2` and the like for what has no name of its own. */
function typeOf({ type, size, signed, vlen, enum_type: names }) {
  const classes = Module.H5T_class_t
  if (type === classes.H5T_STRING.value) return 'string'
  if (type === classes.H5T_FLOAT.value) return `float${size * 8}`
  if (type === classes.H5T_INTEGER.value) return `${signed ? 'int' : 'uint'}${size * 8}`
  const members = names?.members ?? {}
  // h5py writes booleans like this.
  if (type === classes.H5T_ENUM.value && size === 1 && members.FALSE === 0 && members.TRUE === 1) return 'bool'
  if (type === classes.H5T_OPAQUE.value && !vlen) return `opaque${size}`
  return `class${type}`
}

/** Strings, numbers, or null for types that no model file uses. */
function decodeAttribute(bytes, metadata) {
  const type = typeOf(metadata)
  const length = metadata.total_size
  if (type === 'string') {
    const decoder = new TextDecoder()
    return Array.from({ length }, (_, i) => {
      const own = bytes.subarray(i * metadata.size, (i + 1) * metadata.size)
      const end = own.indexOf(0)
      return decoder.decode(end < 0 ? own : own.subarray(0, end))
    })
  }
  const kinds = {
    float32: Float32Array, float64: Float64Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array,
    int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array, bool: Uint8Array,
  } // prettier-ignore
  const kind = kinds[type]
  if (kind === undefined) return null
  // h5wasm swaps no bytes of attributes.
  if (!metadata.littleEndian && metadata.size > 1) return null
  return Array.from(new kind(bytes.buffer), Number)
}

function withMemory(bytes, use) {
  if (!(bytes <= maxDatasetBytes)) throw new Refusal(`a value of ${bytes} bytes is too large`)
  const pointer = Module._malloc(Math.max(1, bytes))
  if (pointer === 0) throw new Refusal(`no memory for a value of ${bytes} bytes`)
  try {
    return use(pointer)
  } finally {
    Module._free(pointer)
  }
}

/** The values of a dataset as little-endian bytes. */
function readDataset(entry, path) {
  const metadata = Module.get_dataset_metadata(entry.id, path)
  if (metadata.virtual_sources !== undefined || metadata.shape === null) throw new Refusal(`${path} holds no values`)
  const bytes = metadata.size * metadata.total_size
  // Values take their size in the file, compressed ones at least a part of it: more is a file that pretends.
  entry.spent += metadata.chunks === null ? bytes : bytes / maxRatio
  const chunk = (metadata.chunks ?? []).reduce((product, dim) => product * dim, metadata.size)
  if (!(entry.spent <= entry.size && chunk <= entry.size * maxRatio))
    throw new Refusal(`its values claim to be larger than the file of ${entry.size} bytes`)
  return withMemory(bytes, (pointer) => {
    if (bytes > 0) Module.get_dataset_data(entry.id, path, null, null, null, BigInt(pointer))
    return Module.HEAPU8.slice(pointer, pointer + bytes)
  })
}

function writeGroup(id, path, { attributes, children }) {
  for (const [key, value] of attributes) writeAttribute(id, path, key, value)
  for (const [key, child] of children) {
    const inner = path === '/' ? `/${key}` : `${path}/${key}`
    if (child.kind === 'group') {
      Module.create_group(id, inner, false)
      writeGroup(id, inner, child)
      continue
    }
    const bytes = new Uint8Array(child.data.buffer, child.data.byteOffset, child.data.byteLength)
    withMemory(bytes.byteLength, (pointer) => {
      Module.HEAPU8.set(bytes, pointer)
      Module.create_dataset(id, inner, BigInt(pointer), {
        ...metadataFor(child.type),
        ...extent(child.shape),
        chunks: null,
        compression: 0,
        compression_opts: [],
        track_order: false,
      })
    })
    for (const [name, value] of child.attributes) writeAttribute(id, inner, name, value)
  }
}

function extent(shape) {
  const dims = shape.map(BigInt)
  return { shape: dims, maxshape: dims }
}

function metadataFor(type) {
  const { dtype_to_metadata: make } = h5wasm
  const codes = {
    float32: '<f', float64: '<d', int8: '<b', int16: '<h', int32: '<i', int64: '<q', uint8: '<B', uint16: '<H', uint32: '<I', uint64: '<Q',
  } // prettier-ignore
  if (codes[type] === undefined) throw new Error(`no HDF5 type for ${type}`)
  return make(codes[type])
}

/** A string, or a list of strings of fixed length as NumPy stores them. */
function writeAttribute(id, path, key, value) {
  if (typeof value === 'string') {
    const metadata = { ...h5wasm.dtype_to_metadata('S'), shape: [], maxshape: [] }
    Module.create_vlen_str_attribute(id, path, key, [value], metadata)
    return
  }
  const encoded = value.map((text) => new TextEncoder().encode(text))
  // NumPy makes an empty list one of float64.
  const size = Math.max(1, ...encoded.map((each) => each.byteLength))
  const type = value.length === 0 ? '<d' : `S${size}`
  const bytes = new Uint8Array(size * value.length)
  encoded.forEach((each, i) => bytes.set(each, i * size))
  withMemory(bytes.byteLength, (pointer) => {
    Module.HEAPU8.set(bytes, pointer)
    Module.create_attribute(id, path, key, BigInt(pointer), {
      ...h5wasm.dtype_to_metadata(type),
      ...extent([value.length]),
    })
  })
}
