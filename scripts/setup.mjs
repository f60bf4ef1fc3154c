// Brings a clone into a state where it can run: packages, native addon, compiled TypeScript. Skips what is up to date; needs no packages.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const addon = join(root, 'build', 'native', 'tanuki.node')
const nativeLog = join(root, 'build', 'native-build.log')

export class SetupError extends Error {}

/** Prints one line of progress; standard output stays free for results. */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

/** Runs a program to its end: { code, output }. With `show`, its output is seen as it comes; with `onLine`, line by line. */
export function run(command, args, { show = false, onLine, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let pending = ''
    const take = (data) => {
      output += data
      pending += data
      const lines = pending.split('\n')
      pending = lines.pop()
      if (onLine) for (const line of lines) onLine(line)
    }
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', take)
    child.on('error', (error) => reject(new SetupError(`${command} cannot be run: ${error.message}`)))
    child.on('close', (code, signal) => resolve({ code: code ?? 1, output, signal }))
  })
}

/** True if every package of the lock file is installed in its version. Optional ones may be missing: other platforms, other systems. */
function packagesAreInstalled() {
  const installedPath = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installedPath)) return false
  const { packages: wanted } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { packages: installed } = JSON.parse(readFileSync(installedPath, 'utf8'))
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
    if (path === '') return true
    const found = installed[path]
    if (found === undefined) return optional === true || devOptional === true
    return found.version === version && existsSync(join(root, path))
  })
}

async function installPackages() {
  if (packagesAreInstalled()) return
  say('packages: npm ci')
  // No package needs its install script; running none keeps the set-up the same under every npm.
  const { code, output } = await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
  if (code !== 0) {
    throw new SetupError(
      `npm ci failed:\n${output.trim()}\nCheck the connection to the package registry, then run the command again.`,
    )
  }
}

/** Builds the addon. Returns whether there is an up-to-date one; says why not in one line. */
async function buildNative() {
  const known = /^native addon: (up to date|compiling|built|without libjpeg-turbo)/
  const { code, output } = await run(process.execPath, [join(root, 'scripts', 'build-native.mjs')], {
    onLine: (line) => {
      if (known.test(line) && !line.includes('up to date')) say(line)
    },
  })
  if (code === 0) return true
  mkdirSync(dirname(nativeLog), { recursive: true })
  writeFileSync(nativeLog, output)
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !known.test(line))
  const reason = (lines[0] ?? 'no reason given').replace(/^native addon: /, '').trim()
  // The cure stands at the end of the message, which may have many lines of a compiler in between.
  const last = (lines.at(-1) ?? '').trim()
  const told = lines.length > 1 && last !== reason ? `${reason} … ${last}` : reason
  const short = told.length > 400 ? `${told.slice(0, 200)} … ${told.slice(-200)}` : told
  say(
    `native addon: not built, the slow reference engine is used instead. ${short} ` +
      `(All of it: ${relative(root, nativeLog)}; try again with "npm run build:native".)`,
  )
  // An older addon would run other code than the sources say.
  rmSync(addon, { force: true })
  return false
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** Compiles one project into `out`, unless neither its files nor the compiler have changed since. */
async function compile({ name, project, sources, out }) {
  const hash = createHash('sha256')
  const compiler = join(root, 'node_modules', 'typescript')
  const config = [join(root, 'tsconfig.json'), join(root, project), join(compiler, 'package.json')]
  for (const path of [...config, ...sources.flatMap((folder) => filesBelow(join(root, folder)))])
    hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0')
  const key = hash.digest('hex')
  const stamp = join(root, 'build', `${name}.key`)
  if (existsSync(stamp) && existsSync(join(root, out)) && readFileSync(stamp, 'utf8') === key) return
  say(`${name}: compiling TypeScript`)
  rmSync(stamp, { force: true })
  rmSync(join(root, out), { recursive: true, force: true })
  const { code, output } = await run(process.execPath, [join(compiler, 'bin', 'tsc'), '-p', project])
  if (code !== 0) throw new SetupError(`${name} does not compile:\n${output.trim()}`)
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, key)
}

/**
 * Does what is missing, one printed line a step: packages always; the addon (`native`); the library and the examples (`build`).
 * Returns { native }: whether there is an addon. Throws SetupError, whose message is for the user.
 */
export async function setup({ build = true, native = true } = {}) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`Node ${process.versions.node} is too old: 20.19 or newer is needed (https://nodejs.org).`)
  }
  await installPackages()
  const hasAddon = native ? await buildNative() : existsSync(addon)
  if (build) {
    await compile({ name: 'library', project: 'tsconfig.json', sources: ['src'], out: 'dist' })
    await compile({
      name: 'examples',
      project: 'tsconfig.examples.json',
      sources: ['src', 'examples'],
      out: join('build', 'examples'),
    })
  }
  return { native: hasAddon }
}

/** Runs `main`; what went wrong in a set-up is told without a stack. */
export async function runScript(main) {
  try {
    await main()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(error.message)
    process.exitCode = 1
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const only = process.argv[2]
  await runScript(async () => {
    await setup(only === '--build' ? { native: false } : {})
  })
}
