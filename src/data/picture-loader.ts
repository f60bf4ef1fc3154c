// Picture files to tensors of one size: JPEG several at once in the addon, whatever else is one by one.
import { readFile } from 'node:fs/promises'
import type { PictureBinding, RecipeHandle } from '../engines/native/binding.ts'
import type { Tensor } from '../ops/index.ts'
import { collectYoung } from '../platform/collect-young.ts'
import { defaultMaxPixels, decodePixels } from './decode-image.ts'
import { jpegDecoding } from './decode-jpeg.ts'
import type { Settings } from './image-options.ts'
import { pictureAddon } from './picture-addon.ts'
import { AddonRoom, ArrayRoom, type PictureForm, type PictureRoom, type PixelArray } from './picture-room.ts'
import { type ResizePlan, resizePixels, resizeTables } from './resize-image.ts'

type Stopped = () => boolean
/** Is told which file could not be loaded, and why; throws the error, or the others are loaded. */
export type OnFault = (index: number, error: unknown) => void

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

const fail: OnFault = (_, error) => {
  throw error
}

/** Loads the pictures of a dataset. */
export class PictureLoader {
  readonly #settings: Settings
  readonly #plan: ResizePlan
  readonly #form: PictureForm
  #recipe: RecipeHandle | null = null
  constructor(settings: Settings) {
    const { size, channels, interpolation, fit, uint8 } = settings
    this.#settings = settings
    this.#plan = { size, method: interpolation, fit }
    // As in TensorFlow, pixels that are only picked keep their type.
    this.#form = { shape: [...size, channels], bytes: uint8 || interpolation === 'nearest' }
  }

  /**
   * Loads files to places in their order. Tensors made of the room when they go out, not before, are young when they die, which is cheap. Once
   * `stopped`, and at places of faults, the content is undefined.
   * @throws FormatError and Node's errors, which name the file, unless `onFault` takes them.
   */
  async load(files: readonly string[], stopped: Stopped = () => false, onFault: OnFault = fail): Promise<PictureRoom> {
    const room = await this.room(files.length)
    try {
      const others = room instanceof AddonRoom ? await this.#loadJpegs(room, files, stopped) : [...files.keys()]
      await each(others, singlesAtOnce, stopped, async (i) => {
        try {
          room.place(i, await this.#decode(files[i]!, room.target(i)))
        } catch (error) {
          onFault(i, error)
        }
      })
      return room
    } catch (error) {
      room.drop()
      throw error
    }
  }
  /** One file, to a tensor [height, width, channels]. */
  async loadOne(file: string): Promise<Tensor> {
    return (await this.load([file])).tensor(true)
  }

  /** For pictures of this loader. */
  async room(pictures: number): Promise<PictureRoom> {
    const addon = await pictureAddon()
    if (addon === null) return new ArrayRoom(this.#form, pictures)
    makeRoom(addon.functions)
    return new AddonRoom(addon, this.#form, pictures)
  }

  /** By the addon; gives the indices of the files that it leaves to others: no JPEG, or not to be read. */
  async #loadJpegs({ addon, block }: AddonRoom, files: readonly string[], stopped: Stopped): Promise<number[]> {
    if (!addon.jpeg) return [...files.keys()]
    const { functions } = addon
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

  #newRecipe(functions: PictureBinding): RecipeHandle {
    const { channels, dct, maxPixels = defaultMaxPixels, fit } = this.#settings
    const how = jpegDecoding({ dct }, channels, maxPixels)
    return functions.pictureRecipe({ ...how, floats: !this.#form.bytes, axesApart: fit === 'stretch' })
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
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0 && !stopped())
      await work(items[next++]!).catch((error: unknown) => failures.push(error))
  }
  // To the end of all that was begun, also after a failure: the memory that it writes to is given back then.
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  if (failures.length > 0) throw failures[0]
}
