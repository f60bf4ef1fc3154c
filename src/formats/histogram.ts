// Counts of values in buckets of equal width, as TensorBoard's histogram summaries hold them.

/** The left and right edge of a bucket, and the number of values from one to the other. */
export type Bucket = readonly [left: number, right: number, count: number]

/**
 * `count` buckets from the smallest to the largest value; the last includes its right edge. Values that are all equal lie in
 * the last bucket, whose edges are both that value; of no values, all edges and counts are 0. Ignores what is not finite.
 */
export function histogramBuckets(values: ArrayLike<number>, count = 30): Bucket[] {
  let low = Infinity
  let high = -Infinity
  let finite = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    finite++
    if (value < low) low = value
    if (value > high) high = value
  }
  if (finite === 0) return Array.from({ length: count }, () => [0, 0, 0] as const)
  if (low === high) return Array.from({ length: count }, (_, i) => [low, low, i === count - 1 ? finite : 0] as const)
  const width = (high - low) / count
  const counts = new Float64Array(count)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (Number.isFinite(value)) counts[Math.min(Math.floor((value - low) / width), count - 1)]!++
  }
  const edge = (i: number): number => (i === count ? high : low + i * width)
  return Array.from(counts, (counted, i) => [edge(i), edge(i + 1), counted] as const)
}
