// What a plan is made of: values in storages, and the steps (kernel calls) between them.
import type { DType, Shape } from '../../graph/types.ts'

/**
 * How a value lies in memory. `plain`: row-major. `blocked`: [N][C/L][H][W][L], L channels of a block side by side, the last block
 * padded with zeros (rank 1 and [1, 1, 1, C]: padded to whole blocks). `planes`: [N][C][H][W]. `packed`: as some step wants its kernel.
 */
export type Layout = 'plain' | 'blocked' | 'planes' | 'packed'

/** Memory that a plan assigns. */
export interface Storage {
  /** Bytes of the whole value; of packed kernels known only when their step is made. */
  bytes: number
  /** Bytes of one picture, or 0 where the first dim is not the batch. */
  imageBytes: number
  /** Set for graph inputs and outputs; everything else is placed by the planner. */
  external: number | null
  /** Data of a constant, copied into the persistent region when the program is made. */
  constant: Uint8Array | null
  /** The storage whose bytes this one takes over (an in-place result). */
  over: Storage | null
}

export interface Value {
  readonly storage: Storage
  readonly shape: Shape
  readonly dtype: DType
  readonly layout: Layout
  /** True if the first dim counts pictures and the value depends on the batch. */
  readonly batch: boolean
  /** True if the value depends on stable inputs and constants alone. */
  readonly stable: boolean
}

/** `map`: each picture's result depends on that picture alone. `sum`: adds up over the pictures. `whole`: everything at once. */
export type Role = 'map' | 'sum' | 'whole'

export type StepAttributes = Record<string, unknown>

export interface Op {
  /** Kind of the native step. */
  readonly kind: string
  readonly role: Role
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  /** For each input: whether a call on a chunk reads it from the chunk's first picture on (else as a whole). */
  readonly advance: readonly boolean[]
  /** Attributes of the step for a call on `images` pictures (the batch, or a chunk of it). */
  readonly attributes: (images: number) => StepAttributes
  /** The op whose step decides the layout of this op's packed operand. */
  readonly packedFor: Op | null
  /** Multiply-adds of one picture, for the choice of chunks. */
  readonly work: number
  /** What it is, for dumps. */
  readonly label: string
}
