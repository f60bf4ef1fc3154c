// Builds the native addon with g++ over oneDNN 3.2, which comes from pinned Python wheels (or from ONEDNN_ROOT). Skips what is up to date.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = join(root, 'build', 'native')
const objects = join(out, 'objects')
const require = createRequire(import.meta.url)

const wheels = [
  {
    name: 'onednn-cpu-gomp',
    version: '2023.2.0',
    sha256: '2f22a54d6a890ed14bfa185d42a4be65d8b5b1df85dc1f0f3a9abe31620416fb',
  },
  {
    name: 'onednn-devel-cpu-gomp',
    version: '2023.2.0',
    sha256: '9763c69e8c907e119056bd52ad918ca84ac9ba939d130a99dfa95ccca3e5e284',
  },
]

/** Kernel files that are compiled once for each instruction set. */
const kernelFlags = {
  avx512: ['-mavx512f', '-mavx512vl', '-mavx512bw', '-mavx512dq', '-mfma', '-DTANUKI_ISA=avx512', '-DTANUKI_LANES=16'],
  avx2: ['-mavx2', '-mfma', '-DTANUKI_ISA=avx2', '-DTANUKI_LANES=8'],
  portable: ['-DTANUKI_ISA=portable', '-DTANUKI_LANES=8'],
}

class BuildError extends Error {}

function run(command, args, cure) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (result.error) throw new BuildError(`${command} cannot be run (${result.error.message}). ${cure}`)
  if (result.status !== 0)
    throw new BuildError(`${command} failed: ${(result.stderr || result.stdout).trim().slice(-2000)}. ${cure}`)
  return result.stdout
}

/** Headers and library of oneDNN: { include, library }. */
function oneDNN() {
  const given = process.env.ONEDNN_ROOT
  if (given) {
    const library = ['lib', 'lib64']
      .map((folder) => join(given, folder, 'libdnnl.so.3'))
      .find((path) => existsSync(path))
    if (!library)
      throw new BuildError(
        `ONEDNN_ROOT=${given} has no lib/libdnnl.so.3. Point it to an installation of oneDNN 3, or unset it.`,
      )
    return { include: join(given, 'include'), library }
  }
  const folder = join(root, 'build', 'onednn-3.2')
  if (!existsSync(join(folder, 'libdnnl.so.3'))) {
    const download = join(root, 'build', 'onednn-download')
    rmSync(download, { recursive: true, force: true })
    mkdirSync(download, { recursive: true })
    const requirements = join(download, 'requirements.txt')
    writeFileSync(
      requirements,
      wheels.map(({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}\n`).join(''),
    )
    const cure =
      'Install Python 3 with pip (Debian: apt install python3-pip), or set ONEDNN_ROOT to an installation of oneDNN 3.'
    run(
      'python3',
      [
        '-m',
        'pip',
        'download',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--require-hashes',
        '--dest',
        download,
        '-r',
        requirements,
      ],
      cure,
    )
    const unpacked = join(download, 'unpacked')
    for (const file of readdirSync(download)
      .filter((name) => name.endsWith('.whl'))
      .sort())
      run('python3', ['-m', 'zipfile', '-e', join(download, file), unpacked], cure)
    const stage = join(download, 'stage')
    mkdirSync(stage, { recursive: true })
    for (const entry of readdirSync(unpacked)) {
      const data = join(unpacked, entry, 'data')
      if (existsSync(join(data, 'lib', 'libdnnl.so.3')))
        copyFileSync(join(data, 'lib', 'libdnnl.so.3'), join(stage, 'libdnnl.so.3'))
      if (existsSync(join(data, 'include'))) renameSync(join(data, 'include'), join(stage, 'include'))
    }
    if (!existsSync(join(stage, 'libdnnl.so.3')) || !existsSync(join(stage, 'include', 'dnnl.hpp')))
      throw new BuildError('the oneDNN wheels do not hold what they should.')
    rmSync(folder, { recursive: true, force: true })
    renameSync(stage, folder)
    rmSync(download, { recursive: true, force: true })
  }
  return { include: join(folder, 'include'), library: join(folder, 'libdnnl.so.3') }
}

function listFiles(folder, end) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(end))
    .sort()
    .map((name) => join(folder, name))
}

function hashOf(parts) {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}

async function main() {
  const verbose = !process.argv.includes('--quiet')
  const log = (text) => verbose && process.stderr.write(`${text}\n`)
  const native = join(root, 'native')
  const compiler = process.env.CXX ?? 'g++'
  mkdirSync(objects, { recursive: true })
  const version = run(compiler, ['--version'], 'Install a C++ compiler (Debian: apt install g++), or set CXX.').split(
    '\n',
  )[0]
  const dnnl = oneDNN()
  const common = [
    '-std=c++17',
    '-O3',
    '-fPIC',
    '-fopenmp',
    '-fvisibility=hidden',
    '-Wall',
    '-Wextra',
    '-DNAPI_VERSION=8',
    '-DNAPI_CPP_EXCEPTIONS',
    `-I${dnnl.include}`,
    `-I${dirname(require.resolve('node-addon-api/package.json'))}`,
    `-I${require('node-api-headers').include_dir}`,
  ]
  const headers = [...listFiles(join(native, 'src'), '.h'), ...listFiles(join(native, 'kernels'), '.h')]
  const kernelHeaders = listFiles(join(native, 'kernels'), '.h')
  const units = []
  for (const source of [...listFiles(join(native, 'src'), '.cpp'), ...listFiles(join(native, 'steps'), '.cpp')])
    units.push({ source, object: `${relative(native, source).replaceAll(/[/\\]/g, '-')}.o`, flags: common, headers })
  for (const source of listFiles(join(native, 'kernels'), '.cpp'))
    for (const [isa, flags] of Object.entries(kernelFlags))
      units.push({
        source,
        object: `${relative(native, source).replaceAll(/[/\\]/g, '-')}-${isa}.o`,
        flags: [...common, ...flags],
        headers: kernelHeaders,
      })

  const texts = new Map()
  const text = (path) => texts.get(path) ?? (texts.set(path, readFileSync(path)), texts.get(path))
  const stale = []
  for (const unit of units) {
    unit.key = hashOf([version, unit.flags.join(' '), text(unit.source), ...unit.headers.map(text)])
    unit.path = join(objects, unit.object)
    const known =
      existsSync(unit.path) && existsSync(`${unit.path}.key`) ? readFileSync(`${unit.path}.key`, 'utf8') : ''
    if (known !== unit.key) stale.push(unit)
  }
  const target = join(out, 'tanuki.node')
  if (stale.length === 0 && existsSync(target) && existsSync(join(out, 'libdnnl.so.3'))) {
    log('native addon: up to date')
    return
  }
  log(`native addon: compiling ${stale.length} of ${units.length} files with ${version}`)
  const queue = [...stale]
  const compileOne = (unit) =>
    new Promise((resolve, reject) => {
      const child = spawn(compiler, [...unit.flags, '-c', unit.source, '-o', unit.path], {
        stdio: ['ignore', 'inherit', 'pipe'],
      })
      let errors = ''
      child.stderr.on('data', (data) => (errors += data))
      child.on('error', (error) => reject(new BuildError(error.message)))
      child.on('exit', (code) => {
        if (code !== 0)
          return reject(new BuildError(`${relative(root, unit.source)} does not compile:\n${errors.slice(-4000)}`))
        if (errors) process.stderr.write(errors)
        writeFileSync(`${unit.path}.key`, unit.key)
        resolve()
      })
    })
  const workers = Array.from({ length: Math.min(availableParallelism(), queue.length) }, async () => {
    for (let unit = queue.shift(); unit; unit = queue.shift()) await compileOne(unit)
  })
  await Promise.all(workers)
  // By renaming: a process that has the library loaded would crash if its bytes were replaced under it.
  copyFileSync(dnnl.library, join(out, 'libdnnl.so.3.part'))
  renameSync(join(out, 'libdnnl.so.3.part'), join(out, 'libdnnl.so.3'))
  const partial = join(out, 'tanuki.node.part')
  run(
    compiler,
    [
      '-shared',
      '-fopenmp',
      '-o',
      partial,
      ...units.map((unit) => unit.path),
      join(out, 'libdnnl.so.3'),
      '-Wl,-rpath,$ORIGIN',
      '-lpthread',
    ],
    'The link failed.',
  )
  renameSync(partial, target)
  log(`native addon: built ${relative(root, target)}`)
}

main().catch((error) => {
  process.stderr.write(`native addon: ${error instanceof BuildError ? error.message : error.stack}\n`)
  process.exitCode = 1
})
