// imageGrid: pictures with titles in rows and columns, as SVG or PNG: a look at a dataset, or at the augmentations of one picture.
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { Dataset, encodePng, ImageDataset } from '../data/index.ts'
import { clip, divide, cast, multiply, round, stack, subtract, Tensor, unstack } from '../ops/index.ts'
import { writeFileAtomic } from '../platform/files.ts'
import { opening } from '../platform/opening.ts'
import { aFunction, checkRules, listOf, type OptionRule, text, whole } from '../platform/option-rules.ts'
import { escapeXml, Svg } from './svg.ts'
import { textWidth } from './text-width.ts'

export interface ImageGridOptions {
  /** Default 3. */
  readonly rows?: number
  /** Default 3. */
  readonly columns?: number
  /** Titles for the labels. Default: the dataset's own; without any, the label's number. */
  readonly classNames?: readonly string[]
  /** Titles instead of labels: one for each picture, or a function. */
  readonly titles?: readonly string[] | ((index: number, label: number | null) => string)
  /** Above the grid. */
  readonly title?: string
  /**
   * Shows what this makes of the first picture, `rows * columns` times: it gets a batch of copies. E.g.
   * `(images) => augmentation.apply(images, { training: true })`.
   */
  readonly augment?: (images: Tensor) => Tensor | Promise<Tensor>
  /** Written to, by its ending: `.png` or `.svg`. */
  readonly toFile?: string
  /** Longest side of a shown picture, in pixels. Default 200. */
  readonly cellSize?: number
  /** The values that are black and white. Default [0, 255]. */
  readonly valueRange?: readonly [number, number]
}

interface Sample {
  readonly image: Tensor
  readonly label: number | null
}

const where = 'imageGrid'
const rules: Readonly<Record<keyof ImageGridOptions, OptionRule>> = {
  rows: whole(1),
  columns: whole(1),
  classNames: listOf('names', text),
  titles: {
    expected: 'a list of texts, or a function that gives them',
    fits: (value) =>
      typeof value === 'function' || (Array.isArray(value) && value.every((one) => typeof one === 'string')),
  },
  title: { expected: 'a text', fits: (value) => typeof value === 'string' },
  augment: { ...aFunction, hint: 'Layers and models go into one: (images) => layer.apply(images, { training: true })' },
  toFile: {
    expected: 'a path that ends in .png or .svg',
    fits: (value) => typeof value === 'string' && /\.(png|svg)$/i.test(value),
  },
  cellSize: whole(1),
  valueRange: {
    expected: 'two numbers, the smaller first',
    fits: (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && value[0] < value[1],
  },
}

const scaleRule: OptionRule = {
  expected: 'a number from 0.1 to 100',
  fits: (value) => typeof value === 'number' && value >= 0.1 && value <= 100,
}

/** The picture of pictures. Notebooks with a JavaScript kernel show it by themselves. */
export class ImageGrid extends Svg {
  /** The same as a PNG file. `scale` 2: twice as many pixels each way. @throws ArgumentError for other options. */
  async png(options: { readonly scale?: number } = {}): Promise<Uint8Array> {
    checkRules('ImageGrid.png', options, { scale: scaleRule }, 'png({ scale: 2 })')
    const { scale = 1 } = options
    const { default: sharp } = await import('sharp')
    const picture = sharp(Buffer.from(this.text), { density: 72 * scale, unlimited: true })
    const buffer = await picture.flatten({ background: '#ffffff' }).png().toBuffer()
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  }
}

/**
 * Draws the first `rows * columns` pictures of a dataset (of pictures or [picture, label], single or in batches), of a tensor
 * [N, H, W, C] or of a list of tensors [H, W, C] with 1, 3 or 4 channels. Fewer pictures make a smaller grid.
 * @throws ArgumentError for wrong options, or if there are no pictures; ShapeError for what is not a picture.
 */
export async function imageGrid(
  source: Dataset | Tensor | readonly Tensor[],
  options: ImageGridOptions = {},
): Promise<ImageGrid> {
  checkRules(where, options, rules, 'imageGrid(dataset, { rows: 2, columns: 4 })')
  const { rows = 3, columns = 3, cellSize = 200, valueRange = [0, 255], toFile, augment } = options
  const count = rows * columns
  const taken = await take(source, augment === undefined ? count : 1)
  if (taken.length === 0) throw new ArgumentError(problem({ where, expected: 'pictures', received: 'none' }))
  const samples = augment === undefined ? taken : await variations(taken[0]!, count, augment)
  const titles = titlesOf(samples, { classNames: source instanceof ImageDataset ? source.classNames : [], ...options })
  const files = await Promise.all(samples.map(({ image }) => pngOf(image, valueRange)))
  const sizes = samples.map(({ image }) => fitted(image, cellSize))
  const { content, width, height } = layOut(files, sizes, titles, { columns, cellSize, title: options.title ?? '' })
  const grid = new ImageGrid(content, width, height, options.title ?? `${samples.length} pictures`)
  if (toFile !== undefined) {
    const file = /\.svg$/i.test(toFile) ? grid.text : await grid.png()
    await opening(where, toFile, 'written', () => writeFileAtomic(toFile, file))
  }
  return grid
}

/** The first pictures; what makes them is stopped then. */
async function take(source: Dataset | Tensor | readonly Tensor[], count: number): Promise<Sample[]> {
  if (source instanceof Tensor) return pictures(source, null).then((found) => found.slice(0, count))
  const given: unknown = source
  if (!(given instanceof Dataset || Array.isArray(given))) {
    const hint = 'data.imageDatasetFromDirectory makes a dataset of a folder, utils.loadImg a tensor of a file'
    throw new ArgumentError(problem({ where, expected: 'a dataset, a tensor or a list of tensors', received: source, hint })) // prettier-ignore
  }
  const samples: Sample[] = []
  for await (const element of source instanceof Dataset ? source : [...source]) {
    const [image, label] = Array.isArray(element) ? (element as unknown[]) : [element]
    if (!(image instanceof Tensor))
      throw new ArgumentError(
        problem({
          where,
          expected: 'elements that are pictures, or [picture, label]',
          received: element,
          hint: 'Make them such: dataset.map(({ image, label }) => [image, label])',
        }),
      )
    samples.push(...(await pictures(image, label instanceof Tensor ? label : null)))
    if (samples.length >= count) break
  }
  return samples.slice(0, count)
}

/** The pictures of a batch, or the one, with their labels. */
async function pictures(image: Tensor, labels: Tensor | null): Promise<Sample[]> {
  const { shape } = image
  const fail = (): never => {
    throw new ShapeError(problem({ where, expected: 'pictures [H, W, C] or [N, H, W, C] with 1, 3 or 4 channels', received: shape })) // prettier-ignore
  }
  if (![1, 3, 4].includes(shape.at(-1) ?? 0) || shape.length < 3 || shape.length > 4) fail()
  if (shape.length === 3) return [{ image, label: labels === null ? null : (await labelsOf(labels, 1))[0]! }]
  const numbers = labels === null ? null : await labelsOf(labels, shape[0]!)
  return unstack(image).map((one, i) => ({ image: one, label: numbers === null ? null : numbers[i]! }))
}

/** Class indices: the numbers themselves, or the place of the largest in one-hot rows. */
async function labelsOf(labels: Tensor, count: number): Promise<number[]> {
  const values = [...(await labels.data())]
  const width = values.length / count
  if (width === 1) return values
  return Array.from({ length: count }, (_, i) => {
    const row = values.slice(i * width, (i + 1) * width)
    return row.indexOf(Math.max(...row))
  })
}

async function variations(
  { image, label }: Sample,
  count: number,
  augment: (images: Tensor) => Tensor | Promise<Tensor>,
): Promise<Sample[]> {
  const copies = Array.from({ length: count }, () => image)
  const made: unknown = await augment(stack(copies, 0))
  if (!(made instanceof Tensor))
    throw new ArgumentError(problem({ where, expected: '`augment` to return a batch of pictures', received: made }))
  return (await pictures(made, null)).map((sample) => ({ ...sample, label }))
}

function titlesOf(samples: readonly Sample[], { titles, classNames = [] }: ImageGridOptions): string[] {
  return samples.map(({ label }, i) => {
    if (typeof titles === 'function') return titleOf(titles(i, label))
    if (titles !== undefined) return titles[i] ?? ''
    return label === null ? '' : (classNames[label] ?? String(label))
  })
}

function titleOf(title: unknown): string {
  if (typeof title === 'string') return title
  throw new ArgumentError(problem({ where, expected: '`titles` to return texts', received: title }))
}

async function pngOf(image: Tensor, [low, high]: readonly [number, number]): Promise<Uint8Array> {
  if (image.dtype === 'uint8' && low === 0 && high === 255) return encodePng(image)
  const levels = multiply(divide(subtract(cast(image, 'float32'), low), high - low), 255)
  return encodePng(cast(round(clip(levels, 0, 255)), 'uint8'))
}

function fitted({ shape }: Tensor, cell: number): [number, number] {
  const [height, width] = shape as [number, number]
  const scale = cell / Math.max(height, width)
  return [Math.max(1, Math.round(height * scale)), Math.max(1, Math.round(width * scale))]
}

interface Look {
  readonly columns: number
  readonly cellSize: number
  readonly title: string
}
const gap = 12
const fontSize = 13
const family = 'font-family="Helvetica, Arial, DejaVu Sans, sans-serif" fill="#222222" text-anchor="middle"'

function layOut(
  files: readonly Uint8Array[],
  sizes: readonly (readonly [number, number])[],
  titles: readonly string[],
  { columns, cellSize, title }: Look,
): { content: string; width: number; height: number } {
  const across = Math.min(columns, files.length)
  const down = Math.ceil(files.length / columns)
  const caption = titles.some((text) => text !== '') ? fontSize + 8 : 0
  const head = title === '' ? 0 : fontSize * 2
  const width = gap + across * (cellSize + gap)
  const height = gap + head + down * (caption + cellSize + gap)
  const parts = [`<rect width="${width}" height="${height}" fill="#ffffff"/>`]
  const write = (text: string, x: number, y: number, size: number, room: number): void => {
    if (text !== '') parts.push(`<text x="${x}" y="${y}" font-size="${size}" ${family}>${escapeXml(shortened(text, size, room))}</text>`) // prettier-ignore
  }
  write(title, width / 2, gap + fontSize, fontSize * 1.25, width - 2 * gap)
  files.forEach((file, i) => {
    const left = gap + (i % columns) * (cellSize + gap)
    const top = gap + head + Math.floor(i / columns) * (caption + cellSize + gap)
    const [high, wide] = sizes[i]!
    write(titles[i]!, left + cellSize / 2, top + fontSize, fontSize, cellSize)
    const x = left + (cellSize - wide) / 2
    const y = top + caption + (cellSize - high) / 2
    const data = Buffer.from(file).toString('base64')
    parts.push(`<image x="${x}" y="${y}" width="${wide}" height="${high}" href="data:image/png;base64,${data}"/>`)
  })
  return { content: parts.join('\n'), width, height }
}

/** Cut to the room that there is. */
function shortened(text: string, size: number, room: number): string {
  if (textWidth(text, size) <= room) return text
  const signs = [...text]
  while (signs.length > 1 && textWidth(`${signs.join('')}…`, size) > room) signs.pop()
  return `${signs.join('')}…`
}
