// docs/misuse.md is what the table of misuse says; `npx vitest run tests/models/misuse-docs.test.ts -u` writes it anew.
import { expect, test } from 'vitest'
import { methodRules, otherMisuse } from '../../src/index.ts'
import type { GuardedMethod, MethodRules, ModelState } from '../../src/index.ts'

const states: readonly (readonly [ModelState, string])[] = [
  ['rest', 'at rest'],
  ['batches', 'in fit, around batches'],
  ['between', 'in fit, between epochs'],
  ['evaluating', 'in evaluate or validation'],
]

function methodTable(): string[] {
  const head = ['method', 'before compile', 'before it is built', ...states.map(([, text]) => text), 'note']
  const rows = (Object.keys(methodRules) as GuardedMethod[]).map((method) => {
    const rules: MethodRules = methodRules[method]
    const cell = (refused: boolean): string => (refused ? '**error**' : 'works')
    return [
      `\`${method}\``,
      cell(rules.needsCompile),
      cell(rules.needsBuilt),
      ...states.map(([state]) => cell(rules.refusedIn.includes(state))),
      rules.note,
    ]
  })
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}

test('docs/misuse.md', async () => {
  const others = otherMisuse.map(({ misuse, outcome, note }) => `| ${misuse} | ${outcome} | ${note} |`)
  const text = [
    '# What a model allows, and when',
    '',
    'The code obeys this table (`src/models/trainer/misuse.ts`), and `tests/models/misuse.test.ts` tries every cell of it. This page is generated',
    'from it by `npx vitest run tests/models/misuse-docs.test.ts -u`.',
    '',
    'An error is an `ArgumentError` that says what the model is doing; what was running goes on undisturbed.',
    '',
    ...methodTable(),
    '',
    'Methods that are called by a callback see the state of the moment: `onTrainBatchEnd` runs around batches, `onEpochEnd` between epochs.',
    '',
    '## Other misuse',
    '',
    '| | outcome | |',
    '|---|---|---|',
    ...others,
    '',
  ].join('\n')
  await expect(text).toMatchFileSnapshot('../../docs/misuse.md')
})
