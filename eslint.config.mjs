import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createNodeResolver, importX } from 'eslint-plugin-import-x'
import tseslint from 'typescript-eslint'

/** From the top down: a room may import from rooms below it, never from rooms above. */
const rooms = ['cli', 'report', 'training', 'evaluation', 'pixelcl', 'vision', 'torch', 'native', 'common']

/** Rooms of torch that are built on Tensor, from the top down; the rest of torch is the core, which must not import them. */
const aboveTensor = ['serialization', 'jit', 'optim', 'nn']
const tensorCore = readdirSync(join(import.meta.dirname, 'src', 'torch')).filter(
  (name) => !aboveTensor.includes(name) && name !== 'generated' && name !== 'index.ts' && name !== 'internal.ts',
)

/** The files of a room that other rooms may import. All of `common` is public; src/native/load.ts serves code that must not load the shim. */
const doors = {
  report: ['index.ts'],
  training: ['index.ts'],
  evaluation: ['index.ts'],
  pixelcl: ['index.ts', 'internal.ts'],
  vision: ['index.ts', 'internal.ts', 'models/index.ts', 'transforms/index.ts', 'datasets/index.ts'],
  torch: ['index.ts', 'internal.ts'],
  native: ['index.ts', 'load.ts'],
}

const oneWay = rooms.slice(1).map((room, index) => ({
  target: `./src/${room}`,
  from: rooms.slice(0, index + 1).map((above) => `./src/${above}`),
  message: `imports point one way: ${rooms.join(' → ')}`,
}))

const oneWayInTorch = [...aboveTensor.slice(1), ...tensorCore].map((room) => {
  const index = aboveTensor.indexOf(room)
  return {
    target: `./src/torch/${room}`,
    from: aboveTensor.slice(0, index === -1 ? undefined : index).map((above) => `./src/torch/${above}`),
    message: `imports point one way inside torch: ${aboveTensor.join(' → ')} → Tensor and what it needs`,
  }
})

const throughDoors = Object.entries(doors).map(([room, files]) => ({
  target: rooms.filter((other) => other !== room).map((other) => `./src/${other}`),
  from: `./src/${room}`,
  except: files.map((file) => `./${file}`),
  message: `other rooms enter src/${room} by ${files.join(', ')}`,
}))

export default tseslint.config(
  { ignores: ['build/', 'dist/', 'runs/', 'node_modules/', 'src/torch/generated/', '**/*.generated.*', '__tests__/fixtures/'] },
  ...tseslint.configs.strict,
  {
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.mts', '.mjs', '.js', '.json'] })] },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-restricted-exports': [
        'error',
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true, namedFrom: true, namespaceFrom: true } },
      ],
      'import-x/no-restricted-paths': ['error', { zones: [...oneWay, ...oneWayInTorch, ...throughDoors] }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      // `x[i]!` in a loop over the indices of `x` needs no check at run time.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/native/**'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'dlopen', message: 'only src/native loads the shim' }],
      'no-restricted-syntax': ['error', { selector: 'Literal[value=/\\.node$/]', message: 'only src/native knows the .node file' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/native/**', 'src/torch/call/lookup.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'dlopen', message: 'only src/native loads the shim' },
        { object: 'native', property: 'operator', message: 'operators are reached through aten(name, overload), which guards them' },
      ],
    },
  },
  {
    files: ['src/native/**'],
    rules: { '@typescript-eslint/no-explicit-any': 'off' },
  },
  {
    files: ['**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    // Tools require default exports for their configuration, and jest for its reporter, environment and global set-up.
    files: ['*.config.*', 'scripts/tasks/tally.mjs', '__tests__/support/environment.ts', '__tests__/support/python-server.ts'],
    rules: { 'no-restricted-exports': 'off' },
  },
)
