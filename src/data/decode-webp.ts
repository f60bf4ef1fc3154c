// WebP to pixels, still or animated, by sharp.
import { type Frames, withChannels } from './pixels.ts'

/**
 * channels 0: RGB, or RGBA if the file has alpha. `all`: every frame of an animation, else the first.
 * @throws Error that says what is wrong.
 */
export async function decodeWebp(
  bytes: Uint8Array,
  maxPixels: number,
  channels: number,
  all: boolean,
): Promise<Frames<Uint8Array>> {
  const { default: sharp } = await import('sharp')
  const options = { ignoreIcc: true, failOn: 'error', limitInputPixels: maxPixels, pages: all ? -1 : 1 } as const
  const picture = sharp(bytes, options)
  const { hasAlpha } = await picture.metadata()
  const { data, info } = await picture.toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  const { width } = info
  // Frames come one above the other.
  const height = info.pageHeight ?? info.height
  const count = info.height / height
  const rgba = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const wanted = channels || (hasAlpha ? 4 : 3)
  return withChannels<Frames<Uint8Array>>({ data: rgba, count, height, width, channels: 4 }, wanted)
}
