// `tanuki build-native`: builds the addon inside the installed package.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Lies at the same place, seen from src/ and from dist/. */
const script = fileURLToPath(new URL('../../scripts/build-native.mjs', import.meta.url))

/** Shows what the build prints. @returns Its exit code. */
export function buildNative(): Promise<number> {
  return new Promise((resolve, reject) => {
    const build = spawn(process.execPath, [script], { stdio: 'inherit' })
    build.on('error', reject)
    build.on('exit', (code) => resolve(code ?? 1))
  })
}
