// The addon's functions on pictures, wherever the addon loads: whichever engine computes, files are decoded the same way.
import type { OutsideMemory } from '../engines/engine.ts'
import type { BlockHandle, PictureBinding } from '../engines/native/binding.ts'
import { warnOnce } from '../platform/warn.ts'

export interface PictureAddon {
  readonly functions: PictureBinding
  /** What tensors are made of without a copy. */
  readonly memory: (block: BlockHandle) => OutsideMemory
  /** False if the addon was built without libjpeg-turbo. */
  readonly jpeg: boolean
}

let loading: Promise<PictureAddon | { readonly missing: string }> | undefined

function load(): Promise<PictureAddon | { readonly missing: string }> {
  loading ??= (async () => {
    // Not literals: bundles for browsers leave the addon out.
    const paths: readonly string[] = ['../engines/native/binding.ts', '../engines/native/buffer.ts']
    try {
      const { loadBinding } = (await import(paths[0]!)) as typeof import('../engines/native/binding.ts')
      const { NativeMemory } = (await import(paths[1]!)) as typeof import('../engines/native/buffer.ts')
      const functions = loadBinding()
      const { libjpegTurbo } = functions.information()
      return { functions, memory: (block) => new NativeMemory(functions, block), jpeg: libjpegTurbo !== '' }
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
