// The addon's functions on pictures, wherever the addon loads: whichever engine computes, files are decoded the same way.
import { readFile } from 'node:fs/promises'
import type { PictureBinding } from '../engines/native/binding.ts'
import { warnOnce } from '../platform/warn.ts'

export interface PictureAddon {
  readonly functions: PictureBinding
  /** False if the addon was built without libjpeg-turbo. */
  readonly jpeg: boolean
}

let loading: Promise<PictureAddon | { readonly missing: string }> | undefined

function load(): Promise<PictureAddon | { readonly missing: string }> {
  loading ??= (async () => {
    // Not a literal: bundles for browsers leave the addon out.
    const path: string = '../engines/native/binding.ts'
    try {
      const { buildCommand, loadBinding } = (await import(path)) as typeof import('../engines/native/binding.ts')
      const functions = loadBinding()
      const { libjpegTurbo } = functions.information() as { libjpegTurbo?: string }
      if (libjpegTurbo === undefined)
        return { missing: `the addon is older than this library; "${buildCommand}" builds it anew` }
      return { functions, jpeg: libjpegTurbo !== '' }
    } catch (error) {
      return { missing: error instanceof Error ? error.message : String(error) }
    }
  })()
  return loading
}

/** For resizing; null without the addon: then it is done in JavaScript. */
export async function pictureAddon(): Promise<PictureAddon | null> {
  const loaded = await load()
  return 'missing' in loaded ? null : loaded
}

/** The bytes of a file; in a quarter of the steps that Node takes, where the addon is. @throws Node's errors. */
export async function readPicture(path: string): Promise<Uint8Array> {
  const addon = await pictureAddon()
  return addon === null ? readFile(path) : addon.functions.readFile(path).catch(() => readFile(path))
}

/** For JPEG; null where sharp must do, which is said once: it has another transform, and is slower. */
export async function jpegAddon(): Promise<PictureBinding | null> {
  const loaded = await load()
  if (!('missing' in loaded) && loaded.jpeg) return loaded.functions
  const reason = 'missing' in loaded ? loaded.missing : 'the addon was built without libjpeg-turbo'
  warnOnce(
    `JPEG pictures are decoded by sharp: the accurate transform whatever \`dct\` says, about one level from TensorFlow's default. ` +
      `The reason: ${reason}`,
  )
  return null
}
