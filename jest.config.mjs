// libtorch reads this once, when it is loaded. One thread, because three test files and their Python processes run at the same time.
process.env.OMP_NUM_THREADS ??= '1'

export default {
  roots: ['<rootDir>/__tests__'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '\\.m?[jt]s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }],
  },
  globalSetup: '<rootDir>/__tests__/support/python-server.ts',
  testEnvironment: '<rootDir>/__tests__/support/environment.ts',
  setupFilesAfterEnv: ['<rootDir>/__tests__/support/matchers.ts'],
  // With a limit of 0 each file runs in a new process, so that a crash of native code names its file.
  workerIdleMemoryLimit: 0,
  // A new worker loads the runner before it can exit.
  workerGracefulExitTimeout: 60_000,
  maxWorkers: 3,
  testTimeout: 60_000,
}
