// Where the examples of a data set come from: what load reads slices of, whatever the form in which they are kept.
import type { IterationOptions } from '../dataset.ts'
import type { FileSlice } from './example-order.ts'
import type { ElementPart, Features } from './features.ts'
import type { Splits } from './split-spec.ts'

/** What is known of a data set. */
export interface DatasetInfo {
  readonly name: string
  readonly version: string
  /** For each split the number of examples in each of its files. */
  readonly splits: Splits
  readonly features: Features
  /** The parts that `asSupervised` gives as input and target; null if there are none. */
  readonly supervisedKeys: readonly [string, string] | null
}

/** `Raw` is an example before its pictures are decoded. */
export interface ExampleSource<Raw = unknown> {
  readonly info: DatasetInfo
  /** The examples of a piece of a file, in the order of storage. */
  read(piece: FileSlice, options: IterationOptions): AsyncGenerator<Raw, void, undefined>
  /** Makes an element of an example; many run at the same time. */
  decode(raw: Raw): Promise<Record<string, ElementPart>>
}
