// Places the boxes of a directed graph in rows from top to bottom, arrows downwards, with few crossings (after Sugiyama et al., 1981).

export interface Size {
  readonly width: number
  readonly height: number
}
export interface Point {
  readonly x: number
  readonly y: number
}
export interface Layout extends Size {
  /** The middle of each box. */
  readonly centers: readonly Point[]
  /** For each arrow the points between which it passes, from the lower edge of one box to the upper edge of the other. */
  readonly paths: readonly (readonly Point[])[]
}

export interface Spacing {
  /** Between neighbours, and between rows. */
  readonly x: number
  readonly y: number
}

/** A box, or the place where a long arrow passes a row. */
interface Item {
  readonly size: Size
  /** Number of the box; null for a place of an arrow. */
  readonly box: number | null
  readonly above: Item[]
  readonly below: Item[]
  row: number
  center: number
}

/** How often rows are sorted, and how often boxes are moved in them. */
const sortings = 12
const movings = 40

/** Lays out boxes `0…sizes.length` and arrows between them; there must be no circle. */
export function layoutGraph(
  sizes: readonly Size[],
  arrows: readonly (readonly [from: number, to: number])[],
  spacing: Spacing,
): Layout {
  const rowOf = assignRows(sizes.length, arrows)
  const items: Item[] = sizes.map((size, box) => newItem(size, box, rowOf[box]!))
  const chains = arrows.map(([from, to]) => chain(items, items[from]!, items[to]!))
  const rows: Item[][] = Array.from({ length: Math.max(0, ...rowOf.map((row) => row + 1)) }, () => [])
  for (const item of items) rows[item.row]!.push(item)
  orderRows(rows)
  placeInRows(rows, spacing)

  const left = least(items.map(({ center, size }) => center - size.width / 2))
  const right = -least(items.map(({ center, size }) => -center - size.width / 2))
  const heights = rows.map((row) => Math.max(0, ...row.map(({ size }) => size.height)))
  const tops: number[] = []
  let height = 0
  for (const [i, rowHeight] of heights.entries()) {
    if (i > 0) height += spacing.y
    tops.push(height)
    height += rowHeight
  }
  const at = (item: Item, edge: 'top' | 'middle' | 'bottom'): Point => {
    const middle = tops[item.row]! + heights[item.row]! / 2
    // A long arrow passes a row from its top to its bottom, so that it bends only between rows.
    const half = (item.box === null ? heights[item.row]! : item.size.height) / 2
    return { x: item.center - left, y: edge === 'middle' ? middle : edge === 'top' ? middle - half : middle + half }
  }
  return {
    width: right - left,
    height,
    centers: items.slice(0, sizes.length).map((item) => at(item, 'middle')),
    paths: chains.map((passed) => [
      at(passed[0]!, 'bottom'),
      ...passed.slice(1, -1).flatMap((item) => [at(item, 'top'), at(item, 'bottom')]),
      at(passed.at(-1)!, 'top'),
    ]),
  }
}

function newItem(size: Size, box: number | null, row: number): Item {
  return { size, box, above: [], below: [], row, center: 0 }
}

/** The longest way from a source; sources themselves stand as low as what they feed allows. */
function assignRows(count: number, arrows: readonly (readonly [number, number])[]): number[] {
  const [incoming, outgoing] = [new Array<number>(count).fill(0), Array.from({ length: count }, () => [] as number[])]
  for (const [from, to] of arrows) {
    outgoing[from]!.push(to)
    incoming[to]!++
  }
  const isSource = incoming.map((arriving) => arriving === 0)
  const rows = new Array<number>(count).fill(0)
  const ready = isSource.flatMap((source, box) => (source ? [box] : []))
  for (let next = 0; next < ready.length; next++) {
    const box = ready[next]!
    for (const to of outgoing[box]!) {
      rows[to] = Math.max(rows[to]!, rows[box]! + 1)
      if (--incoming[to]! === 0) ready.push(to)
    }
  }
  for (let box = 0; box < count; box++) {
    if (isSource[box]! && outgoing[box]!.length > 0) rows[box] = Math.min(...outgoing[box]!.map((to) => rows[to]!)) - 1
  }
  return rows
}

/** The items that an arrow passes; adds places in the rows between its ends. */
function chain(items: Item[], from: Item, to: Item): Item[] {
  const passed = [from]
  for (let row = from.row + 1; row < to.row; row++) {
    const place = newItem({ width: 0, height: 0 }, null, row)
    items.push(place)
    passed.push(place)
  }
  passed.push(to)
  for (let i = 1; i < passed.length; i++) {
    passed[i - 1]!.below.push(passed[i]!)
    passed[i]!.above.push(passed[i - 1]!)
  }
  return passed
}

/** Sorts each row by the mean place of its neighbours, downwards and upwards in turn, and keeps the order with the fewest crossings. */
function orderRows(rows: Item[][]): void {
  let best = rows.map((row) => [...row])
  let fewest = crossings(rows)
  for (let sweep = 0; sweep < sortings && fewest > 0; sweep++) {
    const down = sweep % 2 === 0
    for (let step = 1; step < rows.length; step++) {
      const row = rows[down ? step : rows.length - 1 - step]!
      const beside = rows[down ? step - 1 : rows.length - step]!
      const places = new Map(beside.map((item, place) => [item, place]))
      const wanted = new Map(
        row.map((item, place) => {
          const near = down ? item.above : item.below
          return [item, near.length === 0 ? place : mean(near.map((other) => places.get(other)!))] as const
        }),
      )
      row.sort((a, b) => wanted.get(a)! - wanted.get(b)!)
    }
    const found = crossings(rows)
    if (found >= fewest) continue
    fewest = found
    best = rows.map((row) => [...row])
  }
  best.forEach((row, i) => (rows[i] = row))
}

function crossings(rows: readonly (readonly Item[])[]): number {
  let count = 0
  for (const [i, row] of rows.entries()) {
    const places = new Map((rows[i + 1] ?? []).map((item, place) => [item, place]))
    const ends = row.flatMap((item) => item.below.map((other) => places.get(other)!).sort((a, b) => a - b))
    count += inversions(ends)
  }
  return count
}

/** Pairs in falling order, by a tree of counts (Fenwick). */
function inversions(values: readonly number[]): number {
  const size = Math.max(0, ...values) + 1
  const tree = new Int32Array(size + 1)
  let count = 0
  values.forEach((value, seen) => {
    let below = 0
    for (let i = value + 1; i > 0; i -= i & -i) below += tree[i]!
    count += seen - below
    for (let i = value + 1; i <= size; i += i & -i) tree[i]!++
  })
  return count
}

/** Moves items towards their neighbours in the rows around, as far as the order and the distances in the row allow. */
function placeInRows(rows: readonly (readonly Item[])[], spacing: Spacing): void {
  const gap = (a: Item, b: Item): number => (a.size.width + b.size.width) / 2 + spacing.x
  for (const row of rows) {
    let at = 0
    row.forEach((item, i) => {
      if (i > 0) at += gap(row[i - 1]!, item)
      item.center = at
    })
    for (const item of row) item.center -= at / 2
  }
  for (let sweep = 0; sweep < movings; sweep++) {
    // Late, both sides count, so that a box stands in the middle of what it joins; at last the upper, so that chains are straight.
    const isLate = sweep >= movings - 5 && sweep < movings - 1
    const sides = isLate ? 'both' : sweep % 2 === 0 || sweep === movings - 1 ? 'above' : 'below'
    for (const row of sides === 'below' ? [...rows].reverse() : rows) {
      const wanted = row.map((item) => {
        const near = sides === 'both' ? [...item.above, ...item.below] : item[sides]
        return near.length === 0 ? item.center : mean(near.map(({ center }) => center))
      })
      // Long arrows are to be straight: their places give way less than boxes.
      const weights = row.map((item) => (item.box === null ? 4 : 1))
      const gaps = row.slice(1).map((item, i) => gap(row[i]!, item))
      spread(wanted, weights, gaps).forEach((center, i) => (row[i]!.center = center))
    }
  }
}

/** The places nearest to those wanted (weighted squares) that keep their order and at least the gaps: isotonic regression. */
export function spread(wanted: readonly number[], weights: readonly number[], gaps: readonly number[]): number[] {
  const offsets = [0]
  for (const gap of gaps) offsets.push(offsets.at(-1)! + gap)
  const pools: { sum: number; weight: number; count: number }[] = []
  wanted.forEach((value, i) => {
    const weight = weights[i]!
    pools.push({ sum: (value - offsets[i]!) * weight, weight, count: 1 })
    while (pools.length > 1 && pools.at(-2)!.sum / pools.at(-2)!.weight > pools.at(-1)!.sum / pools.at(-1)!.weight) {
      const last = pools.pop()!
      const before = pools.at(-1)!
      before.sum += last.sum
      before.weight += last.weight
      before.count += last.count
    }
  })
  const places = pools.flatMap(({ sum, weight, count }) => new Array<number>(count).fill(sum / weight))
  return places.map((place, i) => place + offsets[i]!)
}

/** The smallest number, 0 of none; `Math.min` takes only so many arguments. */
function least(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((a, b) => Math.min(a, b))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
