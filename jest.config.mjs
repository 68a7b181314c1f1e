// libtorch reads it once, when it is loaded; the test files share two cores with each other and with Python.
process.env.OMP_NUM_THREADS ??= '1'

export default {
  roots: ['<rootDir>/__tests__'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '\\.m?[jt]s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }],
  },
  testEnvironment: '<rootDir>/__tests__/support/environment.ts',
  setupFilesAfterEnv: ['<rootDir>/__tests__/support/matchers.ts'],
  // A limit of 0 gives each file a process of its own: a crash of native code then names its file.
  workerIdleMemoryLimit: 0,
  // A fresh worker loads the runner before it ends.
  workerGracefulExitTimeout: 60_000,
  maxWorkers: 2,
  testTimeout: 60_000,
}
