// A model as text in the DOT language, for Graphviz.
import { type Box, type BoxOptions, type Cell, type Frame, isFrame, modelPicture } from './model-boxes.ts'
import { escapeXml } from './svg.ts'
import type { Model } from '../models/index.ts'
import { type Direction, checkPlotOptions } from './plot-options.ts'

export interface ModelToDotOptions extends BoxOptions {
  /** Where arrows lead: `TB` (default) down, `LR` to the right, `BT` up, `RL` to the left. */
  readonly rankdir?: Direction
}

/**
 * The model in the DOT language: one node a layer, nested models as clusters with `expandNested`. `showLayerNames` is true unless
 * said, as in Keras.
 * @throws ArgumentError for unknown options, or a model that is not built.
 */
export function modelToDot(model: Model, options: ModelToDotOptions = {}): string {
  checkPlotOptions('modelToDot', model, options)
  const { frame, arrows } = modelPicture(model, { showLayerNames: true, ...options })
  const names = new Map<Box, string>()
  const lines = [
    `digraph ${quoted(model.name)} {`,
    `rankdir=${options.rankdir ?? 'TB'}; splines=ortho; concentrate=true;`,
    'node [shape=plain, fontname=Helvetica, margin=0];',
    'edge [penwidth=2];',
  ]
  let clusters = 0
  const write = (part: Frame): void => {
    for (const child of part.children) {
      if (isFrame(child)) {
        lines.push(`subgraph cluster_${clusters++} {`, `label=${quoted(child.name!)}; labeljust=l; style=dashed;`)
        write(child)
        lines.push('}')
      } else if (!names.has(child)) {
        names.set(child, `layer_${names.size}`)
        lines.push(`${names.get(child)!} [label=<${tableOf(child)}>];`)
      }
    }
  }
  write(frame)
  for (const [from, to] of arrows) lines.push(`${names.get(from)!} -> ${names.get(to)!};`)
  return `${[...lines, '}'].join('\n')}\n`
}

function tableOf(box: Box): string {
  const columns = Math.max(1, box.cells.length)
  const wideRows = [box.title, ...(box.activation === null ? [] : [box.activation])]
  const rows = wideRows.map((cell, i) => `<tr>${cellOf(cell, columns, i === 0 ? 16 : 14)}</tr>`)
  if (box.cells.length > 0) rows.push(`<tr>${box.cells.map((cell) => cellOf(cell, 1, 14)).join('')}</tr>`)
  return `<table border="0" cellborder="1" cellspacing="0" cellpadding="10">${rows.join('')}</table>`
}

function cellOf({ before, bold, after, fill }: Cell, columns: number, size: number): string {
  const color = fill === undefined ? 'black' : 'white'
  const text = `${escapeXml(before)}<b>${escapeXml(bold)}</b>${escapeXml(after)}`
  const font = `<font point-size="${size}" color="${color}">${text}</font>`
  return `<td colspan="${columns}" bgcolor="${fill ?? 'white'}">${font}</td>`
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/[\r\n]/g, ' ')}"`
}
