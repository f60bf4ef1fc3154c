// What comparisons with TensorFlow's JPEG pictures can demand on this machine.
import { jpegAddon } from '../../src/data/picture-addon.ts'

/** Without libjpeg-turbo in the addon, JPEG comes by another transform. */
export const exactJpeg = (await jpegAddon()) !== null
/** How far that one may be from TensorFlow's. */
export const sharpLevels = 14
/** For the names of tests that cannot demand TensorFlow's bits then. */
export const bySharp = exactJpeg ? '' : ` (within ${sharpLevels} levels, or skipped: no libjpeg-turbo in the addon)`
