// From a bare checkout to a package that runs: dependencies, libtorch, the compiled shim, dist/. Node built-ins only.
import { setup } from '../setup/index.mjs'
import { checkPlatform } from '../setup/toolchain.mjs'
import { build } from './build.mjs'
import { installDependencies } from './dependencies.mjs'

/** Does what is not done yet and gives the stamp; under 3 seconds when everything is. */
export async function ready(log) {
  checkPlatform()
  await installDependencies(log)
  const stamp = await setup({ log })
  await build(log)
  return stamp
}
