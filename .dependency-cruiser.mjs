// The layers of the house: each folder of src/ imports only from those that stand below it here.
const layers = [
  ['cli'],
  ['report'],
  ['applications'],
  ['models'],
  ['layers'],
  ['losses', 'metrics', 'optimizers', 'schedules', 'initializers', 'regularizers', 'constraints', 'activations'],
  ['data'],
  ['formats'],
  ['ops'],
  ['engines'],
  ['graph'],
  // Everybody may import errors and the small files that know the platform.
  ['platform', 'errors.ts'],
]

const path = (names) =>
  `^src/(${names.map((name) => (name.includes('.') ? name.replace('.', '\\.') + '$' : `${name}/`)).join('|')})`

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layers.slice(1).map((names, index) => ({
      name: `${names.join('-')}-imports-from-below`,
      severity: 'error',
      from: { path: path(names) },
      to: { path: `${path(layers.slice(0, index + 1).flat())}|^src/index\\.ts$` },
    })),
    {
      name: 'no-circles',
      comment:
        'Circles that types alone close are none when the program runs: a model and its callbacks know each other.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unknown-folder',
      severity: 'error',
      from: { path: '^src/', pathNot: `${path(layers.flat())}|^src/index\\.ts$` },
      to: {},
    },
    {
      name: 'browser-safe-core',
      comment: 'Node modules only where files, pictures and the addon are handled.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|report|data|formats|platform|engines/native|applications)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'known-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'unknown', 'undetermined'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { conditionNames: ['types', 'import', 'node', 'default'], exportsFields: ['exports'] },
  },
}
