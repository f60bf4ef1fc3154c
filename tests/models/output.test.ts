// What models print: progress lines in terminals and elsewhere, numbers and placeholders as Python writes them, tables.
import { afterEach, describe, expect, test } from 'vitest'
import { callbacks, currentOutput, input, layers, sequential, setOutput } from '../../src/index.ts'
import type { Output } from '../../src/index.ts'
import { Progbar } from '../../src/models/progbar.ts'
import { fillPlaceholders, formatNumber, pythonFloat } from '../../src/models/python-format.ts'
import { cellWidths, drawTable, roundHalfEven, wrapText } from '../../src/models/table.ts'
import { captureOutput, randomTensor } from './helpers.ts'

afterEach(() => setOutput(null))

function bar(options: {
  verbose?: 1 | 2
  target?: number | null
  terminal?: boolean
  columns?: number
  colors?: boolean
}) {
  let [text, time] = ['', 0]
  const { terminal = false, columns = null, colors = false, verbose = 1, target = 4 } = options
  const output: Output = { write: (part) => (text += part), isTerminal: terminal, columns, colors }
  const progress = new Progbar({ target, verbose, output, now: () => time })
  return { progress, wait: (ms: number) => (time += ms), text: () => text }
}

describe('the progress line', () => {
  test('elsewhere than in a terminal is one line at the end', () => {
    const { progress, wait, text } = bar({})
    for (let step = 1; step <= 4; step++) {
      wait(500)
      progress.update(step, [['loss', 0.5]])
    }
    expect(text()).toBe('')
    progress.finalize(4, [['loss', 0.25], ['val_loss', 0]]) // prettier-ignore
    expect(text()).toBe('4/4 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step - loss: 0.2500 - val_loss: 0.0000e+00\n')
  })

  test('of verbose 2 has no bar', () => {
    const { progress, wait, text } = bar({ verbose: 2 })
    for (let step = 1; step <= 4; step++) {
      wait(1500)
      progress.update(step)
    }
    progress.finalize(4, [['loss', -2]])
    expect(text()).toBe('4/4 - 6s - 2s/step - loss: -2.0000e+00\n')
  })

  test('in a terminal is redrawn, at most 12 times a second, with the time to go', () => {
    const { progress, wait, text } = bar({ terminal: true, columns: 100, target: 100 })
    progress.update(1)
    wait(10)
    expect(progress.wantsValues()).toBe(false)
    progress.update(2)
    wait(990)
    progress.update(3, [['loss', 1]])
    // 1 s for 2 steps, 97 to go.
    expect(text()).toBe(
      '\r\x1b[K  1/100 ──────────────────── 0s 0s/step\r\x1b[K  3/100 ──────────────────── 48s 500ms/step - loss: 1.0000',
    )
    wait(1e5)
    progress.finalize(100, [['loss', 0.5]])
    expect(text()).toMatch(/\r\x1b\[K100\/100 ━{20} 101s 1s\/step - loss: 0.5000\n$/)
  })

  test('is cut to the width, and coloured where that is wanted', () => {
    const narrow = bar({ terminal: true, columns: 20 })
    narrow.progress.update(2)
    expect(narrow.text()).toBe('\r\x1b[K2/4 ━━━━━━━━━━─────')
    narrow.progress.finalize(4, [['val_loss', 1]])
    expect(narrow.text()).toMatch(/ ━{20} 0s 0s\/step - val_loss: 1\.0000\n$/)
    const colored = bar({ terminal: true, columns: 100, colors: true })
    colored.progress.update(2)
    expect(colored.text()).toBe(
      '\r\x1b[K\x1b[1m2/4\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 0s/step',
    )
  })

  test('counts while the target is unknown', () => {
    const { progress, wait, text } = bar({ terminal: true, columns: 100, target: null })
    wait(3000)
    progress.update(2)
    expect(text()).toBe('\r\x1b[K      2/Unknown 3s 0us/step'.replace('0us', '0s'))
  })

  test('shows hours and minutes to go', () => {
    const { progress, wait, text } = bar({ terminal: true, columns: 100, target: 10_000 })
    progress.update(1)
    wait(2000)
    progress.update(2)
    expect(text()).toContain('5:33:16')
    const minutes = bar({ terminal: true, columns: 100, target: 100 })
    minutes.progress.update(1)
    minutes.wait(1000)
    minutes.progress.update(2)
    expect(minutes.text()).toContain('1:38 1s/step')
  })

  test('of fit, evaluate and predict', async () => {
    const net = sequential([input({ shape: [2] }), layers.dense({ units: 1, kernelInitializer: 'zeros' })])
    net.compile({ optimizer: 'sgd', loss: 'mse' })
    const [x, y] = [randomTensor([4, 2]), randomTensor([4, 1])]
    const output = captureOutput()
    await net.fit(x, y, { epochs: 2, batchSize: 2, validationData: [x, y] })
    const lines = output.text().split('\n')
    expect(lines[0]).toBe('Epoch 1/2')
    expect(lines[1]).toMatch(/^2\/2 ━{20} \d+s \d+(ms|us|s)\/step - loss: [\d.e+-]+ - val_loss: [\d.e+-]+$/)
    expect(lines.length).toBe(5)
    await net.fit(x, y, { epochs: 1, verbose: 2 })
    expect(output.text().split('\n')[4]).toMatch(/^1\/1 - \d+s - \d+(ms|us|s)\/step - loss: /)
    await net.evaluate(x, y)
    await net.predict(x, { batchSize: 2 })
    const rest = output.text().split('\n').slice(5)
    expect(rest[0]).toMatch(/^1\/1 ━{20} .* - loss: /)
    expect(rest[1]).toMatch(/^2\/2 ━{20} \d+s \d+(ms|us|s)\/step$/)
    const before = output.text()
    await net.fit(x, y, { verbose: 0 })
    expect(output.text()).toBe(before)
  })

  test('is not printed twice if a ProgbarLogger is given', async () => {
    const net = sequential([input({ shape: [2] }), layers.dense({ units: 1 })])
    net.compile({ optimizer: 'sgd', loss: 'mse' })
    const output = captureOutput()
    await net.fit(randomTensor([4, 2]), randomTensor([4, 1]), { callbacks: [new callbacks.ProgbarLogger()] })
    expect(output.text().trim().split('\n').length).toBe(1)
  })
})

describe('numbers as Python writes them', () => {
  test('repr', () => {
    expect([1, 0.1, 1e-5, 1e16, 123456.75, -0, NaN, Infinity, -Infinity].map(pythonFloat)).toEqual([
      '1.0', '0.1', '1e-05', '1e+16', '123456.75', '-0.0', 'nan', 'inf', '-inf',
    ]) // prettier-ignore
  })

  test('format', () => {
    expect(['02d', '.2f', '5.1f', '<6d', '^5d', '.1e', '.3g', '%', '08.3f'].map((spec) => formatNumber(3, spec))).toEqual([
      '03', '3.00', '  3.0', '3     ', '  3  ', '3.0e+00', '3', '300.000000%', '0003.000',
    ]) // prettier-ignore
    expect(() => formatNumber(1, 'zz')).toThrow(/a format such as/)
    expect(fillPlaceholders('a{{b}}-{epoch:02d}-{val_loss:.2f}-{epoch}', { epoch: 3, val_loss: 0.256 })).toBe(
      'a{b}-03-0.26-3',
    )
    expect(() => fillPlaceholders('{x}', { y: 1 })).toThrow(/among \{y\}/)
  })
})

describe('tables', () => {
  test('round widths half to even', () => {
    expect([0.5, 1.5, 2.5, 2.4, 2.6].map(roundHalfEven)).toEqual([0, 2, 2, 2, 3])
    expect(cellWidths([34, 26, 16].map((width) => ({ title: '', width })))).toEqual([33, 24, 15])
    expect(cellWidths([22, 20, 14, 20].map((width) => ({ title: '', width })))).toEqual([21, 19, 12, 19])
  })

  test('break at spaces and cut long words', () => {
    expect(wrapText('global_average_pooling2d (GlobalAveragePooling2D)', 31)).toEqual([
      'global_average_pooling2d ',
      '(GlobalAveragePooling2D)',
    ])
    expect(wrapText('abcdefghij', 5)).toEqual(['abcd…'])
    expect(wrapText('   └ b', 10)).toEqual(['   └ b'])
    expect(wrapText('', 5)).toEqual([''])
    // Two cells for each wide character.
    expect(wrapText('狸狸狸', 5)).toEqual(['狸狸…'])
  })

  test('are drawn with a heavy header', () => {
    const columns = [{ title: 'A', width: 6 }, { title: 'B', width: 6, align: 'right' }] as const // prettier-ignore
    expect(drawTable(columns, [['x', '1'], ['y', '22']])).toBe(
      ['┏━━━━┳━━━━━┓', '┃ A  ┃   B ┃', '┡━━━━╇━━━━━┩', '│ x  │   1 │', '├────┼─────┤', '│ y  │  22 │', '└────┴─────┘'].join('\n'),
    ) // prettier-ignore
  })
})

test('summary of a model too wide', () => {
  const net = sequential([input({ shape: [2] }), layers.dense({ units: 1 })])
  expect(() => net.summary({ lineLength: 12 })).toThrow(/room for the table/)
  expect(() => net.summary({ layerRange: ['x', 'y'] })).toThrow(/layers that match/)
})

test('a terminal that says it is 0 wide is taken for one of 80', () => {
  const { isTTY, columns } = process.stdout
  try {
    Object.assign(process.stdout, { isTTY: true, columns: 0 })
    expect(currentOutput().columns).toBe(80)
  } finally {
    Object.assign(process.stdout, { isTTY, columns })
  }
})
