import { TestEnvironment } from 'jest-environment-node'

declare global {
  /** Whether `-u` asks for committed outputs to be written anew. */
  var updatesSnapshots: boolean
  /** The global object that native code sees; a test file has one of its own. */
  var realmOfNode: typeof globalThis
}

/**
 * Node's environment with the process itself in place of jest's copy: environment variables reach native code and child processes,
 * and listeners for signals and warnings are called. Nothing leaks, for each test file has a process of its own.
 */
export default class OwnProcessEnvironment extends TestEnvironment {
  constructor(...[config, context]: ConstructorParameters<typeof TestEnvironment>) {
    super(config, context)
    this.global.process = process
    this.global['updatesSnapshots'] = config.globalConfig.updateSnapshot === 'all'
    this.global['realmOfNode'] = globalThis
    // Node takes as a warning only what is an Error of its own realm.
    Object.setPrototypeOf(this.global.Error.prototype as object, Error.prototype)
    // jest colours the output of its workers, which would colour that of programs under test.
    Reflect.deleteProperty(process.env, 'FORCE_COLOR')
  }
}
