// A Python with Keras for the judge: the one that TANUKI_KERAS_PYTHON names, or one with packages in the user's cache folder.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

// Keras' NumPy backend cannot train, and imports JAX anyhow.
const packages = ['keras==3.15.1', 'h5py==3.14.0', 'jax==0.10.2', 'jaxlib==0.10.2', 'numpy==2.4.6']
const limit = 150_000

/** Runs a program for at most `limit` milliseconds: its code, and the last line that it printed. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: limit })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', (error) => resolve({ code: 1, last: error.message }))
    child.on('close', (code, signal) => {
      const last = signal === null ? (output.trim().split('\n').at(-1) ?? '') : `it took more than ${limit / 1000} s`
      resolve({ code: code ?? 1, last })
    })
  })
}

/**
 * { python, env } to run the judge with, or { reason } why there is none. Packages are installed once, into a folder of their own below
 * `cache`: that needs pip alone (a virtual environment is another package on Debian), and leaves the system as it is.
 */
export async function kerasPython(cache, env = process.env) {
  const chosen = env.TANUKI_KERAS_PYTHON
  if (chosen !== undefined && chosen !== '') return { python: chosen, env }
  const key = createHash('sha256').update(packages.join()).update(process.arch).digest('hex').slice(0, 12)
  const site = join(cache, `keras-judge-${key}`)
  if (!existsSync(site)) {
    if (!/^(0|false|no|)$/i.test(env.TANUKI_OFFLINE ?? ''))
      return { reason: 'TANUKI_OFFLINE forbids the download of Keras' }
    const unfinished = `${site}-${process.pid}`
    mkdirSync(cache, { recursive: true })
    const quiet = ['-q', '--disable-pip-version-check', '--no-compile', '--only-binary=:all:']
    const { code, last } = await run('python3', ['-m', 'pip', 'install', ...quiet, '--target', unfinished, ...packages])
    if (code !== 0) {
      rmSync(unfinished, { recursive: true, force: true })
      return { reason: `Keras cannot be installed: ${last}` }
    }
    // Another process may have been faster.
    if (existsSync(site)) rmSync(unfinished, { recursive: true })
    else renameSync(unfinished, site)
  }
  return {
    python: 'python3',
    env: { ...env, PYTHONPATH: site, PYTHONNOUSERSITE: '1', KERAS_BACKEND: 'jax', JAX_PLATFORMS: 'cpu' },
  }
}
