// imageDatasetFromDirectory: a folder of labelled pictures as batches, with Keras' order of classes, files and splits.
import { resolve } from 'node:path'
import { ArgumentError, problem } from '../errors.ts'
import { aWholeNumber, checkValue, flag, folderPath, listOf, text } from '../platform/option-rules.ts'
import type { OptionRule } from '../platform/option-rules.ts'
import type { Tensor } from '../ops/index.ts'
import { indexDirectory, pictureExtensions } from './directory-index.ts'
import { datasetsOfFiles } from './image-files.ts'
import type { ImageDataset } from './image-files.ts'
import { checkedOptions } from './image-options.ts'
import type { ImageOptions, Settings } from './image-options.ts'

export interface ImageDirectoryOptions extends ImageOptions {
  /** `inferred` from the folders (default), null for none (as `labelMode: null`), or one whole number for each file in sorted order. */
  readonly labels?: 'inferred' | null | readonly number[]
  /** Folders to use (with inferred labels), in the order of their indices. Default: all, sorted. */
  readonly classNames?: readonly string[]
  readonly followLinks?: boolean
}

type Unlabelled = { readonly labelMode: null } | { readonly labels: null }

const where = 'imageDatasetFromDirectory'
const directoryRules: Readonly<Record<Exclude<keyof ImageDirectoryOptions, keyof ImageOptions>, OptionRule>> = {
  labels: {
    expected: '"inferred", null or a list of whole numbers, one for each file',
    fits: (value) => value === 'inferred' || value === null || listOf('', aWholeNumber).fits(value),
    hint: 'Names of classes are those of the folders, or go with a list of files: imageDatasetFromList',
  },
  classNames: listOf('names of folders', text),
  followLinks: flag,
}

/**
 * Batches `[images, labels]` of the pictures under `directory`: images float32 (batch, height, width, channels), 0..255, resized as
 * tf.image.resize does. Class folders, files and splits come in Keras' order: the same seed gives the same files.
 * @throws ArgumentError for contradictory options, missing folders and folders without pictures; FormatError (while iterating) for broken pictures.
 */
export async function imageDatasetFromDirectory(
  directory: string,
  options: ImageDirectoryOptions & { subset: 'both' } & Unlabelled,
): Promise<[ImageDataset<Tensor>, ImageDataset<Tensor>]>
export async function imageDatasetFromDirectory(
  directory: string,
  options: ImageDirectoryOptions & { subset: 'both' },
): Promise<[ImageDataset, ImageDataset]>
export async function imageDatasetFromDirectory(
  directory: string,
  options: ImageDirectoryOptions & Unlabelled,
): Promise<ImageDataset<Tensor>>
export async function imageDatasetFromDirectory(
  directory: string,
  options?: ImageDirectoryOptions,
): Promise<ImageDataset>
export async function imageDatasetFromDirectory(
  directory: string,
  options: ImageDirectoryOptions = {},
): Promise<unknown> {
  checkValue(where, 'directory', directory, folderPath)
  const given = checkedOptions(where, options, directoryRules, `${where}("photos", { imageSize: [160, 160] })`)
  const { labels = 'inferred' } = options
  const refuse = (expected: string, received: unknown, hint: string): never => {
    throw new ArgumentError(problem({ where, expected, received, hint }))
  }
  if (options.classNames !== undefined && labels !== 'inferred')
    refuse('`classNames` only with `labels` "inferred"', labels, 'Classes of numbers have no names')
  // Either of them says that there are no labels, as in Keras.
  const none = labels === null || given.labelMode === null
  const settings: Settings = none ? { ...given, labelMode: null } : given
  const index = await indexDirectory(where, directory, none ? { ...options, labels: null } : options)
  if (index.paths.length === 0) {
    const folders = 'Each class has its folder, as in cats/1.jpg. For pictures without classes: labels: null, labelMode: null' // prettier-ignore
    const expected = `pictures (${pictureExtensions.join(', ')}) under ${resolve(directory)}`
    refuse(expected, 'none', !none && labels === 'inferred' ? folders : 'Other kinds of files are not looked at')
  }
  return datasetsOfFiles(where, index, options, settings)
}
