// What was compiled works without the sources: files with a thread of their own, the addon, the embedded weights.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const library = new URL('../../dist/index.js', import.meta.url).href
const folder = mkdtempSync(join(tmpdir(), 'tanuki-package-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('saves and loads every format from the compiled library', () => {
  const program = `
    import { input, layers, loadModel, sequential, tensor } from ${JSON.stringify(library)}
    const network = sequential([input({ shape: [4] }), layers.dense({ units: 3 })])
    const x = tensor([[1, 2, 3, 4]])
    const before = await (await network.predict(x, { verbose: 0 })).array()
    for (const end of ['keras', 'h5', 'safetensors']) {
      const path = ${JSON.stringify(folder)} + '/model.' + end
      await network.save(path)
      const after = await (await (await loadModel(path)).predict(x, { verbose: 0 })).array()
      if (JSON.stringify(after) !== JSON.stringify(before)) throw new Error(end + ': ' + after + ' instead of ' + before)
    }`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  })
  expect(status, stderr).toBe(0)
  expect(readdirSync(folder).sort()).toEqual(['model.h5', 'model.keras', 'model.safetensors'])
})
