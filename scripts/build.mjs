// npm run build. Node built-ins only.
import { build } from './tasks/build.mjs'
import { report } from './tasks/report.mjs'

await report(() => build((line) => process.stderr.write(`build: ${line}\n`), { force: process.argv.includes('--force') }))
