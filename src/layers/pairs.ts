// A pair of numbers: height first, then width.
export type Pair = readonly [number, number]
