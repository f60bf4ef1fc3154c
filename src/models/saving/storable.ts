// The values of variables in the form in which Keras writes them to HDF5.
import type { Hdf5DatasetToWrite } from '../../formats/hdf5.ts'
import type { TypedArray } from '../../graph/types.ts'
import type { Variable } from '../../ops/index.ts'

export type Storable = Pick<Hdf5DatasetToWrite, 'type' | 'shape' | 'data'>

/** The values of all variables as of one moment, also while a model trains. */
export async function storablesOf(variables: Iterable<Variable>): Promise<Map<Variable, Storable>> {
  const all = [...new Set(variables)]
  const values = await Promise.all(all.map((variable) => variable.value().data()))
  return new Map(all.map((variable, i) => [variable, storable(variable, values[i]!)]))
}

function storable({ dtype, shape }: Variable, data: TypedArray): Storable {
  // Counters are int64 in Keras.
  if (dtype === 'int32') return { type: 'int64', shape, data: BigInt64Array.from(data, BigInt) }
  return { type: dtype === 'float32' ? 'float32' : 'uint8', shape, data: data.slice() }
}
