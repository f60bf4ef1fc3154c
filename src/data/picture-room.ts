// Memory for the pictures of a batch: the addon's, which its engine takes over without a copy, or an array.
import { tensorOfMemory } from '../ops/convert.ts'
import { tensor, type Tensor } from '../ops/index.ts'
import type { PixelHandle } from '../engines/native/binding.ts'
import type { PictureAddon } from './picture-addon.ts'

export type PixelArray = Uint8Array | Float32Array

/** What pictures of a dataset have in common. */
export interface PictureForm {
  /** [height, width, channels] */
  readonly shape: readonly number[]
  readonly bytes: boolean
}

/** Of undefined content at first. Places are counted from 0. */
export interface PictureRoom {
  readonly pictures: number
  /** An array to write a picture to, before it is placed. */
  target(place: number): PixelArray
  place(place: number, pixels: PixelArray): void
  /** Copies a picture of another room of the same kind. */
  copy(place: number, from: PictureRoom, fromPlace: number): void
  /** [pictures, height, width, channels], or of the only one [height, width, channels]. The room is empty then. */
  tensor(single?: boolean): Tensor
  /** Gives the memory back, if it is still here; not while pictures are being loaded to it. */
  drop(): void
}

function lengthOf({ shape }: PictureForm): number {
  return shape.reduce((product, size) => product * size, 1)
}
export function pixelArray({ bytes }: PictureForm, length: number): PixelArray {
  return new (bytes ? Uint8Array : Float32Array)(length)
}

export class ArrayRoom implements PictureRoom {
  readonly pictures: number
  readonly #form: PictureForm
  readonly #length: number
  readonly #pixels: PixelArray
  constructor(form: PictureForm, pictures: number) {
    this.pictures = pictures
    this.#form = form
    this.#length = lengthOf(form)
    this.#pixels = pixelArray(form, pictures * this.#length)
  }
  target(place: number): PixelArray {
    return this.#pixels.subarray(place * this.#length, (place + 1) * this.#length)
  }
  place(place: number, pixels: PixelArray): void {
    const target = this.target(place)
    // Usually it was written there.
    if (target.byteOffset !== pixels.byteOffset || target.buffer !== pixels.buffer) target.set(pixels)
  }
  copy(place: number, from: PictureRoom, fromPlace: number): void {
    this.target(place).set(from.target(fromPlace))
  }
  tensor(single = false): Tensor {
    const { shape } = this.#form
    return tensor(this.#pixels, { shape: single ? shape : [this.pictures, ...shape] })
  }
  drop(): void {
    // The collector knows of it.
  }
}

export class AddonRoom implements PictureRoom {
  readonly pictures: number
  /** For the addon's functions. */
  readonly block: PixelHandle
  readonly addon: PictureAddon
  readonly #form: PictureForm
  readonly #length: number
  /** Of one picture. */
  readonly #bytes: number
  constructor(addon: PictureAddon, form: PictureForm, pictures: number) {
    this.pictures = pictures
    this.addon = addon
    this.#form = form
    this.#length = lengthOf(form)
    this.#bytes = this.#length * (form.bytes ? 1 : Float32Array.BYTES_PER_ELEMENT)
    this.block = addon.functions.pixelBlock(pictures * this.#bytes)
  }
  target(): PixelArray {
    return pixelArray(this.#form, this.#length)
  }
  place(place: number, pixels: PixelArray): void {
    this.addon.functions.placePixels(this.block, place * this.#bytes, pixels)
  }
  copy(place: number, from: PictureRoom, fromPlace: number): void {
    if (!(from instanceof AddonRoom)) throw new TypeError('pictures of rooms of two kinds')
    const bytes = this.#bytes
    this.addon.functions.copyPixels(this.block, place * bytes, from.block, fromPlace * bytes, bytes)
  }
  tensor(single = false): Tensor {
    const { functions, memory } = this.addon
    const { shape, bytes } = this.#form
    const dtype = bytes ? 'uint8' : 'float32'
    return tensorOfMemory(memory(functions.pixelMemory(this.block)), {
      shape: single ? shape : [this.pictures, ...shape],
      dtype,
    })
  }
  drop(): void {
    this.addon.functions.dropPixels(this.block)
  }
}
