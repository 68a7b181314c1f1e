// npm run generate: regenerates the committed files: the typed surface from torch's schemas and signatures, and the copies in documents.
// Node built-ins only; the generators themselves use development dependencies.
import { join } from 'node:path'
import { packageRoot, pythonFolder } from './setup/cache.mjs'
import { installOracle } from './setup/install.mjs'
import { run } from './setup/run.mjs'
import { build } from './tasks/build.mjs'
import { installDependencies } from './tasks/dependencies.mjs'
import { report } from './tasks/report.mjs'

const log = (line) => process.stderr.write(`generate: ${line}\n`)
const generator = (name) => join(packageRoot, 'scripts', 'generate', name)

await report(async () => {
  await installDependencies(log)
  await installOracle(log)
  log('src/torch/generated, from the schemas of the torch in the cache')
  await run(join(pythonFolder(), 'bin', 'python'), ['-B', generator('surface.py'), join(packageRoot, 'src', 'torch', 'generated')])
  await run(join(pythonFolder(), 'bin', 'python'), ['-B', generator('signatures.py'), join(packageRoot, 'src', 'torch')])
  await build(log)
  log('README.md and docs/OPTIONS.md, from the options and the example')
  await run(process.execPath, [generator('documents.mjs')])
})
