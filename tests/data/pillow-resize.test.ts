// Which axis is resized first decides the rounding in between: values of Pillow 13.0.0's Image.resize.
import { expect, test } from 'vitest'
import { pillowResize } from '../../src/data/pillow-resize.ts'

/** (9, 4, 3), value (53 x + 31 y^2 + 17 c) mod 256. */
const data = Uint8Array.from({ length: 9 * 4 * 3 }, (_, i) => {
  const [y, x, c] = [Math.floor(i / 12), Math.floor(i / 3) % 4, i % 3]
  return (53 * x + 31 * y * y + 17 * c) % 256
})
const picture = { data, height: 9, width: 4, channels: 3 }

test('columns first where they lose more than twice as many pixels as rows: 9 x 4 to 3 x 3', () => {
  const values = (filter: 'bilinear' | 'lanczos') => [...pillowResize(picture, [3, 3], filter).data]
  expect(values('bilinear')).toEqual([
    62, 79, 96, 126, 143, 128, 144, 161, 159, 101, 58, 75, 105, 122, 125, 149, 145, 154, 149, 80, 97, 114, 99, 116, 145, 117, 134,
  ]) // prettier-ignore
  expect(values('lanczos')).toEqual([
    57, 73, 98, 132, 146, 122, 140, 164, 155, 90, 47, 68, 102, 133, 133, 162, 152, 158, 158, 78, 95, 108, 94, 116, 149, 117, 136,
  ]) // prettier-ignore
})

test('else rows first: 9 x 4 to 6 x 2', () => {
  expect([...pillowResize(picture, [6, 2], 'lanczos').data]).toEqual([
    33, 48, 68, 141, 159, 184, 124, 151, 146, 152, 167, 110, 97, 63, 76, 125, 153, 157, 74, 53, 72, 132, 141, 161, 108, 107, 124, 181, 132, 149,
    181, 66, 83, 78, 88, 105,
  ]) // prettier-ignore
})
