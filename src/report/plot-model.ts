// Draws a model as SVG: a box for each layer, frames around nested models.
import { ArgumentError, problem } from '../errors.ts'
import type { Model } from '../models/index.ts'
import { writeFileAtomic } from '../platform/files.ts'
import { opening } from '../platform/opening.ts'
import { layoutGraph, type Point, type Size } from './layout.ts'
import { type Box, type BoxOptions, type Cell, type Frame, isFrame, modelPicture } from './model-boxes.ts'
import { modelToDot } from './model-dot.ts'
import { checkPlotOptions, type Direction } from './plot-options.ts'
import { escapeXml, Svg } from './svg.ts'
import { textWidth } from './text-width.ts'

export interface PlotModelOptions extends BoxOptions {
  /** Where to write it: a name that ends with `.svg`, or `.dot` for the text that Graphviz reads. Default: nowhere. */
  readonly toFile?: string
  /** Where arrows lead: `TB` (default) down, `LR` to the right, `BT` up, `RL` to the left. */
  readonly rankdir?: Direction
}

const titleSize = 16
const textSize = 14
const padding = 10
const border = 14
const spacing = { x: 24, y: 36 }
const face = 'Helvetica, Arial, sans-serif'

/**
 * Draws a model, and writes it into a file if `toFile` is given. Notebooks show what it returns. `showLayerNames` is false unless
 * said, as in Keras.
 *
 *     await report.plotModel(model, { toFile: 'model.svg', showShapes: true, expandNested: true })
 *
 * @throws ArgumentError for unknown options, a file name of another kind, or a model that is not built.
 */
export async function plotModel(model: Model, options: PlotModelOptions = {}): Promise<Svg> {
  checkPlotOptions('plotModel', model, options, ['toFile'])
  const { toFile, ...drawing } = options
  if (toFile !== undefined && !(typeof toFile === 'string' && /\.(svg|dot)$/i.test(toFile))) {
    const hint = 'sharp and browsers turn SVG into other kinds'
    throw new ArgumentError(problem({ where: 'plotModel', expected: '`toFile` to end with .svg or .dot', received: toFile, hint })) // prettier-ignore
  }
  const svg = drawModel(model, drawing)
  if (toFile !== undefined) {
    const isDot = /\.dot$/i.test(toFile)
    const file = isDot ? modelToDot(model, { showLayerNames: false, ...drawing }) : svg.text
    await opening('plotModel', toFile, 'written', () => writeFileAtomic(toFile, file))
  }
  return svg
}

function drawModel(model: Model, options: Omit<PlotModelOptions, 'toFile'>): Svg {
  const { frame, arrows } = modelPicture(model, options)
  const view = new View(options.rankdir ?? 'TB', arrows)
  const size = view.place(frame)
  const content = [`<rect width="100%" height="100%" fill="white"/>`, ...view.draw(frame, size)]
  const { width, height } = view.turned(size)
  return new Svg(content.join('\n'), width + 2 * border, height + 2 * border, `Model ${model.name}`)
}

/** Everything is laid out downwards; at the end it is turned to where arrows lead. */
class View {
  readonly #direction: Direction
  readonly #arrows: readonly (readonly [Box, Box])[]
  readonly #isAcross: boolean
  /** Places inside of the frame around. */
  readonly #middles = new Map<Box | Frame, Point>()
  readonly #sizes = new Map<Box | Frame, Size>()
  readonly #paths: (readonly [frame: Frame, path: readonly Point[]])[] = []

  constructor(direction: Direction, arrows: readonly (readonly [Box, Box])[]) {
    this.#direction = direction
    this.#arrows = arrows
    this.#isAcross = direction === 'LR' || direction === 'RL'
  }

  turned({ width, height }: Size): Size {
    return this.#isAcross ? { width: height, height: width } : { width, height }
  }

  /** Sizes and places of all that is in a frame; inner frames are laid out first, and then are like boxes. */
  place(frame: Frame): Size {
    const children = [...new Set(frame.children)]
    for (const child of children) {
      this.#sizes.set(child, isFrame(child) ? this.place(child) : this.turned(sizeOfBox(child)))
    }
    const owner = new Map<Box, number>()
    children.forEach((child, i) => {
      for (const box of boxesIn(child)) owner.set(box, i)
    })
    const between = this.#arrows.flatMap((ends) => {
      const [from, to] = ends.map((box) => owner.get(box))
      const isInside = from === to && from !== undefined && isFrame(children[from]!)
      return from === undefined || to === undefined || isInside ? [] : [{ ends, pair: [from, to] as const }]
    })
    const sizes = children.map((child) => this.#sizes.get(child)!)
    const pairs = withoutCircles(between.map(({ pair }) => pair))
    const layout = layoutGraph(sizes, pairs, spacing)
    children.forEach((child, i) => this.#middles.set(child, layout.centers[i]!))
    pairs.forEach(([from, to], i) => {
      const path = layout.paths[i]!
      for (const { ends, pair } of between) {
        if (pair[0] !== from || pair[1] !== to) continue
        const ended = [this.#port(ends[0], children[from]!, 'bottom'), ...path.slice(1, -1), this.#port(ends[1], children[to]!, 'top')] // prettier-ignore
        this.#paths.push([frame, ended])
      }
    })
    const downwards = new Set(pairs.map(String))
    const back = between.filter(({ pair }) => !downwards.has(String(pair)))
    for (const { pair } of back) this.#paths.push([frame, this.#wayBack(children, pair, layout.width)])
    const width = layout.width + (back.length === 0 ? 0 : spacing.x)
    if (frame.name === null) return { width, height: layout.height }
    const label = this.turned({ width: textWidth(frame.name, textSize), height: 0 })
    const room = 2 * border
    return {
      width: Math.max(width, label.width) + room,
      height: Math.max(layout.height, label.height) + room + (this.#isAcross ? 0 : textSize),
    }
  }

  /** An arrow that leads up again, along the right side. */
  #wayBack(children: readonly (Box | Frame)[], pair: readonly [number, number], right: number): Point[] {
    const side = right + spacing.x - 4
    const [out, back] = pair.map((i, end) => {
      const [{ x, y }, { width, height }] = [this.#middles.get(children[i]!)!, this.#sizes.get(children[i]!)!]
      return { x: x + width / 2, y: y + (end === 0 ? height : -height) / 4 }
    }) as [Point, Point]
    return [out, { x: side, y: out.y }, { x: side, y: back.y }, back]
  }

  /** Where an arrow meets a box that may lie deeper, in the coordinates of the frame around `child`. */
  #port(box: Box, child: Box | Frame, edge: 'top' | 'bottom'): Point {
    const middle = this.#middles.get(child)!
    const { width, height } = this.#sizes.get(child)!
    if (!isFrame(child)) return { x: middle.x, y: middle.y + (edge === 'top' ? -height / 2 : height / 2) }
    const inner = child.children.find((each) => boxesIn(each).includes(box))!
    const point = this.#port(box, inner, edge)
    const { x, y } = this.#origin(child)
    return { x: middle.x - width / 2 + x + point.x, y: middle.y - height / 2 + y + point.y }
  }

  /** Where the contents of a frame begin in it. */
  #origin({ name }: Frame): Point {
    if (name === null) return { x: 0, y: 0 }
    return this.#isAcross ? { x: border + textSize / 2, y: border } : { x: border, y: border + textSize }
  }

  draw(frame: Frame, whole: Size): string[] {
    const turn = ({ x, y }: Point): Point => {
      const [across, along] = [x, this.#direction === 'BT' || this.#direction === 'RL' ? whole.height - y : y]
      return this.#isAcross ? { x: along + border, y: across + border } : { x: across + border, y: along + border }
    }
    const [frames, lines, boxes]: [string[], string[], string[]] = [[], [], []]
    const visit = (part: Frame, at: Point): void => {
      for (const [owner, path] of this.#paths) {
        if (owner === part)
          lines.push(
            ...drawArrow(
              path.map((point) => turn({ x: point.x + at.x, y: point.y + at.y })),
              this.#isAcross,
            ),
          )
      }
      for (const child of new Set(part.children)) {
        const middle = this.#middles.get(child)!
        const center = { x: middle.x + at.x, y: middle.y + at.y }
        const size = this.#sizes.get(child)!
        const turned = this.turned(size)
        const place = turn(center)
        const corner = { x: place.x - turned.width / 2, y: place.y - turned.height / 2 }
        if (!isFrame(child)) {
          boxes.push(drawBox(child, corner, turned))
          continue
        }
        frames.push(drawFrame(child.name!, corner, turned))
        const { x, y } = this.#origin(child)
        visit(child, { x: center.x - size.width / 2 + x, y: center.y - size.height / 2 + y })
      }
    }
    visit(frame, { x: 0, y: 0 })
    return [...frames, ...lines, ...boxes]
  }
}

function boxesIn(child: Box | Frame): Box[] {
  return isFrame(child) ? child.children.flatMap(boxesIn) : [child]
}

/** Each pair once, without those that close a circle: a layer may be called again on what comes of its own output. */
function withoutCircles(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const below = new Map<number, Set<number>>()
  for (const [from, to] of pairs) if (from !== to) below.set(from, (below.get(from) ?? new Set()).add(to))
  const kept: (readonly [number, number])[] = []
  const state = new Map<number, 'open' | 'done'>()
  for (const root of below.keys()) {
    if (state.has(root)) continue
    state.set(root, 'open')
    const stack = [{ box: root, rest: [...below.get(root)!] }]
    while (stack.length > 0) {
      const { box, rest } = stack.at(-1)!
      const next = rest.shift()
      if (next === undefined) {
        state.set(box, 'done')
        stack.pop()
        continue
      }
      if (state.get(next) === 'open') continue
      kept.push([box, next])
      if (state.has(next)) continue
      state.set(next, 'open')
      stack.push({ box: next, rest: [...(below.get(next) ?? [])] })
    }
  }
  return kept
}

const rowHeight = (size: number): number => size + 2 * padding
const cellWidth = ({ before, bold, after }: Cell, size: number): number =>
  textWidth(before + after, size) + textWidth(bold, size, true) + 2 * padding

function sizeOfBox({ title, activation, cells }: Box): Size {
  const below = cells.reduce((sum, cell) => sum + cellWidth(cell, textSize), 0)
  const widths = [cellWidth(title, titleSize), activation === null ? 0 : cellWidth(activation, textSize), below]
  const rows = (activation === null ? 0 : 1) + (cells.length === 0 ? 0 : 1)
  return { width: Math.max(...widths), height: rowHeight(titleSize) + rows * rowHeight(textSize) }
}

function drawBox({ title, activation, cells }: Box, { x, y }: Point, { width, height }: Size): string {
  const parts = [drawCell(title, x, y, width, titleSize)]
  let top = y + rowHeight(titleSize)
  if (activation !== null) {
    parts.push(drawCell(activation, x, top, width, textSize))
    top += rowHeight(textSize)
  }
  const needed = cells.reduce((sum, cell) => sum + cellWidth(cell, textSize), 0)
  let left = x
  for (const cell of cells) {
    // What is left over is shared out.
    const own = cellWidth(cell, textSize) + (width - needed) / cells.length
    parts.push(drawCell(cell, left, top, own, textSize))
    left += own
  }
  const outline = `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" fill="none" stroke="black"/>`
  return `<g>${parts.join('')}${outline}</g>`
}

function drawCell({ before, bold, after, fill }: Cell, x: number, y: number, width: number, size: number): string {
  const height = rowHeight(size)
  const rect = `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" fill="${fill ?? 'white'}" stroke="black"/>`
  const place = `x="${n(x + width / 2)}" y="${n(y + height / 2 + size * 0.35)}" text-anchor="middle"`
  const font = `font-family="${face}" font-size="${size}" fill="${fill === undefined ? 'black' : 'white'}"`
  const strong = `<tspan font-weight="bold">${escapeXml(bold)}</tspan>`
  return `${rect}<text ${place} ${font} xml:space="preserve">${escapeXml(before)}${strong}${escapeXml(after)}</text>`
}

function drawFrame(name: string, { x, y }: Point, { width, height }: Size): string {
  const rect = `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" fill="none" stroke="black" stroke-dasharray="6 4"/>`
  const font = `font-family="${face}" font-size="${textSize}"`
  return `${rect}<text x="${n(x + border / 2)}" y="${n(y + textSize + 2)}" ${font}>${escapeXml(name)}</text>`
}

/** A smooth line through the points, with a head at its end. `isAcross` tells in which direction it leaves and arrives. */
function drawArrow(points: readonly Point[], isAcross: boolean): string[] {
  const [before, end] = [points.at(-2)!, points.at(-1)!]
  // A way back has corners, and arrives at the side.
  const hasCorners = points.length === 4 && (isAcross ? before.x === end.x : before.y === end.y)
  const arrivesAcross = isAcross !== hasCorners
  const head = 9
  const [dx, dy] = arrivesAcross ? [Math.sign(end.x - before.x), 0] : [0, Math.sign(end.y - before.y)]
  const neck = { x: end.x - dx * head, y: end.y - dy * head }
  const way = [...points.slice(0, -1), neck]
  let path = `M${n(way[0]!.x)} ${n(way[0]!.y)}`
  for (let i = 1; i < way.length; i++) {
    const [a, b] = [way[i - 1]!, way[i]!]
    const [half, middle] = [(a.x + b.x) / 2, (a.y + b.y) / 2]
    const bends = isAcross ? [half, a.y, half, b.y] : [a.x, middle, b.x, middle]
    path += hasCorners ? ` L${n(b.x)} ${n(b.y)}` : ` C${[...bends, b.x, b.y].map(n).join(' ')}`
  }
  const wings = [end, { x: neck.x + dy * 4, y: neck.y + dx * 4 }, { x: neck.x - dy * 4, y: neck.y - dx * 4 }]
  const triangle = wings.map(({ x, y }) => `${n(x)},${n(y)}`).join(' ')
  return [`<path d="${path}" fill="none" stroke="black" stroke-width="2"/>`, `<polygon points="${triangle}"/>`]
}

/** A number with as many digits as a picture needs. */
function n(value: number): string {
  return String(Math.round(value * 100) / 100)
}
