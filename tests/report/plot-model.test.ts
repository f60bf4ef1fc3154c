// Drawings of models: nothing overlaps, arrows join what they should, names cannot break out, files are whole, wrong options are named.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ArgumentError, type Functional, input, layers, model, Model, report, sequential } from '../../src/index.ts'
import { layoutGraph, spread } from '../../src/report/layout.ts'
import { smallBase } from '../models/helpers.ts'

let folder = ''
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tanuki-plot-'))))
afterEach(() => rmSync(folder, { recursive: true }))

function nested(): Functional {
  const inputs = input({ shape: [8, 8, 3], name: 'image' })
  const scale = sequential([input({ shape: [8, 8, 3] }), layers.rescaling({ scale: 2, name: 'scale' })], {
    name: 'prepare',
  })
  const features = layers.globalAveragePooling2D({ name: 'pool' }).apply(smallBase().apply(scale.apply(inputs)))
  return model({
    inputs,
    outputs: layers.dense({ units: 2, activation: 'softmax', name: 'head' }).apply(features),
    name: 'net',
  })
}

interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Outlines of the boxes. */
function boxesOf(svg: string): Rect[] {
  const outlines = svg.matchAll(
    /<rect x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="none" stroke="black"\/>/g,
  )
  return [...outlines].map(([, x, y, width, height]) => ({
    x: Number(x),
    y: Number(y),
    width: Number(width),
    height: Number(height),
  }))
}

const overlap = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width - 0.1 && b.x < a.x + a.width - 0.1 && a.y < b.y + b.height - 0.1 && b.y < a.y + a.height - 0.1

describe('layouts', () => {
  test('boxes of any graph do not overlap, and arrows lead down from box to box', () => {
    const graph = fc.record({
      sizes: fc.array(fc.record({ width: fc.integer({ min: 1, max: 90 }), height: fc.integer({ min: 1, max: 60 }) }), {
        minLength: 1,
        maxLength: 14,
      }),
      ends: fc.array(fc.tuple(fc.nat(13), fc.nat(13)), { maxLength: 25 }),
    })
    fc.assert(
      fc.property(graph, ({ sizes, ends }) => {
        const kept = ends.filter(([a, b]) => a !== b && Math.max(a, b) < sizes.length)
        const arrows = [...new Map(kept.map(([a, b]) => [`${Math.min(a, b)} ${Math.max(a, b)}`, [Math.min(a, b), Math.max(a, b)] as const])).values()] // prettier-ignore
        const { centers, paths, width, height } = layoutGraph(sizes, arrows, { x: 10, y: 20 })
        const rects = centers.map(({ x, y }, i) => ({
          x: x - sizes[i]!.width / 2,
          y: y - sizes[i]!.height / 2,
          ...sizes[i]!,
        }))
        for (const [i, a] of rects.entries()) {
          expect(a.x >= -1e-6 && a.y >= -1e-6 && a.x + a.width <= width + 1e-6 && a.y + a.height <= height + 1e-6).toBe(
            true,
          )
          for (const b of rects.slice(i + 1)) expect(overlap(a, b)).toBe(false)
        }
        for (const [i, [from, to]] of arrows.entries()) {
          const path = paths[i]!
          expect(path[0]).toEqual({ x: centers[from]!.x, y: centers[from]!.y + sizes[from]!.height / 2 })
          expect(path.at(-1)).toEqual({ x: centers[to]!.x, y: centers[to]!.y - sizes[to]!.height / 2 })
          for (let k = 1; k < path.length; k++) expect(path[k]!.y).toBeGreaterThan(path[k - 1]!.y)
        }
      }),
      { numRuns: 200 },
    )
  })
  test('a chain is straight, and a box stands between the two that it feeds', () => {
    const size = { width: 20, height: 10 }
    const chain = layoutGraph([size, size, size], [[0, 1], [1, 2]], { x: 5, y: 5 }) // prettier-ignore
    expect(new Set(chain.centers.map(({ x }) => x)).size).toBe(1)
    const fork = layoutGraph([size, size, size], [[0, 1], [0, 2]], { x: 5, y: 5 }) // prettier-ignore
    expect(fork.centers[0]!.x).toBeCloseTo((fork.centers[1]!.x + fork.centers[2]!.x) / 2)
  })
  test('places are as near to those wanted as gaps allow', () => {
    expect(spread([0, 10, 30], [1, 1, 1], [5, 5])).toEqual([0, 10, 30])
    expect(spread([10, 10], [1, 1], [4])).toEqual([8, 12])
    expect(spread([10, 10], [3, 1], [4])).toEqual([9, 13])
  })
})

describe('plotModel', () => {
  test.each(['TB', 'LR', 'BT', 'RL'] as const)('%s: boxes do not overlap and lie inside', async (rankdir) => {
    const options = { rankdir, showShapes: true, showLayerNames: true, showDtype: true, showTrainable: true } as const
    for (const expandNested of [false, true]) {
      const svg = await report.plotModel(nested(), { ...options, expandNested })
      const boxes = boxesOf(svg.text)
      expect(boxes.length).toBe(expandNested ? 11 : 5)
      for (const [i, a] of boxes.entries()) {
        expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= svg.width && a.y + a.height <= svg.height).toBe(true)
        for (const b of boxes.slice(i + 1)) expect(overlap(a, b)).toBe(false)
      }
      const first = boxes[0]!
      const last = boxes.at(-1)!
      expect({ TB: first.y < last.y, BT: first.y > last.y, LR: first.x < last.x, RL: first.x > last.x }[rankdir]).toBe(
        true,
      )
      const { width, height } = await sharp(Buffer.from(svg.text)).metadata()
      expect([width, height]).toEqual([svg.width, svg.height])
    }
  })

  test('it is written into a file, whole, and shown by notebooks', async () => {
    const [svgPath, dotPath] = [join(folder, 'deep', 'net.svg'), join(folder, 'net.dot')]
    const svg = await report.plotModel(nested(), { toFile: svgPath })
    expect(readFileSync(svgPath, 'utf8')).toBe(svg.text)
    expect(`${svg}`).toBe(svg.text)
    expect(readdirSync(join(folder, 'deep'))).toEqual(['net.svg'])
    const display = (svg as unknown as Record<symbol, () => unknown>)[Symbol.for('Jupyter.display')]!.call(svg)
    expect(display).toEqual({ 'image/svg+xml': svg.text })
    await report.plotModel(nested(), { toFile: dotPath, expandNested: true })
    const dot = readFileSync(dotPath, 'utf8')
    expect(dot.match(/subgraph cluster_/g)!.length).toBe(2)
    expect(dot).toMatch(/^digraph "net" \{/)
  })

  test('names are text, whatever stands in them', async () => {
    const name = '<script>alert("x")<b>&]]>\u0001\n'
    const inputs = input({ shape: [2] })
    const net = model({ inputs, outputs: layers.dense({ units: 1, name }).apply(inputs), name: 'a"b\\c' })
    const svg = await report.plotModel(net, { showLayerNames: true })
    expect(svg.text).not.toMatch(/<script|\u0001|"x"/)
    expect(svg.text).toContain('&#60;script&#62;alert(&#34;x&#34;)&#60;b&#62;&#38;]]&#62;')
    await sharp(Buffer.from(svg.text)).metadata()
    const dot = report.modelToDot(net)
    expect(dot).not.toContain('<script')
    expect(dot).toContain('digraph "a\\"b\\\\c" {')
  })

  test('a layer that is called on its own output has an arrow back to itself', async () => {
    const inputs = input({ shape: [3] })
    const shared = layers.dense({ units: 3, name: 'shared' })
    const other = layers.dense({ units: 3, name: 'other' })
    const outputs = shared.apply(other.apply(shared.apply(shared.apply(inputs))))
    const svg = await report.plotModel(model({ inputs, outputs }))
    // Into the layer, to itself, to the other and back.
    expect(svg.text.match(/<polygon/g)!.length).toBe(4)
  })

  test('a subclassed model is one box', async () => {
    class Mine extends Model {
      readonly inner = layers.dense({ units: 1 })
      override call(inputs: unknown): unknown {
        return this.inner.apply(inputs as never)
      }
    }
    const mine = new Mine({ name: 'mine' })
    await expect(report.plotModel(mine)).rejects.toThrow(/picture of .*mine.* a built model/)
    await mine.predict([[1, 2]], { verbose: 0 })
    expect(boxesOf((await report.plotModel(mine)).text).length).toBe(1)
  })

  test('hundreds of layers in a chain, and many side by side', async () => {
    const inputs = input({ shape: [4] })
    let x = inputs
    for (let i = 0; i < 400; i++) x = layers.activation({ activation: 'relu' }).apply(x)
    const many = Array.from({ length: 60 }, () => layers.activation({ activation: 'relu' }).apply(x))
    const svg = await report.plotModel(model({ inputs, outputs: layers.add().apply(many) }))
    expect(boxesOf(svg.text).length).toBe(462)
  })

  test('wrong arguments are named', async () => {
    const net = nested()
    const wrong: [object, RegExp][] = [
      [{ showShape: true }, /known option, received "showShape"\. Did you mean `showShapes`/],
      [{ showShapes: 1 }, /`showShapes` to be true or false, received 1/],
      [{ rankdir: 'UP' }, /`rankdir` to be one of "TB", "LR", "BT", "RL"/],
      [{ toFile: 'model.png' }, /`toFile` to end with \.svg or \.dot, received "model\.png"/],
    ]
    for (const [options, message] of wrong) await expect(report.plotModel(net, options)).rejects.toThrow(message)
    await expect(report.plotModel('net' as never)).rejects.toThrow(/plotModel: expected a model, received "net"/)
    expect(() => report.modelToDot(net, { toFile: 'x.dot' } as never)).toThrow(ArgumentError)
  })
})
