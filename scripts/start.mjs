// npm start: the set-up, then the demo with the arguments after `npm start --`. Node built-ins only.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from './setup/cache.mjs'
import { ready } from './tasks/ready.mjs'
import { report } from './tasks/report.mjs'

const began = Date.now()
const stamp = await report(() => ready((line) => process.stderr.write(`set-up: ${line}\n`)))
if (stamp !== null) {
  process.stderr.write(
    `set-up: ready in ${((Date.now() - began) / 1000).toFixed(1)} s (libtorch ${stamp.libtorch.version} from ${stamp.libtorch.source})\n`,
  )
  const demo = spawn(process.execPath, [join(packageRoot, 'dist', 'cli', 'demo.js'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    cwd: packageRoot,
  })
  // The terminal sends Ctrl-C to the demo as well, which then saves; this process waits for it.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && demo.kill(signal))
  demo.on('exit', (code, signal) => (process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)))
}
