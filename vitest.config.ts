import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'

// What takes minutes: left out of `npm run test:fast`.
const slow = ['tests/e2e/**', 'tests/goldens-run/training.test.ts', 'tests/ops/memory.test.ts']

export default defineConfig({
  resolve: { alias: { 'tanuki-ml': fileURLToPath(new URL('src/index.ts', import.meta.url)) } },
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(process.env.TANUKI_FAST === '1' ? slow : [])],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './tests/reporter.ts'],
  },
})
