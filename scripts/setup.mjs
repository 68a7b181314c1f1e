// npx pixelcl setup, and the first step of npm start and npm test. Node built-ins only.
import { SetupFailure } from './setup/run.mjs'
import { setup } from './setup/index.mjs'

try {
  const stamp = await setup({ log: (line) => process.stderr.write(`set-up: ${line}\n`), force: process.argv.includes('--force') })
  process.stderr.write(`set-up: ready (libtorch ${stamp.libtorch.version} from ${stamp.libtorch.source})\n`)
} catch (error) {
  process.stderr.write(`${error instanceof SetupFailure ? error.message : error.stack}\n`)
  process.exitCode = 1
}
