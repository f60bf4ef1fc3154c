// Ends the output of the tests with one line that machines read: `N passed, N failed`.
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** Failed checks before the tests (lint, types, …), broken test files and errors outside of tests count as failures. */
export default class LastLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let passed = 0
    let failed = unhandledErrors.length
    let skipped = 0
    for (const module of modules) {
      failed += module.errors().length
      for (const suite of module.children.allSuites()) failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'failed') failed++
        else skipped++
      }
    }
    const checks = (process.env.TANUKI_FAILED_CHECKS ?? '').split(', ').filter((name) => name !== '')
    failed += checks.length
    if (checks.length > 0) console.log(`failed before the tests: ${checks.join(', ')}`)
    if (skipped > 0) console.log(`${skipped} skipped`)
    if (passed + failed === 0) console.log('no test ran')
    if (failed > 0 || passed === 0) process.exitCode = 1
    console.log(`${passed} passed, ${failed} failed`)
  }
}
