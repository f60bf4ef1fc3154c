// What is going on while operations are recorded: the traced functions and the tapes that are open now.
import { inputLeaf } from './values.ts'
import type { Node } from '../graph/node.ts'
import type { TensorType } from '../graph/types.ts'

/** A Variable, as far as traces and tapes need to know it. */
export interface TracedVariable extends TensorType {
  readonly name: string
  readonly trainable: boolean
}

/** One function being traced: Variables that it reads become inputs, what it assigns stays within it. */
export class TraceScope {
  /** The leaf that stands for each Variable read, in the order of the first reads. */
  readonly reads = new Map<TracedVariable, Node<'input'>>()
  /** The last value assigned to each Variable, in the order of the first assignments. */
  readonly writes = new Map<TracedVariable, Node>()

  read(variable: TracedVariable): Node {
    const written = this.writes.get(variable)
    if (written !== undefined) return written
    let leaf = this.reads.get(variable)
    if (leaf === undefined) this.reads.set(variable, (leaf = inputLeaf(variable.name, variable)))
    return leaf
  }
  write(variable: TracedVariable, node: Node): void {
    this.writes.set(variable, node)
  }
}

const scopes: TraceScope[] = []

export function currentScope(): TraceScope | null {
  return scopes[scopes.length - 1] ?? null
}
/** True inside a function that is being traced, where tensors have no values. */
export function inTrace(): boolean {
  return scopes.length > 0
}
/** Runs `fn` within `scope`; an error leaves nothing behind. */
export function withScope<T>(scope: TraceScope, fn: () => T): T {
  scopes.push(scope)
  try {
    return fn()
  } finally {
    scopes.pop()
  }
}

/** A tape, as far as tensors and Variables need to know it. */
export interface Recorder {
  noteTensor(tensor: object, node: Node): void
  noteRead(variable: TracedVariable, node: Node): void
}

const recorders: Recorder[] = []

export function withRecorder<T>(recorder: Recorder, fn: () => T): T {
  recorders.push(recorder)
  try {
    return fn()
  } finally {
    recorders.pop()
  }
}
export function isRecording(): boolean {
  return recorders.length > 0
}
export function noteTensor(tensor: object, node: Node): void {
  for (const recorder of recorders) recorder.noteTensor(tensor, node)
}
export function noteRead(variable: TracedVariable, node: Node): void {
  for (const recorder of recorders) recorder.noteRead(variable, node)
}
