// Where downloads and prepared data sets are kept on this machine.
import { resolve } from 'node:path'
import envPaths from 'env-paths'
import { environmentVariable } from '../platform/environment.ts'

/** The folder named by `TANUKI_CACHE`, else the one that the system keeps for caches (on Linux `~/.cache/tanuki`). It may not exist yet. */
export function cacheFolder(): string {
  const chosen = environmentVariable('TANUKI_CACHE')
  return chosen === undefined ? envPaths('tanuki', { suffix: '' }).cache : resolve(chosen)
}

/** Whether `TANUKI_OFFLINE` forbids the network: set to anything but 0, false or no. */
export function isOffline(): boolean {
  const value = environmentVariable('TANUKI_OFFLINE')
  return value !== undefined && !['0', 'false', 'no'].includes(value.toLowerCase())
}
