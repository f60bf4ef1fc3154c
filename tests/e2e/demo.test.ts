// The demo from its command to the saved model, with one epoch of each phase, in a process of its own.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const script = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tanuki-demo-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})
const tenMinutes = 600_000

test('trains, saves, reloads and reports', { timeout: tenMinutes }, () => {
  const out = join(folder, 'run')
  const args = [script, '--seed', '3', '--out', out, '--epochs', '1', '--fine-tuning-epochs', '1']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(status, stdout + stderr).toBe(0)
  expect(stdout).toContain('Total params: 3,420,710')
  expect(stdout).toContain('Trainable params: 7,686')
  expect(stdout).toContain('the reloaded model predicts the same, bit by bit')
  expect(readdirSync(out).sort()).toEqual(['history.json', 'model.safetensors'])
  const history = JSON.parse(readFileSync(join(out, 'history.json'), 'utf8'))
  expect(history.seed).toBe(3)
  for (const phase of ['head', 'fineTuning']) {
    expect(Object.keys(history[phase]).sort()).toEqual(['accuracy', 'loss', 'val_accuracy', 'val_loss'])
    for (const values of Object.values<number[]>(history[phase]))
      expect(values.every(Number.isFinite) && values.length).toBe(1)
  }
  expect(history.seconds).toBeGreaterThan(0)
  // Chance is 1 in 6; a head that learns anything in one epoch is far above. The reduced schedule is too small to say.
  if (history.reduced === false) expect(history.test.accuracy).toBeGreaterThan(0.4)
})

test('ends cleanly at an interrupt', { timeout: tenMinutes }, async () => {
  const out = join(folder, 'interrupted')
  const child = spawn(process.execPath, [script, '--out', out], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const had = output.includes('Training the head')
    output += text
    if (!had && output.includes('Training the head')) setTimeout(() => child.kill('SIGINT'), 500)
  })
  const code = await new Promise((resolve) => child.on('exit', resolve))
  expect(code, output).toBe(130)
  expect(output).toContain('Stopped; nothing was saved.')
})

test(
  'refuses unknown options',
  () => {
    const { status, stderr } = spawnSync(process.execPath, [script, '--epoch', '1'], { encoding: 'utf8' })
    expect(status).toBe(2)
    expect(stderr).toContain('usage: npm run demo')
  },
  tenMinutes,
)
