// Finds and loads the addon, and gives its functions types.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus } from 'node:os'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EngineError } from '../../errors.ts'
import type { TypedArray } from '../../graph/types.ts'
import type { StepAttributes } from './plan.ts'

/** Opaque handles of the addon, kept alive by JavaScript. */
export type BlockHandle = { readonly __block: never }
export type StepHandle = { readonly __step: never }
export type ProgramHandle = { readonly __program: never }
/** Memory for pictures that are being loaded. */
export type PixelHandle = { readonly __pixels: never }
/** How the pictures of a dataset are decoded, and the tables that resize them. */
export type RecipeHandle = { readonly __recipe: never }

export interface MadeStep {
  readonly handle: StepHandle
  readonly implementation: string
  readonly scratchBytes: number
  readonly packedBytes: number
  readonly packedKey: string
}

export interface ProgramSpec {
  readonly threads: number
  readonly externals: number
  readonly arenaBytes: number
  readonly threadArenaBytes: number
  readonly persistentBytes: number
  readonly persistentData: readonly { offset: number; data: Uint8Array }[]
  readonly profile: boolean
  readonly segments: readonly {
    setup: boolean
    batch: number
    chunk: number
    steps: readonly { handle: StepHandle; operands: Float64Array; accumulates: boolean }[]
    combines: readonly { threadOffset: number; count: number; result: Float64Array }[]
  }[]
}

export interface JpegDecoding {
  /** 0: those of the file, CMYK as RGB. */
  readonly channels: 0 | 1 | 3 | 4
  /** The fast integer transform; else the accurate one. */
  readonly fast: boolean
  readonly fancyUpscaling: boolean
  readonly recoverTruncated: boolean
  readonly ratio: 1 | 2 | 4 | 8
  readonly maxPixels: number
}

export interface JpegEncoding {
  readonly height: number
  readonly width: number
  readonly channels: 1 | 3
  readonly quality: number
  readonly progressive: boolean
  readonly optimizeSize: boolean
  readonly chromaDownsampling: boolean
  /** 0 none, 1 an inch, 2 a centimetre. */
  readonly densityUnit: 0 | 1 | 2
  readonly xDensity: number
  readonly yDensity: number
}

/** The picture to resize, and for each axis the table of src/graph/resize-weights.ts. */
export interface ResizeTables {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly rowStarts: Int32Array
  readonly rowWeights: Float32Array
  readonly columnStarts: Int32Array
  readonly columnWeights: Float32Array
}

/** Pictures: on Node's pool of threads, not on the compute thread. Errors reject. Uint8Array targets are rounded half to even. */
export interface PictureBinding {
  /**
   * `floats`: pixels are float32, else uint8. `axesApart`: the tables of an axis do not depend on the length of the other one.
   */
  pictureRecipe(how: JpegDecoding & { readonly floats: boolean; readonly axesApart: boolean }): RecipeHandle
  /** Used for all pictures of this size from now on. */
  addTables(recipe: RecipeHandle, tables: ResizeTables): void
  /** Memory of undefined content that is used again when nobody holds it any more. */
  pixelBlock(bytes: number): PixelHandle
  /**
   * Reads, decodes and resizes JPEG files to their places (the first is 0) in a block. For each file two numbers: 0, 0 if it is
   * done; height and width if there are no tables for this size; -1, -1 if it is no JPEG that can be read.
   */
  loadPictures(
    block: PixelHandle,
    recipe: RecipeHandle,
    files: readonly string[],
    places: readonly number[],
  ): Promise<Int32Array>
  /** Copies what was decoded elsewhere to an offset in bytes. */
  placePixels(block: PixelHandle, offset: number, pixels: TypedArray): void
  /** Copies bytes of another block: to an offset, from an offset there. */
  copyPixels(block: PixelHandle, offset: number, from: PixelHandle, fromOffset: number, bytes: number): void
  /** Gives the memory back, if it was not given away; tasks under way with it keep it until they end. */
  dropPixels(block: PixelHandle): void
  /** Gives the memory away, as a buffer of the engine; not while pictures are being loaded to it. */
  pixelMemory(block: PixelHandle): BlockHandle
  /** Bytes given away so that did not come back yet. */
  pixelsGiven(): number
  /** Copies such a buffer, at once, as long as no run wrote to it. */
  copyOut(block: BlockHandle, target: TypedArray): void
  decodeJpeg(
    file: Uint8Array,
    how: JpegDecoding,
  ): Promise<{ data: Uint8Array; height: number; width: number; channels: number }>
  resizePixels<T extends Uint8Array | Float32Array>(
    pixels: Uint8Array | Float32Array,
    tables: ResizeTables,
    target: T,
  ): Promise<T>
  encodeJpeg(pixels: Uint8Array, how: JpegEncoding): Promise<Uint8Array>
}

export interface Binding extends PictureBinding {
  allocate(bytes: number): BlockHandle
  /** A block of which each 32 bits are `word`. */
  allocateFilled(bytes: number, word: number): BlockHandle
  write(block: BlockHandle, data: TypedArray): void
  read(block: BlockHandle, target: TypedArray): Promise<void>
  step(kind: string, attributes: StepAttributes, split: number, callers: number): MadeStep
  program(spec: ProgramSpec): ProgramHandle
  run(program: ProgramHandle, blocks: readonly BlockHandle[], runSetup: boolean): Promise<void>
  times(program: ProgramHandle): [number, number][][]
  information(): {
    oneDNN: string
    /** Empty without it. */
    libjpegTurbo: string
    instructionSet: string
    lanes: number
    threads: number
    usedBytes: number
    pooledBytes: number
    arenaBytes: number
    /** Decoding, encoding and resizing under way. */
    pictureTasks: number
  }
  setThreads(count: number): void
}

/** Where a local build lies, seen from src/ and from dist/ alike. */
const localBuild = fileURLToPath(new URL('../../../build/native/tanuki.node', import.meta.url))

/** The command that builds the addon: an installed package has no scripts of its own to run. */
export const buildCommand = /[\\/]node_modules[\\/]/.test(localBuild) ? 'npx tanuki build-native' : 'npm run build:native'

/** What an addon that was built from older sources may lack. */
const functionNames = ['run', 'allocateFilled', 'loadPictures', 'placePixels', 'copyPixels', 'pixelMemory', 'copyOut', 'resizePixels'] as const

let loaded: Binding | undefined

/** @throws EngineError that tells what was tried and what to do. */
export function loadBinding(): Binding {
  if (loaded) return loaded
  if (!existsSync(localBuild)) {
    throw new EngineError(
      `native engine: no addon at ${localBuild}. Build it with "${buildCommand}" (needs g++ and Python 3 with pip)`,
    )
  }
  // libgomp reads this once, when it is loaded: its default spins for milliseconds after each region and starves a busy machine.
  if (process.env.OMP_WAIT_POLICY === undefined) process.env.GOMP_SPINCOUNT ??= '2000'
  const threads = threadCount()
  try {
    const binding = createRequire(import.meta.url)(localBuild) as Binding
    binding.setThreads(threads)
    binding.information()
    const lacking = functionNames.find((name) => typeof binding[name] !== 'function')
    if (lacking !== undefined) throw new Error(`it is older than this library and has no ${lacking}; "${buildCommand}" builds it anew`)
    loaded = binding
    return binding
  } catch (error) {
    throw new EngineError(`native engine: ${localBuild} does not load: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function threadCount(): number {
  const asked = process.env.TANUKI_THREADS
  if (asked === undefined || asked === '') return Math.min(physicalCores(), availableParallelism())
  const count = Number(asked)
  if (!Number.isInteger(count) || count < 1 || count > 1024)
    throw new EngineError(`TANUKI_THREADS: expected a whole number from 1 to 1024, received "${asked}"`)
  return count
}

function physicalCores(): number {
  try {
    const text = readFileSync('/proc/cpuinfo', 'utf8')
    const cores = new Set<string>()
    for (const block of text.split('\n\n')) {
      const socket = /^physical id\s*: (\d+)/m.exec(block)?.[1]
      const core = /^core id\s*: (\d+)/m.exec(block)?.[1]
      if (core !== undefined) cores.add(`${socket}/${core}`)
    }
    if (cores.size > 0) return cores.size
  } catch {
    // Not Linux: the logical count must do.
  }
  return cpus().length
}
