// Exports a model's inference as an ONNX file, by tracing it: custom layers and models are exported too.
import * as activations from '../activations/index.ts'
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { compareBatches, fixedBatch, graphToOnnx, prepare, twoBatches } from '../formats/onnx/index.ts'
import type { Graph } from '../graph/node.ts'
import type { DType, Shape } from '../graph/types.ts'
import { showShape } from '../graph/types.ts'
import { cast, frozenGraph, Tensor } from '../ops/index.ts'
import { writeFileAtomic } from '../platform/files.ts'
import { opening } from '../platform/opening.ts'
import { aFunction, checkRules, flag, listOf, oneOf, type OptionRule, text, whole } from '../platform/option-rules.ts'
import { isModel } from './is-model.ts'
import type { Model } from './model.ts'
import { flatten, pack, structureOf } from './tree.ts'
import type { Nested, Structure } from './tree.ts'

export interface ExportOptions {
  /** Default, and all there is: 'onnx'. */
  readonly format?: 'onnx'
  /** The file is for this number of samples only; default: any number. */
  readonly batchSize?: number
  /** Shape of a sample, where the model leaves sizes open; a list of shapes for several inputs. */
  readonly inputShape?: readonly number[] | readonly (readonly number[])[]
  /** 'uint8' lets the file take pictures as they are decoded, and cast them itself. Default: the model's own dtypes. */
  readonly inputDType?: 'float32' | 'uint8'
  /** Pictures are given as [N, C, H, W]; default false: [N, H, W, C]. */
  readonly channelsFirst?: boolean
  /** What is done to each input first, e.g. an application's `preprocessInput`, where the model does not do it itself. */
  readonly preprocess?: (x: Tensor) => Tensor
  /** Applied to the outputs, e.g. 'softmax' for a model that gives logits. */
  readonly activation?: activations.ActivationName
  /** Put BatchNormalization into the convolutions before it; default true. */
  readonly foldBatchNormalization?: boolean
  /** Stored as the metadata `classNames`, a JSON list. */
  readonly classNames?: readonly string[]
  /** Further metadata, text by key. */
  readonly metadata?: Readonly<Record<string, string>>
}

const sizes = listOf('sizes', whole(1))
const rules: Readonly<Record<keyof ExportOptions, OptionRule>> = {
  format: { ...oneOf('onnx'), hint: 'save(path) writes .keras, .safetensors and .h5' },
  batchSize: whole(1),
  inputShape: {
    expected: 'the shape of a sample, such as [224, 224, 3], or a list of shapes for several inputs',
    fits: (value) => sizes.fits(value) || listOf('shapes', sizes).fits(value),
  },
  inputDType: oneOf('float32', 'uint8'),
  channelsFirst: flag,
  preprocess: aFunction,
  activation: {
    expected: 'the name of an activation, or a function',
    fits: (value) => value !== null && ['string', 'function', 'object'].includes(typeof value),
  },
  foldBatchNormalization: flag,
  classNames: listOf('names', text),
  metadata: {
    expected: 'an object of texts',
    fits: (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every((one) => typeof one === 'string'),
  },
}

interface Ends {
  readonly structure: Structure
  readonly names: readonly string[]
  readonly shapes: readonly (readonly (number | null)[])[]
  readonly dtypes: readonly DType[]
}

function endsOf(model: Model, where: string): Ends {
  const network = model.asFunctional
  if (network !== null) {
    const { inputs } = network
    return {
      structure: structureOf(network.ends.inputs),
      names: network.inputNames,
      shapes: inputs.map(({ shape }) => shape),
      dtypes: inputs.map(({ dtype }) => dtype),
    }
  }
  const built = model.builtInputShape
  if (!model.built || built === null || built === undefined || !Array.isArray(built))
    throw new ArgumentError(
      problem({
        where,
        expected: 'a built model',
        received: 'one that has met no data yet',
        hint: 'Call it, fit it or predict with it once before exporting',
      }),
    )
  const shapes = (Array.isArray(built[0]) ? built : [built]) as (number | null)[][]
  return {
    structure: shapes.length === 1 ? '*' : shapes.map(() => '*' as const),
    names: shapes.map((_, i) => (shapes.length === 1 ? 'input' : `input_${i}`)),
    shapes,
    dtypes: shapes.map(() => 'float32'),
  }
}

/** Shapes of the samples, complete. */
function sampleShapes({ shapes }: Ends, { inputShape }: ExportOptions, where: string): Shape[] {
  const given =
    inputShape === undefined ? null : ((Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[])
  return shapes.map(([, ...sample], i) => {
    const wanted = given?.[i]
    const received = wanted ?? sample
    const fits =
      received.length === sample.length &&
      received.every((dim, k) => dim !== null && (sample[k] === null || sample[k] === dim))
    if (fits) return received as Shape
    throw new ShapeError(
      problem({
        where,
        expected: `\`inputShape\` with the sizes of a sample that fit ${showShape(sample)}`,
        received: wanted ?? 'none',
        hint: 'An ONNX file of a model with open sizes is made for one size: inputShape: [224, 224, 3]',
      }),
    )
  })
}

/**
 * Writes the inference of `model` to `path`, whole or not at all: opset 17, float32, any batch size.
 * @throws ArgumentError for a model that is not built, unknown options, or operations that ONNX does not have.
 */
export async function exportOnnx(model: Model, path: string, options: ExportOptions = {}): Promise<void> {
  if (!isModel(model)) {
    const hint = "Write exportOnnx(model, 'model.onnx')"
    throw new ArgumentError(problem({ where: 'exportOnnx', expected: 'a model', received: model, hint }))
  }
  const where = `export of ${model.name}`
  checkRules('export', options, rules, "export('model.onnx', { activation: 'softmax' })")
  const {
    batchSize,
    channelsFirst = false,
    foldBatchNormalization = true,
    activation,
    preprocess,
    inputDType,
  } = options
  if (typeof path !== 'string' || !path.endsWith('.onnx'))
    throw new ArgumentError(problem({ where, expected: 'a path that ends in .onnx', received: path }))
  const ends = endsOf(model, where)
  const samples = sampleShapes(ends, options, where)
  const last = activation === undefined ? (x: Tensor) => x : activations.get(activation)

  const run = (...given: Tensor[]): Tensor[] => {
    const inputs = given.map((x, i) => {
      const own = ends.dtypes[i]!
      const cast32 =
        x.dtype === own && preprocess === undefined ? x : cast(x, preprocess === undefined ? own : 'float32')
      return preprocess === undefined ? cast32 : preprocessed(where, preprocess(cast32))
    })
    return flatten(model.applyNested<Nested<Tensor>>(pack(ends.structure, inputs), { training: false })).map((each) =>
      last(each as Tensor),
    )
  }
  const values: NonNullable<Parameters<typeof frozenGraph>[2]> = new Map()
  const traced = async (batch: number) => {
    const types = samples.map((sample, i) => ({ shape: [batch, ...sample], dtype: inputDType ?? ends.dtypes[i]! }))
    const graph = await frozenGraph(run, types, values)
    requireNothingRandom(where, graph)
    return prepare(graph, { foldBatchNormalization })
  }
  const graph = await traced(batchSize ?? twoBatches[0])
  const batch = batchSize === undefined ? compareBatches(graph, await traced(twoBatches[1]), where) : fixedBatch
  const names = model.outputNames
  const bytes = graphToOnnx(graph, {
    where,
    batch,
    channelsFirst,
    inputNames: ends.names,
    outputNames: distinct(
      graph.outputs.map((_, i) => names?.[i] ?? `output_${i}`),
      ends.names,
    ),
    metadata: {
      ...options.metadata,
      ...(options.classNames === undefined ? {} : { classNames: JSON.stringify(options.classNames) }),
    },
  })
  await opening(where, path, 'written', () => writeFileAtomic(path, bytes))
}

/** @throws ArgumentError for random numbers: those of this moment would be stored as if they were weights. */
function requireNothingRandom(where: string, graph: Graph): void {
  if (!graph.nodes.some(({ op }) => op === 'randomUniform')) return
  const hint = 'Leave the layer that does this out of the exported model'
  throw new ArgumentError(problem({ where, expected: 'a model that ONNX can hold, without random numbers in inference', received: 'one that draws some', hint })) // prettier-ignore
}

/** @throws ArgumentError for what `preprocess` gives in place of a tensor. */
function preprocessed(where: string, x: unknown): Tensor {
  if (x instanceof Tensor) return x
  throw new ArgumentError(problem({ where, expected: '`preprocess` to return a tensor', received: x }))
}

/** Names that differ from each other and from `taken`: an output may be an input, or be there twice. */
function distinct(names: readonly string[], taken: readonly string[]): string[] {
  const used = new Set(taken)
  return names.map((name) => {
    let free = name
    for (let i = 1; used.has(free); i++) free = `${name}_${i}`
    used.add(free)
    return free
  })
}
