// Runs cases on an engine and compares what comes out.
import type { Engine, EngineBuffer, Executable } from '../../src/engines/engine.ts'
import { graphOf, makeNode } from '../../src/graph/node.ts'
import type { Graph, Node } from '../../src/graph/node.ts'
import type { TensorType, TypedArray } from '../../src/graph/types.ts'
import { difference } from '../goldens-run/read.ts'
import type { Case } from './case.ts'

export function leavesFor(types: readonly TensorType[]): Node<'input'>[] {
  return types.map(({ shape, dtype }, i) => makeNode('input', [], { name: `x${i}`, shape, dtype }))
}

export interface Compiled {
  readonly graph: Graph
  readonly executable: Executable
  readonly buffers: readonly EngineBuffer[]
}

/** Compiles the outputs that `build` makes from a case's leaves, and uploads its inputs. */
export function compileCase(engine: Engine, { inputs }: Case, build: Case['build']): Compiled {
  const leaves = leavesFor(inputs)
  const graph = graphOf(leaves, build(leaves))
  const executable = engine.compile(graph)
  return { graph, executable, buffers: inputs.map((tensor) => engine.upload(tensor.data, tensor)) }
}

/** One run's outputs, on the host. */
export async function runCompiled(engine: Engine, { executable, buffers }: Compiled): Promise<TypedArray[]> {
  const { outputs, done } = executable.run(buffers)
  await done
  return Promise.all(outputs.map((output) => engine.download(output)))
}

export async function valuesOf(engine: Engine, one: Case, build = one.build): Promise<TypedArray[]> {
  return runCompiled(engine, compileCase(engine, one, build))
}

/** Null if all outputs are equal within the tolerance, relative to max(1, |value|); NaN equals NaN. */
export function differences(
  received: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
  relative: number,
): string | null {
  if (received.length !== expected.length) return `${received.length} outputs instead of ${expected.length}`
  const found = received.map((values, i) => difference(values, expected[i]!, { relative }))
  const first = found.findIndex((text) => text !== null)
  return first < 0 ? null : `output ${first}: ${found[first]}`
}

/** True if the arrays hold the same bits. */
export function sameBits(a: TypedArray, b: TypedArray): boolean {
  const bytesOf = (x: TypedArray): Buffer => Buffer.from(x.buffer, x.byteOffset, x.byteLength)
  return bytesOf(a).equals(bytesOf(b))
}

/** The promise's error, or an error of its own if there is none. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('expected a rejection, and there was none')
}
