// Variables matched with datasets of an HDF5 file: checked first, then read, then assigned all together.
import type { Hdf5Dataset, Hdf5File, Hdf5Node, Hdf5Values } from '../../formats/hdf5.ts'
import { sameShape, showShape } from '../../graph/types.ts'
import type { DType, TypedArray } from '../../graph/types.ts'
import { tensor } from '../../ops/index.ts'
import type { Variable } from '../../ops/index.ts'
import { LearningRateVariable } from '../../optimizers/index.ts'
import { mismatch } from './report.ts'
import type { LoadReport } from './report.ts'

interface Pair {
  /** How the report calls the weight. */
  readonly name: string
  readonly variable: Variable
  readonly dataset: Hdf5Dataset
  readonly file: Hdf5File
}

const integers = /^(u?int(8|16|32|64)|bool)$/
const floats = /^(b?float(16|32|64)|opaque2)$/

/** Collects pairs of variables and datasets, and what is wrong with the rest. */
export class Matching {
  readonly pairs: Pair[] = []
  readonly problems: string[] = []

  /** Pairs a variable with what the file has for it; notes what does not fit. */
  add(file: Hdf5File, name: string, variable: Variable, node: Hdf5Node | undefined): void {
    if (node?.kind !== 'dataset') {
      this.problems.push(`"${name}" is not in the file`)
      return
    }
    const { shape, type } = node
    if (shape === null || !sameShape(shape, variable.shape)) {
      const found = shape === null ? 'no values' : `shape ${showShape(shape)}`
      this.problems.push(`"${name}" has ${found} in the file, shape ${showShape(variable.shape)} in the model`)
    } else if (!floats.test(type) && (variable.dtype === 'float32' || !integers.test(type))) {
      this.problems.push(`"${name}" is ${type} in the file, ${variable.dtype} in the model`)
    } else this.pairs.push({ name, variable, dataset: node, file })
  }

  /**
   * Reads the values of all pairs, and returns what sets them.
   * @throws FormatError for damaged values, and, unless `skipMismatch`, listing every problem.
   */
  async read(where: string, skipMismatch: boolean): Promise<() => LoadReport> {
    if (this.problems.length > 0 && !skipMismatch) throw mismatch(where, this.problems)
    const values = new Map<Pair, TypedArray>()
    for (const file of new Set(this.pairs.map((pair) => pair.file))) {
      const own = this.pairs.filter((pair) => pair.file === file)
      const read = await file.read(own.map(({ dataset }) => dataset))
      own.forEach((pair, i) => {
        const converted = convert(read[i]!, pair.variable.dtype)
        if (converted === null) this.problems.push(`"${pair.name}" has values beyond ${pair.variable.dtype}`)
        else values.set(pair, converted)
      })
    }
    if (this.problems.length > 0 && !skipMismatch) throw mismatch(where, this.problems)
    return () => {
      for (const [{ variable }, data] of values) setVariable(variable, data)
      return { loaded: [...values.keys()].map(({ name }) => name), skipped: this.problems }
    }
  }
}

/** Assigns values of the variable's type, row-major. */
export function setVariable(variable: Variable, data: TypedArray): void {
  // A learning rate is known on the host only if it is given as a number.
  if (variable instanceof LearningRateVariable) variable.assign(data[0]!)
  else variable.assign(tensor(data, { shape: variable.shape, dtype: variable.dtype }))
}

/** Values in the variable's type; null if they do not fit. float64 is rounded. */
function convert(values: Hdf5Values, dtype: DType): TypedArray | null {
  if (dtype === 'float32') return values instanceof Float32Array ? values : Float32Array.from(values, Number)
  const numbers = Float64Array.from(values, Number)
  const [low, high] = dtype === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, dtype === 'bool' ? 1 : 255]
  // Old files keep counters as floats.
  if (!numbers.every((value) => Number.isInteger(value) && value >= low && value <= high)) return null
  return dtype === 'int32' ? Int32Array.from(numbers) : Uint8Array.from(numbers)
}
