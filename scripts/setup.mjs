// npx pixelcl setup. Node built-ins only.
//   --force    search and compile again     --verbose   show the compiler's output
//   --allow-cuda-build  install PyPI's build of 3 GB if the CPU build is not reached
//   --tests    also the Python packages that the tests compare with
//   --inspect  change nothing, print what this machine has as JSON
import { inspect } from './setup/inspect.mjs'
import { installOracle } from './setup/install.mjs'
import { setup } from './setup/index.mjs'
import { SetupFailure } from './setup/run.mjs'

const flags = process.argv.slice(2)
const KNOWN = ['--force', '--verbose', '--allow-cuda-build', '--tests', '--inspect']
const unknown = flags.filter((flag) => !KNOWN.includes(flag))
const log = (line) => process.stderr.write(`set-up: ${line}\n`)

async function main() {
  if (unknown.length > 0) {
    process.stderr.write(`unknown: ${unknown.join(' ')}; known are ${KNOWN.join(', ')}\n`)
    process.exitCode = 2
  } else if (flags.includes('--inspect')) {
    process.stdout.write(`${JSON.stringify(await inspect(), null, 2)}\n`)
  } else {
    const has = (flag) => flags.includes(flag)
    const options = { force: has('--force'), verbose: has('--verbose'), allowCudaBuild: has('--allow-cuda-build') }
    const stamp = await setup({ log, ...options })
    if (flags.includes('--tests')) await installOracle(log)
    log(`ready (libtorch ${stamp.libtorch.version} from ${stamp.libtorch.source})`)
  }
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof SetupFailure ? error.message : error.stack}\n`)
  process.exitCode = 1
}
