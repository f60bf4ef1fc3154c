// Lint rules: TypeScript's strict type-checked set, with the exceptions named here.
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/', 'build/', 'runs/', 'node_modules/', 'tests/goldens/', 'coverage/', 'src/formats/generated/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-var': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      // With noUncheckedIndexedAccess, `list[i]!` inside checked bounds is the plain way to say so.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Numbers and booleans in messages are wanted.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true, allowArray: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // Users in plain JavaScript get a check where the types promise it is needless.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // A type parameter that only a caller fills in documents what comes back.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Interface members that may be async are implemented by functions that need not await.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // Judges by what a call would infer from its context, and its fixes break types (typescript-eslint 8.73.0).
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      // Arguments from plain JavaScript are brought into shape where the types promise that they have it.
      '@typescript-eslint/no-unnecessary-type-conversion': 'off',
      // An empty set of attributes is what some primitives have.
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      // Error messages show whatever was received.
      '@typescript-eslint/no-base-to-string': 'off',
      // What a run has thrown is kept and thrown again where its result is read.
      '@typescript-eslint/only-throw-error': 'off',
      // `void parameter` marks a parameter that only subclasses use; its name is part of the documentation.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/ban-ts-comment': ['error', { minimumDescriptionLength: 3 }],
      // By code points, on purpose.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // Recurses without end on classes that refer to themselves through generics (typescript-eslint 8.73.0).
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      // Compared on purpose with === false, so that undefined is told apart.
      '@typescript-eslint/no-unnecessary-boolean-literal-compare': 'off',
    },
  },
  {
    files: ['tests/**/*.ts'],
    rules: {
      // JSON goldens and thrown values have no better type than what the test expects of them.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
    },
  },
)
