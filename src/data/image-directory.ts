// imageDatasetFromDirectory: a folder of labelled pictures as batches, with Keras' order of classes, files and splits.
import { ArgumentError, problem } from '../errors.ts'
import { indexDirectory, pictureExtensions } from './directory-index.ts'
import { datasetsOfFiles } from './image-files.ts'
import type { ImageDataset } from './image-files.ts'
import { checkedOptions } from './image-options.ts'
import type { ImageOptions } from './image-options.ts'

export interface ImageDirectoryOptions extends ImageOptions {
  /** `inferred` from the folders (default), null for none, or one whole number for each file in sorted order. */
  readonly labels?: 'inferred' | null | readonly number[]
  /** Folders to use (with inferred labels), in the order of their indices. Default: all, sorted. */
  readonly classNames?: readonly string[]
  readonly followLinks?: boolean
}

const where = 'imageDatasetFromDirectory'

/**
 * Batches `[images, labels]` of the pictures under `directory`: images float32 (batch, height, width, channels), 0..255, resized as
 * tf.image.resize does. Class folders, files and splits come in Keras' order: the same seed gives the same files.
 * @throws ArgumentError for contradictory options, missing folders and folders without pictures; FormatError (while iterating) for broken pictures.
 */
export async function imageDatasetFromDirectory(
  directory: string,
  options: ImageDirectoryOptions & { subset: 'both' },
): Promise<[ImageDataset, ImageDataset]>
export async function imageDatasetFromDirectory(
  directory: string,
  options?: ImageDirectoryOptions,
): Promise<ImageDataset>
export async function imageDatasetFromDirectory(
  directory: string,
  options: ImageDirectoryOptions = {},
): Promise<ImageDataset | [ImageDataset, ImageDataset]> {
  const { labels = 'inferred', labelMode = 'int' } = options
  const refuse = (expected: string, received: unknown): never => {
    throw new ArgumentError(problem({ where, expected, received }))
  }
  if (
    labels !== 'inferred' &&
    labels !== null &&
    !(Array.isArray(labels) && labels.every((label) => Number.isInteger(label)))
  )
    refuse('labels "inferred", null or a list of whole numbers', labels)
  if (options.classNames !== undefined && labels !== 'inferred')
    refuse('classNames only with labels "inferred"', labels)
  const settings = checkedOptions(where, options)
  if ((labels === null) !== (labelMode === null))
    refuse('labels and labelMode both null, or neither', { labels, labelMode })
  const index = await indexDirectory(where, directory, options)
  if (index.paths.length === 0) refuse(`pictures (${pictureExtensions.join(', ')}) under ${directory}`, 'none')
  return datasetsOfFiles(where, index, options, settings)
}
