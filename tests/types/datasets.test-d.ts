// What the types know of the elements of a dataset, through the whole pipeline. Checked by tsc; nothing here runs.
import { data, datasets, ops, type Tensor } from '../../src/index.ts'

const { Dataset } = data
type Pair = [Tensor, Tensor]
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only if the elements of the dataset are of the type Expected. */
function elements<Expected>(): <Found>(dataset: data.Dataset<Found>, equal: Equal<Expected, Found>) => void {
  return (dataset, equal) => void [dataset, equal]
}

export function pipelines(): void {
  const pairs = Dataset.fromTensorSlices([ops.zeros([4, 8, 8, 3]), [0, 1, 0, 1]])
  elements<Pair>()(pairs, true)
  elements<Tensor>()(Dataset.fromTensorSlices([[1, 2], [3, 4]]), true) // prettier-ignore
  elements<{ image: Tensor; label: Tensor }>()(Dataset.fromTensors({ image: ops.zeros([2]), label: 1 }), true)
  // Parameters need no types of their own, and a tuple stays one.
  const ready = pairs.map((image, label) => [ops.divide(image, 255), label]).shuffle(8)
  elements<Pair>()(ready.batch(2, { dropRemainder: true }).cache().prefetch(), true)
  elements<Pair>()(pairs.map(async (image, label) => [await image.data(), label]), true) // prettier-ignore
  elements<[Tensor, Pair]>()(pairs.enumerate(), true)
  elements<[Pair, Tensor]>()(Dataset.zip([pairs, Dataset.range(4)]), true)
  pairs.filter((image) => image.rank === 3)
  // @ts-expect-error: a label is a tensor, not a text
  pairs.filter((image: Tensor, label: string) => label === 'cat')
}

/** Of elements of any kind, a function may say what it takes. */
export function anything(dataset: data.Dataset): void {
  elements<Pair>()(dataset.map((image: Tensor, label: Tensor) => [label, image]), true) // prettier-ignore
  elements<Tensor>()(dataset.map(({ image }: { image: Tensor }) => image), true) // prettier-ignore
}

export async function pictures(): Promise<void> {
  const split = { validationSplit: 0.2, seed: 1 } as const
  for await (const [images, labels] of await data.imageDatasetFromDirectory('photos', split)) ops.add(images, labels)
  const [training] = await data.imageDatasetFromDirectory('photos', { ...split, subset: 'both' })
  elements<Pair>()(training, true)
  elements<Tensor>()(await data.imageDatasetFromDirectory('photos', { labelMode: null }), true)
  const [train] = await datasets.load('mnist', { split: ['train[:10%]', 'test'], asSupervised: true })
  elements<Pair>()(train, true)
}
