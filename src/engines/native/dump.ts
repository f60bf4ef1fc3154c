// A plan as readable text: segments, kernels, layouts, places, and the time of each step where it was measured.
import { showShape } from '../../graph/types.ts'
import type { Plan } from './executable.ts'
import type { Placement } from './arena.ts'
import type { Value } from './plan.ts'

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

export function dumpPlan(label: string, plan: Plan, times: readonly (readonly (readonly [number, number])[])[]): string {
  const { placement } = plan
  const lines = [
    `plan of ${label}: batch ${plan.batch}, arena ${megabytes(placement.arenaBytes)}, ${megabytes(placement.threadArenaBytes)} a thread, persistent ${megabytes(placement.persistentBytes)}`,
  ]
  plan.segments.forEach(({ ops, chunk, setup }, s) => {
    lines.push(`segment ${s}${setup ? ' (setup)' : ''}: ${chunk > 0 ? `chunks of ${chunk}, each thread on its own` : 'whole batch, all threads'}`)
    ops.forEach((op, i) => {
      const [milliseconds, calls] = times[s]?.[i] ?? [0, 0]
      const time = calls > 0 ? `${milliseconds.toFixed(3)} ms / ${calls}` : ''
      const show = (value: Value): string => `${showShape(value.shape)} ${value.layout} ${placeOf(value, placement)}`
      lines.push(
        `  ${op.label} [${plan.steps.get(op)!.implementation}] (${op.inputs.map(show).join(', ')}) -> ${op.outputs.map(show).join(', ')} ${time}`.trimEnd(),
      )
    })
  })
  return lines.join('\n')
}

function placeOf(value: Value, { places }: Placement): string {
  const place = places.get(value.storage)
  if (!place) return '?'
  return place.region === 'external' ? `@external ${value.storage.external}` : `@${place.region}+${place.offset}`
}
