// Pictures of models against Keras' model_to_dot: the same boxes with the same texts, in the same frames, joined by the same arrows.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Box, type Cell, type Frame, isFrame, modelPicture } from '../../src/report/model-boxes.ts'
import { deserializeAny, type Model } from '../../src/models/index.ts'

interface Plot {
  readonly options: Record<string, boolean>
  readonly nodes: readonly { readonly clusters: readonly string[]; readonly texts: readonly string[] }[]
  readonly edges: readonly (readonly [number, number])[]
}
interface PlotCase {
  readonly name: string
  readonly model: Parameters<typeof deserializeAny>[0]
  readonly plots: readonly Plot[]
}

const { cases } = JSON.parse(readFileSync('tests/goldens/report/plot_model.json', 'utf8')) as { cases: PlotCase[] }

describe.each(cases.map((golden) => [golden.name, golden] as const))('%s', (_, { model: stored, plots }) => {
  test.each(plots.map((plot) => [JSON.stringify(plot.options), plot] as const))('%s', (__, plot) => {
    const options = Object.fromEntries(
      Object.entries(plot.options).map(([key, value]) => [
        key.replace(/_([a-z])/g, (___, letter: string) => letter.toUpperCase()),
        value,
      ]),
    )
    const model = deserializeAny(stored) as Model
    // As modelToDot sets it.
    const { frame, arrows } = modelPicture(model, { showLayerNames: true, ...options })
    const labels = new Map<Box, string>()
    collect(frame, [], labels)
    const expected = plot.nodes.map(({ clusters, texts }) => [...clusters, ...texts].join(' | '))
    expect([...labels.values()].sort()).toEqual([...expected].sort())
    const arrow = (from: string, to: string): string => `${from} -> ${to}`
    expect(arrows.map(([from, to]) => arrow(labels.get(from)!, labels.get(to)!)).sort()).toEqual(
      plot.edges.map(([from, to]) => arrow(expected[from]!, expected[to]!)).sort(),
    )
  })
})

function collect(frame: Frame, clusters: readonly string[], labels: Map<Box, string>): void {
  const text = ({ before, bold, after }: Cell): string => `${before}${bold}${after}`
  for (const child of frame.children) {
    if (isFrame(child)) collect(child, [...clusters, child.name!], labels)
    else {
      const { title, activation, cells } = child
      const texts = [title, ...(activation === null ? [] : [activation]), ...cells].map(text)
      labels.set(child, [...clusters, ...texts].join(' | '))
    }
  }
}
