// Pictures that the addon decoded, on an engine that is not the addon's: its memory is copied, not taken over.
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { imageDatasetFromDirectory } from '../../src/data/image-directory.ts'
import { multiply, ready, setEngine } from '../../src/ops/index.ts'
import type { Tensor } from '../../src/ops/index.ts'

const folder = fileURLToPath(new URL('../../assets/clothing-mini/train', import.meta.url))

test('the reference engine computes with a batch of pictures, which stays as it is', async () => {
  await setEngine('reference')
  expect((await ready()).info().name).toBe('reference')
  const pictures = await imageDatasetFromDirectory(folder, {
    imageSize: 8,
    batchSize: 5,
    shuffle: false,
    verbose: false,
  })
  for await (const [images] of pictures.take(1) as AsyncIterable<[Tensor]>) {
    const before = Float32Array.from(await images.data())
    expect(before.some((value) => value > 0 && value < 255)).toBe(true)
    expect(await multiply(images, 2).data()).toEqual(before.map((value) => value * 2))
    expect(await images.data()).toEqual(before)
  }
})
