// Mistakes in making callbacks, and in giving them to fit.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { callbacks, input, layers, ops, optimizers, sequential } from '../../src/index.ts'
import { quietFolder } from './folder.ts'
import { checkMistakes, functionsOf, loose, type Mistakes, wrong } from './mistakes.ts'

const folder = quietFolder()
const hide: Record<string, string> = { [folder]: '<folder>' }

const makers = loose(callbacks)
const compiled = () => {
  const net = sequential([input({ shape: [2] }), layers.dense({ units: 1 })])
  net.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] })
  return net
}
const fit = async (given: unknown, net = compiled()) =>
  net.fit(ops.ones([4, 2]), ops.ones([4, 1]), { callbacks: wrong(given), verbose: 0 })

/** A maker's mistakes: `options` are right ones, `values` wrong ones for one option each, `misspelt` a name that is nearly right. */
function mistakesOf(
  maker: string,
  options: object,
  misspelt: readonly string[],
  values: readonly (readonly [string, unknown])[],
): Mistakes {
  const make = (given: unknown) => () => makers[maker]!(given)
  const bare: Mistakes = {
    'a bare text': make('val_loss'),
    'a bare number': make(3),
    'null': make(null),
    'a list': make(['val_loss']),
    'a function': make(() => undefined),
    'a class': make(Map),
  } // prettier-ignore
  const names = misspelt.map((name) => [`the option ${name}`, make({ ...options, [name]: 1 })] as const)
  const wrongs = values.map(([name, value]) => {
    const shown = typeof value === 'function' ? 'a function' : typeof value === 'number' ? String(value) : JSON.stringify(value)
    return [`${name}: ${shown}`, make({ ...options, [name]: value })] as const
  }) // prettier-ignore
  return { ...bare, ...Object.fromEntries([...names, ...wrongs]) }
}

const monitored = [
  ['monitor', 3], ['monitor', ''], ['monitor', ['val_loss']], ['mode', 'minimum'], ['mode', 'maxx'], ['mode', 1],
] as const // prettier-ignore

const table: Record<string, Mistakes> = {
  earlyStopping: mistakesOf('earlyStopping', {}, ['patients', 'restore_best_weights', 'min_delta', 'metric'], [
    ...monitored, ['patience', '3'], ['patience', -1], ['patience', NaN], ['patience', 1.5], ['minDelta', '0.1'], ['minDelta', NaN],
    ['baseline', 'none'], ['restoreBestWeights', 'yes'], ['startFromEpoch', -2], ['verbose', 'yes'],
  ]),
  reduceLROnPlateau: mistakesOf('reduceLROnPlateau', {}, ['min_lr', 'factr', 'learningRate'], [
    ...monitored, ['factor', 10], ['factor', -0.1], ['factor', '0.1'], ['factor', NaN], ['patience', '3'], ['cooldown', -1], ['minLr', '0'],
    ['minDelta', NaN],
  ]),
  modelCheckpoint: {
    ...mistakesOf('modelCheckpoint', { filepath: 'best.keras' }, ['path', 'save_best_only', 'saveBest', 'period'], [
      ...monitored, ['filepath', 3], ['filepath', ''], ['filepath', 'folder/'], ['filepath', 'best.onnx'], ['saveBestOnly', 'yes'],
      ['saveFreq', 0], ['saveFreq', 'epochs'], ['initialValueThreshold', '0.5'],
    ]),
    'no filepath': () => makers.modelCheckpoint!({ saveBestOnly: true }),
    'no options': () => makers.modelCheckpoint!(),
    'a model file for weights': () => callbacks.modelCheckpoint({ filepath: 'w.keras', saveWeightsOnly: true }),
  },
  learningRateScheduler: {
    ...mistakesOf('learningRateScheduler', { schedule: () => 1 }, ['scheduler', 'verbos'], [
      ['schedule', 0.1], ['schedule', 'cosine'], ['schedule', [0.1, 0.01]], ['verbose', 'yes'],
    ]),
    'no schedule': () => makers.learningRateScheduler!({}),
    'a schedule that gives text': () => fit([callbacks.learningRateScheduler({ schedule: () => wrong('0.1') })]),
    'a schedule that gives NaN': () => fit([callbacks.learningRateScheduler({ schedule: () => NaN })]),
  },
  lambdaCallback: mistakesOf('lambdaCallback', {}, ['on_epoch_end', 'onEpochEnds', 'epochEnd', 'onStart'], [
    ['onEpochEnd', 'print'], ['onEpochEnd', 3], ['onTrainBegin', null],
  ]),
  csvLogger: {
    ...mistakesOf('csvLogger', { filename: 'log.csv' }, ['file', 'file_name', 'seperator'], [
      ['filename', 3], ['filename', ''], ['separator', 1], ['append', 'yes'],
    ]),
    'no filename': () => makers.csvLogger!({}),
    'no options': () => makers.csvLogger!(),
  },
  backupAndRestore: {
    ...mistakesOf('backupAndRestore', { backupDir: 'backup' }, ['backup_dir', 'saveFrequency', 'deleteCheckpoints'], [
      ['backupDir', 3], ['backupDir', ''], ['saveFreq', 0], ['saveFreq', 'batch'], ['deleteCheckpoint', 'no'],
    ]),
    'no backupDir': () => makers.backupAndRestore!({}),
    'no options': () => makers.backupAndRestore!(),
  },
  tensorBoard: mistakesOf('tensorBoard', {}, ['log_dir', 'logdir2', 'histogram_freq'], [
    ['logDir', 3], ['logDir', ''], ['histogramFreq', -1], ['histogramFreq', '1'], ['updateFreq', 'epochs'], ['updateFreq', 0], ['writeGraph', 'yes'],
  ]),
  swapEMAWeights: {
    ...mistakesOf('swapEMAWeights', {}, ['swap_on_epoch', 'swap'], [['swapOnEpoch', 'yes'], ['swapOnEpoch', 1]]),
    'an optimizer without averages': () => fit([callbacks.swapEMAWeights(), callbacks.lambdaCallback({})], compiled()).then(
      () => compiled().evaluate(ops.ones([4, 2]), ops.ones([4, 1]), { verbose: 0, callbacks: [callbacks.swapEMAWeights()] })),
  },
  'fit, with callbacks': {
    'a callback outside of a list': () => fit(callbacks.terminateOnNaN()),
    'a name': () => fit(['earlyStopping']),
    'a name as in Keras': () => fit(['EarlyStopping']),
    'a class': () => fit([callbacks.EarlyStopping]),
    'a maker that was not called': () => fit([callbacks.earlyStopping]),
    'a plain function': () => fit([(epoch: number) => epoch]),
    'an object of hooks': () => fit([{ onEpochEnd: () => undefined }]),
    'options': () => fit([{ monitor: 'val_loss', patience: 3 }]),
    'undefined in the list': () => fit([undefined]),
    'a list in the list': () => fit([[callbacks.terminateOnNaN()]]),
    'a promise': () => fit([Promise.resolve(callbacks.terminateOnNaN())]),
    'an optimizer': () => fit([optimizers.adam()]),
    'a metric without a direction': () => fit([callbacks.earlyStopping({ monitor: 'val_something' }), callbacks.earlyStopping({ monitor: 'learning_rate' }), callbacks.reduceLROnPlateau({ monitor: 'mae', factor: wrong('x') })]),
  },
} // prettier-ignore

const named = Object.entries(table).map(([name, mistakes]) => [
  name in callbacks ? `callbacks.${name}` : name,
  mistakes,
])
checkMistakes('callbacks', Object.fromEntries(named) as Record<string, Mistakes>, { hide })

test('every maker of a callback has its mistakes', () => {
  const without = ['terminateOnNaN']
  const names = functionsOf(callbacks).filter((name) => /^[a-z]/.test(name) && !without.includes(name))
  expect(names.filter((name) => !(name in table))).toEqual([])
})

test('a wrong callback leaves the model as it was, and no files behind', async () => {
  const net = compiled()
  const before = await net.getWeights()[0]!.data()
  const good = callbacks.csvLogger({ filename: join(folder, 'log.csv') })
  await expect(fit([good, 'earlyStoping'], net)).rejects.toThrow('earlyStopping')
  expect(await net.getWeights()[0]!.data()).toEqual(before)
  expect(existsSync(join(folder, 'log.csv'))).toBe(false)
  await fit([good], net)
  expect(existsSync(join(folder, 'log.csv'))).toBe(true)
})
