// The bench's command line.
import { parseArgs } from 'node:util'

export const usage = `npm run bench -- [options]
  --models a,b     of lite0, xception; default both
  --works a,b      of forward, fine-tune, augment, data; default all but data (fine-tune gives the first step too)
  --batches a,b    batch sizes of the forward pass; default 32,1
  --python PATH    a Python with keras, tensorflow, torch and torchvision, for the rivals in fine-tuning and data
  --threads N      for every engine; default what Tanuki chooses
  --rounds N       turns of each side; default 15, in fine-tuning and data 8
  --json FILE      writes the results there
  --quick          1 warm-up run and 2 short turns: shows that it works, says nothing about speed`

export class UsageError extends Error {}

/** @param {string} option @param {string} text */
function wholeNumber(option, text) {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`--${option}: expected a whole number from 1 on, received "${text}"`)
  return number
}

/** @param {string} option @param {string} text @param {readonly string[]} known */
function listOf(option, text, known) {
  const names = text.split(',')
  for (const name of names)
    if (!known.includes(name)) throw new UsageError(`--${option}: expected ${known.join(' or ')}, received "${name}"`)
  return names
}

/** @param {string[]} args @param {readonly string[]} modelNames @throws UsageError */
export function readOptions(args, modelNames) {
  let values
  try {
    const text = { type: /** @type {const} */ ('string') }
    const flag = { type: /** @type {const} */ ('boolean'), default: false }
    const options = {
      models: text,
      works: text,
      batches: text,
      python: text,
      threads: text,
      rounds: text,
      json: text,
      quick: flag,
      help: flag,
    }
    ;({ values } = parseArgs({ args, options, strict: true, allowPositionals: false }))
  } catch (error) {
    throw new UsageError(error.message)
  }
  const { quick } = values
  const rounds = values.rounds === undefined ? null : wholeNumber('rounds', values.rounds)
  return {
    help: values.help,
    models: listOf('models', values.models ?? modelNames.join(), modelNames),
    works: listOf('works', values.works ?? 'forward,fine-tune,augment', ['forward', 'fine-tune', 'augment', 'data']),
    batches: (values.batches ?? '32,1').split(',').map((batch) => wholeNumber('batches', batch)),
    python: values.python ?? null,
    threads: values.threads === undefined ? null : wholeNumber('threads', values.threads),
    json: values.json ?? null,
    quick,
    rounds: {
      forward: rounds ?? (quick ? 2 : 15),
      'fine-tune': rounds ?? (quick ? 2 : 8),
      augment: rounds ?? (quick ? 2 : 8),
      data: rounds ?? (quick ? 2 : 8),
    },
    warmUp: quick ? 1 : 3,
    turnMs: quick ? 1 : 300,
  }
}
