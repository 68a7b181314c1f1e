import { TestEnvironment } from 'jest-environment-node'

declare global {
  /** Whether `-u` was given, which rewrites committed outputs. */
  var updatesSnapshots: boolean
  /** The global object of the realm that native code sees; test files run in another realm. */
  var realmOfNode: typeof globalThis
}

/**
 * Node's environment with the real `process` instead of jest's copy, so that environment variables reach native code and child processes, and
 * listeners for signals and warnings are called. Nothing leaks, because each test file has its own process.
 */
export default class OwnProcessEnvironment extends TestEnvironment {
  constructor(...[config, context]: ConstructorParameters<typeof TestEnvironment>) {
    super(config, context)
    this.global.process = process
    this.global['updatesSnapshots'] = config.globalConfig.updateSnapshot === 'all'
    this.global['realmOfNode'] = globalThis
    // Node accepts only an Error of its own realm as a warning.
    Object.setPrototypeOf(this.global.Error.prototype as object, Error.prototype)
    // jest sets this for its workers, which would colour the output of programs under test.
    Reflect.deleteProperty(process.env, 'FORCE_COLOR')
  }
}
