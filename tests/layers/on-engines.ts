// Computes what a function records on each engine by itself, whichever engine the process uses otherwise.
import type { Engine } from '../../src/engines/engine.ts'
import { graphOf, isOp, Node, topologicalOrder } from '../../src/graph/node.ts'
import type { TypedArray } from '../../src/graph/types.ts'
import { Tensor, type Variable } from '../../src/ops/index.ts'
import { optimize } from '../../src/ops/optimize.ts'
import { TraceScope, withScope } from '../../src/ops/trace.ts'
import { inputLeaf, type Value, valueOf } from '../../src/ops/values.ts'
import { engines } from '../conformance/engines.ts'

const created = engines().then((entries) =>
  Promise.all(entries.map(async ({ name, create }) => ({ name, engine: await create() }))),
)

/** Names of the engines that load here. */
export async function engineNames(): Promise<string[]> {
  return (await created).map(({ name }) => name)
}

/** For each engine the results of `fn`, then the new values of the Variables it assigns. They keep their values here. */
export async function onEngines(
  fn: (...args: Tensor[]) => readonly Tensor[],
  args: readonly Tensor[],
): Promise<Map<string, TypedArray[]>> {
  const scope = new TraceScope()
  const leaves = args.map((arg, i) => inputLeaf(`argument${i}`, arg))
  const returned = withScope(scope, () => fn(...leaves.map((leaf) => new Tensor(leaf))))
  const outputs = [...returned.map(({ node }) => node), ...scope.writes.values()]
  const captured = new Map<Value, Node<'input'>>()
  const copies = new Map<Node, Node>()
  const known = new Set<Node>([...leaves, ...scope.reads.values()])
  for (const node of topologicalOrder(outputs, (one) => valueOf(one) !== undefined)) {
    const value = valueOf(node)
    if (value !== undefined) {
      if (!captured.has(value)) captured.set(value, inputLeaf('captured', value))
      copies.set(node, captured.get(value)!)
    } else if (isOp(node, 'input') && !known.has(node)) throw new Error(`unknown input ${node.attrs.name}`)
    else if (node.inputs.length === 0) copies.set(node, node)
    else copies.set(node, new Node(node.op, node.inputs.map((one) => copies.get(one)!), node.attrs, node)) // prettier-ignore
  }
  const inputs = [...leaves, ...scope.reads.values(), ...captured.values()]
  const data = await Promise.all([
    ...args.map((arg) => arg.data()),
    ...[...scope.reads.keys()].map((variable) => (variable as Variable).data()),
    ...[...captured.keys()].map((value) => value.read()),
  ])
  const graph = optimize(
    graphOf(
      inputs,
      outputs.map((node) => copies.get(node)!),
    ),
  )
  const run = async (engine: Engine): Promise<TypedArray[]> => {
    const buffers = inputs.map((leaf, i) => engine.upload(data[i]!, leaf))
    const { outputs: results, done } = engine.compile(graph).run(buffers)
    await done
    return Promise.all(results.map((result) => engine.download(result)))
  }
  const results = new Map<string, TypedArray[]>()
  for (const { name, engine } of await created) results.set(name, await run(engine))
  return results
}
