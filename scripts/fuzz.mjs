// npm run fuzz -- operators [--seed N] [--first N] [--calls N] [--batch N] [--jobs N]
// npm run fuzz -- files [--seed N] [--first N] [--crafted N] [--mutated N] [--batch N]
// Hostile input for the built package. A crash is printed with the options that make it again.
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fuzzFiles } from './fuzz/files.mjs'
import { fuzzOperators } from './fuzz/operators.mjs'
import { build } from './tasks/build.mjs'
import { cacheFolder } from './setup/cache.mjs'
import { report } from './tasks/report.mjs'

const say = (line) => process.stdout.write(`${line}\n`)
const root = join(import.meta.dirname, '..')

/** The options of a command, all of them numbers. */
function numbers(args, names) {
  const given = {}
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '')
    const number = Number(args[i + 1])
    if (!names.includes(name) || !Number.isInteger(number))
      throw new Error(`expected ${names.map((known) => `--${known} N`).join(' ')} but received ${args.join(' ')}`)
    given[name] = number
  }
  return given
}

/** The built package, and the Python of the set-up or null. */
async function tested() {
  await build((line) => process.stderr.write(`build: ${line}\n`))
  const path = join(cacheFolder(), 'python', 'bin', 'python')
  return { dist: join(root, 'dist'), python: existsSync(path) ? path : null, say }
}

const counted = (classes) =>
  Object.entries(classes)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')

async function operators(args) {
  const options = numbers(args, ['seed', 'first', 'calls', 'batch', 'jobs'])
  const { returned, threw, classes, deaths, raw } = await fuzzOperators({ ...options, ...(await tested()) })
  say(`${returned} calls returned, ${threw} threw (${counted(classes)}), ${deaths.length} died or hung, ${raw.length} threw a raw error`)
  return deaths.length === 0 && raw.length === 0
}

async function files(args) {
  const options = numbers(args, ['seed', 'first', 'crafted', 'mutated', 'batch'])
  const faults = join(tmpdir(), 'pixelcl-fuzz-faults')
  const { files, read, refused, classes, deaths, raw, slowest } = await fuzzFiles({ ...options, ...(await tested()), faults })
  say(
    `${files} files: ${counted(read)} returned, ${refused} threw (${counted(classes)}), the slowest after ${slowest.toFixed(1)} s, ` +
      `${deaths.length} died or hung, ${raw.length} gave a raw error or foreign bytes`,
  )
  return deaths.length === 0 && raw.length === 0
}

const COMMANDS = { operators, files }

const [name, ...args] = process.argv.slice(2)
if (COMMANDS[name] === undefined) {
  say(`npm run fuzz -- NAME …\nkinds of input: ${Object.keys(COMMANDS).join(', ')}`)
  process.exitCode = name === undefined ? 0 : 2
} else if ((await report(() => COMMANDS[name](args))) !== true) process.exitCode = 1
