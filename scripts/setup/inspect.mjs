// Lists what this machine has, for `pixelcl doctor` and for the error of an import before the set-up.
import { stampServes } from './index.mjs'
import { packageRoot, readStamp, stampPath } from './cache.mjs'
import { findLibtorch } from './libtorch.mjs'
import { pythonOf } from './python.cjs'
import { SetupFailure } from './run.mjs'
import { checkPlatform, findCmake, findCompiler, findMake, findPython, hasNvidiaDriver } from './toolchain.mjs'
import { SUPPORTED_VERSIONS, standingOf } from './versions.cjs'

/** Inspects everything without changes. A missing tool is `{ missing }` with the command that installs it. */
export async function inspect() {
  const attempt = async (work) => {
    try {
      return { found: await work() }
    } catch (error) {
      if (!(error instanceof SetupFailure)) throw error
      return { missing: error.message }
    }
  }
  const [platform, compiler, cmake, make, python] = await Promise.all(
    [checkPlatform, async () => (await findCompiler()).version, findCmake, findMake, findPython].map((work) => attempt(async () => work())),
  )
  const { found, tried } = findLibtorch()
  const left = readStamp()
  const stamp = stampServes(left) ? left : null
  const libtorch = stamp?.libtorch ?? found
  return {
    packageRoot,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    refusal: platform.missing ?? null,
    compiler,
    cmake,
    make,
    python,
    nvidiaDriver: hasNvidiaDriver(),
    stampPath: stampPath(),
    stamp,
    libtorch: found,
    libtorchPython: libtorch === null ? null : pythonOf(libtorch),
    support: { versions: SUPPORTED_VERSIONS, standing: libtorch === null ? null : standingOf(libtorch.version) },
    tried,
  }
}
