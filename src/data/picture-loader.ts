// Picture files to tensors of one size: JPEG several at once in the addon, whatever else is one by one.
import { readFile } from 'node:fs/promises'
import type { PictureBinding, PixelHandle, RecipeHandle } from '../engines/native/binding.ts'
import { tensorOfMemory } from '../ops/convert.ts'
import { tensor, type Tensor } from '../ops/index.ts'
import { collectYoung } from '../platform/collect-young.ts'
import { defaultMaxPixels, decodePixels } from './decode-image.ts'
import { jpegDecoding } from './decode-jpeg.ts'
import type { Settings } from './image-options.ts'
import { pictureAddon } from './picture-addon.ts'
import { type ResizePlan, resizePixels, resizeTables } from './resize-image.ts'

type PixelArray = Uint8Array | Float32Array
type Stopped = () => boolean

/** Tasks of the addon that load one batch at the same time, and pictures of one of them: a stop takes effect after so many. */
const tasksAtOnce = 2
const picturesOfTask = 4
/** Pictures of one batch that are decoded at the same time where the addon does not do all of it. */
const singlesAtOnce = 4

/** Bytes of batches that nobody may need any more, before young objects are collected. */
const untidy = 64 * 2 ** 20
let leastGiven = 0

/** Brings back the memory of batches that were dropped: there is soon more of it than of anything that lets the collector start by itself. */
function makeRoom(functions: PictureBinding): void {
  const given = functions.pixelsGiven()
  leastGiven = Math.min(leastGiven, given)
  if (given < leastGiven + untidy) return
  collectYoung()
  // What is still there when the next batch begins is held, by a cache for instance.
  leastGiven = Infinity
}

/** Loads the pictures of a dataset. */
export class PictureLoader {
  readonly #settings: Settings
  readonly #plan: ResizePlan
  /** Values of one picture. */
  readonly #length: number
  /** As in TensorFlow, pixels that are only picked keep their type. */
  readonly #bytes: boolean
  #recipe: RecipeHandle | null = null
  constructor(settings: Settings) {
    const { size, channels, interpolation, fit, uint8 } = settings
    this.#settings = settings
    this.#plan = { size, method: interpolation, fit }
    this.#length = size[0] * size[1] * channels
    this.#bytes = uint8 || interpolation === 'nearest'
  }

  /**
   * Loads files. The function in the result makes the tensor [files, height, width, channels], once; tensors made when they go out, not before, are
   * young when they die, which is cheap. Once `stopped`, the content is undefined.
   * @throws FormatError and Node's errors, which name the file.
   */
  async load(files: readonly string[], stopped: Stopped = () => false): Promise<() => Tensor> {
    const { size, channels } = this.#settings
    return this.#load(files, [files.length, ...size, channels], stopped)
  }
  /** One file, to a tensor [height, width, channels]. */
  async loadOne(file: string): Promise<Tensor> {
    const { size, channels } = this.#settings
    return (await this.#load([file], [...size, channels], () => false))()
  }

  async #load(files: readonly string[], shape: readonly number[], stopped: Stopped): Promise<() => Tensor> {
    const addon = await pictureAddon()
    if (addon === null) {
      const pixels = this.#room(files.length)
      const load = async (i: number): Promise<void> => {
        await this.#decode(files[i]!, pixels.subarray(i * this.#length, (i + 1) * this.#length))
      }
      await each([...files.keys()], singlesAtOnce, stopped, load)
      return () => tensor(pixels, { shape })
    }
    const { functions, memory } = addon
    makeRoom(functions)
    const bytes = this.#length * (this.#bytes ? 1 : Float32Array.BYTES_PER_ELEMENT)
    const block = functions.pixelBlock(files.length * bytes)
    const others = addon.jpeg ? await this.#loadJpegs(functions, block, files, stopped) : [...files.keys()]
    await each(others, singlesAtOnce, stopped, async (i) =>
      functions.placePixels(block, i * bytes, await this.#decode(files[i]!, this.#room(1))),
    )
    const dtype = this.#bytes ? 'uint8' : 'float32'
    return () => tensorOfMemory(memory(functions.pixelMemory(block)), { shape, dtype })
  }

  /** By the addon; gives the indices of the files that it leaves to others: no JPEG, or not to be read. */
  async #loadJpegs(
    functions: PictureBinding,
    block: PixelHandle,
    files: readonly string[],
    stopped: Stopped,
  ): Promise<number[]> {
    const recipe = (this.#recipe ??= this.#newRecipe(functions))
    const others: number[] = []
    const load = async (places: readonly number[]): Promise<void> => {
      const paths = places.map((i) => files[i]!)
      const outcomes = await functions.loadPictures(block, recipe, paths, places)
      const again: number[] = []
      for (const [k, i] of places.entries()) {
        const [height, width] = [outcomes[2 * k]!, outcomes[2 * k + 1]!]
        if (height < 0) others.push(i)
        if (height <= 0) continue
        functions.addTables(recipe, resizeTables([height, width], this.#settings.channels, this.#plan))
        again.push(i)
      }
      if (again.length > 0) await load(again)
    }
    const tasks: number[][] = []
    for (const i of files.keys())
      if (i % picturesOfTask === 0) tasks.push([i])
      else tasks.at(-1)!.push(i)
    await each(tasks, tasksAtOnce, stopped, load)
    return others
  }

  async #decode(path: string, target: PixelArray): Promise<PixelArray> {
    const { channels, dct, maxPixels = defaultMaxPixels } = this.#settings
    const { data, height, width } = await decodePixels(await readFile(path), { channels, dct, maxPixels, source: path })
    return resizePixels(data, resizeTables([height, width], channels, this.#plan), target)
  }

  #room(pictures: number): PixelArray {
    return new (this.#bytes ? Uint8Array : Float32Array)(pictures * this.#length)
  }
  #newRecipe(functions: PictureBinding): RecipeHandle {
    const { channels, dct, maxPixels = defaultMaxPixels, fit } = this.#settings
    const how = jpegDecoding({ dct }, channels, maxPixels)
    return functions.pictureRecipe({ ...how, floats: !this.#bytes, axesApart: fit === 'stretch' })
  }
}

/** Works on some items at a time, until all are done, one fails or it is `stopped`. */
async function each<T>(
  items: readonly T[],
  atOnce: number,
  stopped: Stopped,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  let failed = false
  const worker = async (): Promise<void> => {
    while (next < items.length && !failed && !stopped())
      await work(items[next++]!).catch((error: unknown) => {
        failed = true
        throw error
      })
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
}
