// The data sets that load knows by name, and the way to add one's own.
import { ArgumentError, problem } from '../../errors.ts'
import type { BuildOptions } from './build.ts'
import { catsVsDogs } from './cats-vs-dogs.ts'
import { clothing, clothingMini } from './clothing.ts'
import { fashionMnist, mnist } from './mnist.ts'
import { checkDefinition } from './definition.ts'
import type { DatasetDefinition } from './definition.ts'
import type { ExampleSource } from './source.ts'

/** A set that is not stored in TFRecord files: its examples are read where they are. */
export interface OpenableSet {
  readonly name: string
  open(options: BuildOptions & { readonly dataDir: string }): Promise<ExampleSource>
}
export type KnownSet = DatasetDefinition | OpenableSet

export const knownSets = new Map<string, KnownSet>(
  [catsVsDogs(), clothing, clothingMini, mnist, fashionMnist].map((set) => [set.name, set]),
)

/**
 * Makes `load` know a data set of one's own: its examples are generated once, on first use, and kept in TFRecord files that TensorFlow
 * Datasets reads as well. @throws ArgumentError for a name that is taken, and for what is no definition.
 */
export function register(definition: DatasetDefinition): void {
  checkDefinition('datasets.register', definition)
  if (knownSets.has(definition.name))
    throw new ArgumentError(
      problem({ where: 'datasets.register', expected: 'a name that is free', received: definition.name }),
    )
  knownSets.set(definition.name, definition)
}
