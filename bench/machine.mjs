// What the figures were measured on.
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'

function flags() {
  try {
    return new Set(/^flags\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1].split(' '))
  } catch {
    return new Set()
  }
}

/** @param {{ threads: number, instructionSet: string, name: string, reason: string, versions: Record<string, string> }} engine */
export function machineOf(engine) {
  const all = flags()
  const named = ['avx2', 'fma', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_bf16']
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    processorFlags: named.filter((name) => all.has(name)),
    node: process.versions.node,
    threads: engine.threads,
    engine: engine.name,
    instructionSet: engine.instructionSet,
    oneDNN: engine.versions.oneDNN ?? null,
  }
}
