// Functions that are traced once for each signature and then run as one graph: how `fit` runs a step.
import type { Engine, EngineBuffer, Executable } from '../engines/engine.ts'
import { ArgumentError, problem } from '../errors.ts'
import { graphOf, isOp, makeNode, Node, topologicalOrder, withInputs } from '../graph/node.ts'
import type { Graph } from '../graph/node.ts'
import type { TensorType } from '../graph/types.ts'
import { isClass } from '../platform/arguments.ts'
import { checkRules, type OptionRules, text, whole } from '../platform/option-rules.ts'
import { requireDType, requireList, requireShape } from './checks.ts'
import { flushIsAsked, noteFailure, resolveAll, start, throwFormerFailure } from './evaluate.ts'
import { LruCache } from './lru.ts'
import { optimize } from './optimize.ts'
import { enqueue } from './queue.ts'
import { isConcrete, Tensor } from './tensor.ts'
import { inTrace, TraceScope, withScope } from './trace.ts'
import { inputLeaf, leafOf, Value, valueOf } from './values.ts'
import type { Variable } from './variable.ts'

export interface CompileFunctionOptions {
  /** Names the function in dumps and errors; default the function's own name. */
  label?: string
  /** How many traced signatures are kept; default 8. The one not used for longest goes first. */
  capacity?: number
}

export interface CompiledFunction {
  /**
   * Queues one run and returns at once; the results can be used before they are there. The next run may be started without
   * awaiting `done`: runs happen in order. `done` rejects with an EngineError if the run fails, and then the results do too
   * and the Variables return to their former buffers (of which an engine that writes in place may have updated some already). Within another traced function, the function becomes a part of it.
   * @throws what the traced function throws at a first call with new shapes; nothing is changed then.
   */
  run(...args: Tensor[]): { outputs: Tensor[]; done: Promise<void> }
  /** The plans as readable text. */
  dump(): string
}

interface Plan {
  readonly graph: Graph
  /** The graph's inputs are: the arguments, then these, then the captured. */
  readonly variables: readonly Variable[]
  readonly captured: readonly Value[]
  /** Outputs that are returned; the values of `assigned` follow. */
  readonly returned: number
  readonly assigned: readonly Variable[]
  readonly donations: ReadonlyMap<number, number>
  readonly stableInputs: ReadonlySet<number>
  executable: Executable | null
}

const compileRules: OptionRules = { label: text, capacity: whole(1) }

function requireFunction(where: string, fn: unknown): void {
  if (typeof fn === 'function' && !isClass(fn)) return
  throw new ArgumentError(problem({ where, expected: 'a function of tensors that returns tensors', received: fn }))
}

/**
 * Makes a function that is traced at the first call with new argument shapes or dtypes, and replayed after that.
 * In the trace, reading a Variable gives a symbolic tensor and assigning one is remembered; after a run, the Variable has the
 * new value. `fn` must have no other effects: it is not called again. Concrete tensors that it captures become inputs with
 * the values that they had at the trace.
 */
export function compileFunction(
  fn: (...args: Tensor[]) => readonly Tensor[],
  options: CompileFunctionOptions = {},
): CompiledFunction {
  requireFunction('compileFunction', fn)
  checkRules('compileFunction', options, compileRules, 'compileFunction(fn, { label: "step" })')
  const label = options.label ?? (fn.name === '' ? 'function' : fn.name)
  const plans = new LruCache<Plan>(options.capacity ?? 8)
  return {
    run(...args) {
      for (const arg of args as readonly unknown[]) {
        if (arg instanceof Tensor) continue
        const hint = 'Make a tensor of it: tensor(value)'
        throw new ArgumentError(problem({ where: label, expected: 'tensors as arguments', received: arg, hint }))
      }
      if (inTrace()) return { outputs: checkedOutputs(fn(...args), label), done: Promise.resolve() }
      const key = args.map(({ dtype, shape }) => `${dtype}(${shape.join()})`).join()
      let plan = plans.get(key)
      if (plan === undefined) plans.set(key, (plan = trace(fn, args, label)))
      return runPlan(plan, args, label)
    },
    dump() {
      const texts = [...plans.values()].map(({ executable }) => executable?.dump() ?? `${label}: not compiled yet`)
      return texts.length === 0 ? `${label}: not traced yet` : texts.join('\n\n')
    },
  }
}

/**
 * The types of what `fn` returns for tensors of the given types, without computing anything. Variables that it assigns keep
 * their values.
 */
export function shapeOnly(
  fn: (...args: Tensor[]) => Tensor | readonly Tensor[],
  types: readonly TensorType[],
): TensorType[] {
  requireFunction('shapeOnly', fn)
  requireList('shapeOnly', types, 'a list of types { shape, dtype }, one for each argument')
  for (const type of types as readonly (TensorType | null | undefined)[]) {
    if (typeof type !== 'object' || type === null || type.dtype === undefined) {
      const expected = 'types { shape, dtype }, one for each argument'
      throw new ArgumentError(problem({ where: 'shapeOnly', expected, received: type }))
    }
    requireShape('shapeOnly', type.shape)
    requireDType('shapeOnly', type.dtype)
  }
  const args = types.map((type, i) => inputLeaf(`argument${i}`, type))
  const result = withScope(new TraceScope(), () => fn(...args.map((leaf) => new Tensor(leaf))))
  const outputs = result instanceof Tensor ? [result] : result
  return checkedOutputs(outputs, 'shapeOnly').map(({ shape, dtype }) => ({ shape, dtype }))
}

function checkedOutputs(outputs: readonly Tensor[], label: string): Tensor[] {
  if (Array.isArray(outputs) && outputs.every((output) => output instanceof Tensor)) return [...outputs]
  throw new ArgumentError(
    problem({ where: label, expected: 'a function that returns an array of tensors', received: outputs }),
  )
}

/** What a function did once: its graph as recorded, and what the graph's inputs stand for. */
interface Recording {
  /** Inputs: the arguments, then the variables, then the captured. Outputs: what is returned, then what is assigned. */
  readonly graph: Graph
  readonly args: readonly Node<'input'>[]
  readonly variables: readonly Variable[]
  readonly captured: readonly Value[]
  readonly returned: number
  readonly assigned: readonly Variable[]
}

function record(fn: (...args: Tensor[]) => readonly Tensor[], types: readonly TensorType[], label: string): Recording {
  const scope = new TraceScope()
  const args = types.map((type, i) => inputLeaf(`argument${i}`, type))
  const returned = withScope(scope, () => checkedOutputs(fn(...args.map((leaf) => new Tensor(leaf))), label))
  const assigned = [...scope.writes.keys()] as Variable[]
  // What is assigned without having been read is an input too, for its buffer's sake.
  const leaves = new Map(scope.reads)
  for (const variable of assigned) if (!leaves.has(variable)) leaves.set(variable, inputLeaf(variable.name, variable))

  const outputs = [...returned.map(({ node }) => node), ...scope.writes.values()]
  const captured = new Map<Value, Node<'input'>>()
  const copies = new Map<Node, Node>()
  const known = new Set<Node>([...args, ...leaves.values()])
  for (const node of topologicalOrder(outputs, (n) => valueOf(n) !== undefined)) {
    const value = valueOf(node)
    if (value !== undefined) {
      let leaf = captured.get(value)
      if (leaf === undefined) captured.set(value, (leaf = inputLeaf('captured', value)))
      copies.set(node, leaf)
    } else if (isOp(node, 'input') && !known.has(node)) throw foreign(node, label)
    else if (node.inputs.length === 0) copies.set(node, node)
    else {
      const inputs = node.inputs.map((input) => copies.get(input)!)
      copies.set(node, new Node(node.op, inputs, node.attrs, node))
    }
  }
  const graph = graphOf(
    [...args, ...leaves.values(), ...captured.values()],
    outputs.map((node) => copies.get(node)!),
  )
  const variables = [...leaves.keys()] as Variable[]
  return { graph, args, variables, captured: [...captured.keys()], returned: returned.length, assigned }
}

function trace(fn: (...args: Tensor[]) => readonly Tensor[], types: readonly TensorType[], label: string): Plan {
  const { graph: traced, args, variables, captured, returned, assigned } = record(fn, types, label)
  const indexOf = new Map(variables.map((variable, i) => [variable, args.length + i]))
  const stableInputs = new Set(traced.inputs.keys())
  for (let i = 0; i < args.length; i++) stableInputs.delete(i)
  for (const variable of assigned) stableInputs.delete(indexOf.get(variable)!)
  const replaced = new Map(assigned.map((variable, i) => [returned + i, indexOf.get(variable)!]))
  const graph = optimize(traced, { stableInputs, donations: replaced })
  const donations = donationsOf(graph, replaced)
  return { graph, variables, captured, returned, assigned, donations, stableInputs, executable: null }
}

/**
 * The graph of what `fn` returns, with the present values of Variables and captured tensors as constants: its inputs are the
 * arguments alone. What `fn` assigns is left out. `values` keeps what was read for further traces of the same function.
 */
export async function frozenGraph(
  fn: (...args: Tensor[]) => readonly Tensor[],
  types: readonly TensorType[],
  values = new Map<Variable | Value, Node<'constant'>>(),
): Promise<Graph> {
  const { graph, args, variables, captured, returned } = record(fn, types, fn.name)
  const sources = [...variables, ...captured]
  for (const source of sources)
    if (!values.has(source)) {
      const data = await (source instanceof Value ? source.read() : source.data())
      values.set(source, makeNode('constant', [], { data, shape: source.shape, dtype: source.dtype }))
    }
  const constants = new Map(sources.map((source, i) => [graph.inputs[args.length + i] as Node, values.get(source)!]))
  const frozen = new Map<Node, Node>()
  for (const node of graph.nodes)
    frozen.set(node, constants.get(node) ?? (node.op === 'input' ? node : withInputs(node, node.inputs.map((input) => frozen.get(input)!)))) // prettier-ignore
  return graphOf(
    args,
    graph.outputs.slice(0, returned).map((node) => frozen.get(node)!),
  )
}

function foreign(node: Node<'input'>, label: string): ArgumentError {
  return new ArgumentError(
    problem({
      where: label,
      expected: 'arguments, Variables and concrete tensors',
      received: `a tensor that depends on "${node.attrs.name}" of another traced function`,
      hint: 'Return tensors from the function they belong to, and pass them as arguments',
    }),
  )
}

/**
 * Which outputs may be written over their Variable's buffer: what is computed, once, where nobody wants the old content back.
 */
function donationsOf(graph: Graph, wanted: ReadonlyMap<number, number>): Map<number, number> {
  const uses = new Map<Node, number>()
  for (const node of graph.outputs) uses.set(node, (uses.get(node) ?? 0) + 1)
  const donations = new Map<number, number>()
  for (const [output, input] of wanted) {
    const node = graph.outputs[output]!
    const computed = node.inputs.length > 0 || isOp(node, 'iota')
    if (computed && uses.get(node) === 1 && !uses.has(graph.inputs[input]!)) donations.set(output, input)
  }
  return donations
}

function runPlan(plan: Plan, args: readonly Tensor[], label: string): { outputs: Tensor[]; done: Promise<void> } {
  throwFormerFailure()
  const lazies = args.filter((arg) => !isConcrete(arg) || valueOf(arg.node) === undefined)
  const waiting = plan.variables.filter(({ pendingNode }) => pendingNode !== null)
  if (lazies.length > 0 || waiting.length > 0 || flushIsAsked()) start(lazies, waiting)

  const inputs = [
    ...args.map(({ node }) => valueOf(node)!),
    ...plan.variables.map((variable) => variable.current()),
    ...plan.captured,
  ]
  // Copy on write: whoever has read the old value keeps it.
  const shared = new Set<number>()
  for (const input of plan.donations.values()) if (inputs[input]!.isShared) shared.add(input)
  const results = plan.graph.outputs.map((node) => new Value(node))
  plan.assigned.forEach((variable, i) => variable.replace(results[plan.returned + i]!))

  const done = new Promise<void>((resolve, reject) => {
    const fail = (error: unknown): void => {
      for (const value of results) value.reject(error)
      reject(error as Error)
    }
    const run = (engine: Engine): void => {
      try {
        plan.executable ??= engine.compile(plan.graph, {
          label,
          stableInputs: plan.stableInputs,
          donations: plan.donations,
        })
        const buffers = inputs.map((value) => value.bufferOn(engine))
        for (const input of plan.donations.values()) {
          if (shared.has(input) || inputs[input]!.aliased) buffers[input] = copyBuffer(engine, buffers[input]!)
        }
        const queued = plan.executable.run(buffers)
        resolveAll(results, queued, inputs, buffers, plan.donations)
        queued.done.then(resolve, fail)
      } catch (error) {
        fail(error)
      }
    }
    enqueue({ run, fail })
  })
  // The caller may look at `done` much later; until then a failure is no unhandled one.
  done.catch(() => undefined)
  return { outputs: results.slice(0, plan.returned).map((value) => new Tensor(leafOf(value))), done }
}

const copiers = new WeakMap<Engine, Map<string, Executable>>()

/** A new buffer with the same content as of now. */
function copyBuffer(engine: Engine, buffer: EngineBuffer): EngineBuffer {
  let known = copiers.get(engine)
  if (known === undefined) copiers.set(engine, (known = new Map<string, Executable>()))
  const key = `${buffer.dtype}(${buffer.shape.join()})`
  let copier = known.get(key)
  if (copier === undefined) {
    const leaf = inputLeaf('original', buffer)
    copier = engine.compile(graphOf([leaf], [leaf]), { label: 'copy' })
    known.set(key, copier)
  }
  const run = copier.run([buffer])
  run.done.catch(noteFailure)
  return run.outputs[0]!
}
