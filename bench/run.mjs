// npm run bench -- NAME …: runs the named benchmarks, or lists them.
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const names = readdirSync(here)
  .filter((file) => file.endsWith('.mjs') && !['control.mjs', 'harness.mjs', 'run.mjs'].includes(file))
  .map((file) => file.slice(0, -'.mjs'.length))
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const unknown = wanted.filter((name) => !names.includes(name))
if (wanted.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`no benchmark is called ${unknown.join(', ')}\n`)
  process.stdout.write(`npm run bench -- NAME …\nbenchmarks: ${names.join(', ')}\n`)
  process.exit(unknown.length > 0 ? 2 : 0)
}
for (const name of wanted) await (await import(pathToFileURL(join(here, `${name}.mjs`)).href)).main()
