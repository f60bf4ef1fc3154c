// The tables in docs/tables: layers by their tests, primitives by engine. Made from the code's own tables, never by hand.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { kernels } from '../src/engines/reference/kernels.ts'
import { lowerings } from '../src/engines/native/lower/table.ts'
import { derivatives } from '../src/graph/derivatives.ts'
import type { PrimitiveName } from '../src/graph/primitives.ts'
import { builtinLayers } from '../src/layers/builtin.ts'
import { layerExamples } from './layers/layer-examples.ts'
import { layerChecks } from './layers/run-layer-test.ts'

const goldens = fileURLToPath(new URL('goldens/layers/', import.meta.url))

interface GoldenBook {
  readonly cases: readonly { readonly class_name: string }[]
  readonly distributions?: readonly { readonly class_name: string }[]
}

/** How many golden cases each layer class has. */
function goldenCounts(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const file of readdirSync(goldens).filter((name) => name.endsWith('.json'))) {
    const { cases, distributions = [] } = JSON.parse(readFileSync(`${goldens}${file}`, 'utf8')) as GoldenBook
    for (const { class_name } of [...cases, ...distributions]) counts.set(class_name, (counts.get(class_name) ?? 0) + 1)
  }
  return counts
}

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
const table = (heads: readonly string[], rows: readonly string[]): string =>
  [row(...heads), `|${heads.map(() => '---').join('|')}|`, ...rows, ''].join('\n')

/** docs/tables/layers.md */
export function layersTable(): string {
  const counts = goldenCounts()
  const byName = new Map(layerExamples.map((one) => [one.layer.className, one]))
  const rows = builtinLayers.map(({ className }) => {
    const one = byName.get(className)
    const apart = [
      ...(one?.notStored === undefined ? [] : [`not stored: ${one.notStored}`]),
      ...(one?.noGradient === undefined ? [] : [`no finite differences: ${one.noGradient}`]),
      ...Object.entries(one?.stay ?? {}).map(([weight, reason]) => `\`${weight}\` stays: ${reason}`),
    ]
    const engines = one === undefined ? '' : 'reference, native'
    return row(className, one === undefined ? '' : 'yes', counts.get(className) ?? '', engines, apart.join('; '))
  })
  return `# Layers and their tests

Written by \`npm run generate\`. *runLayerTest* stands for ${layerChecks.length} checks (\`tests/layers/run-layer-test.ts\`), *goldens* for cases with values
that Keras computed (\`tests/goldens/layers\`), *engines* for those that one of the checks runs the layer on, forward and backward.

${table(['layer', 'runLayerTest', 'goldens', 'engines', 'exceptions'], rows)}`
}

/** docs/tables/primitives.md */
export function primitivesTable(): string {
  const rows = (Object.keys(lowerings) as PrimitiveName[]).map((name) =>
    row(
      `\`${name}\``,
      derivatives[name] === 'none' ? '' : 'rule',
      name in kernels ? 'kernel' : 'evaluator',
      name === 'input' ? 'bound' : 'lowering',
    ),
  )
  return `# Primitives and engines

Written by \`npm run generate\` from the typed tables, each of which is total: a primitive without a rule does not compile. Where
*derivative* is empty no gradient passes. \`fused\` and \`result\` are made by the fusion pass, after differentiation.

${table(['primitive', 'derivative', 'reference', 'native'], rows)}`
}
