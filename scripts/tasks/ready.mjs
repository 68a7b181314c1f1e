// Makes a bare checkout runnable: dependencies, libtorch, the compiled shim, dist/. Node built-ins only.
import { provideLibtorch, setup } from '../setup/index.mjs'
import { checkPlatform } from '../setup/toolchain.mjs'
import { build } from './build.mjs'
import { installDependencies } from './dependencies.mjs'

/** Runs the missing steps and returns the stamp; under 3 seconds if there are none. */
export async function ready(log) {
  checkPlatform()
  // npm and pip each keep one core busy.
  await Promise.all([installDependencies(log), provideLibtorch({ log })])
  const stamp = await setup({ log })
  await build(log)
  return stamp
}
