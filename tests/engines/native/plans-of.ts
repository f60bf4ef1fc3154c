// Catches the plans that the native engine makes while something runs.
import { NativeExecutable } from '../../../src/engines/native/index.ts'
import { loadedEngine } from '../../../src/engines/select.ts'

/** Plans that `work` makes. */
export async function plansOf(work: () => Promise<unknown>): Promise<NativeExecutable[]> {
  const engine = loadedEngine()!
  const compile = engine.compile.bind(engine)
  const made: NativeExecutable[] = []
  engine.compile = (graph, options) => {
    const executable = compile(graph, options)
    if (executable instanceof NativeExecutable) made.push(executable)
    return executable
  }
  try {
    await work()
  } finally {
    engine.compile = compile
  }
  return made
}
