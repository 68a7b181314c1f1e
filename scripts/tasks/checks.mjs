// The static checks, one list for `npm run lint` and `npm test`. Node built-ins only.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { packageRoot } from '../setup/cache.mjs'

const bin = join(packageRoot, 'node_modules', '.bin')
const sources = readdirSync(join(packageRoot, 'binding'), { recursive: true })
  .filter((name) => /\.(cc|h)$/.test(name))
  .map((name) => `binding/${name}`)

/** The types of src/, which a build checks, too. */
export const TYPES = ['tsc', '--noEmit']

export const LINT = [
  ['eslint', '.'],
  ['prettier', '--check', '--log-level', 'warn', '.'],
  ['clang-format', '--dry-run', '-Werror', ...sources],
  TYPES,
  ['tsc', '-p', '__tests__'],
]

/** Checks that the published package and its types resolve for `import` and `require`. */
export const PUBLISH = [
  ['publint', '--strict'],
  ['attw', '--pack', '.'],
]

/** How many checks run at the same time: most of them use one core. */
const AT_ONCE = 2

/** Runs the checks, prints the output of those that fail, and returns the names of passed and failed ones. */
export async function check(commands, log) {
  const passed = []
  const failed = []
  const waiting = [...commands]
  const next = async () => {
    for (let command = waiting.shift(); command !== undefined; command = waiting.shift()) {
      const name = command.length > 4 ? `${command.slice(0, 3).join(' ')} …` : command.join(' ')
      const began = Date.now()
      const { code, output } = await runBin(command)
      if (code !== 0) process.stderr.write(`${output.trimEnd()}\n`)
      log(`${name}: ${code === 0 ? 'clean' : 'FAILED'} (${((Date.now() - began) / 1000).toFixed(0)} s)`)
      const list = code === 0 ? passed : failed
      list.push(name)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))
  return { passed, failed }
}

function runBin([command, ...args]) {
  // The tools start the first node on the path, which must be this one.
  const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) }
  return new Promise((resolve) => {
    const child = spawn(join(bin, command), args, { cwd: packageRoot, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (output += data))
    child.on('error', (error) => resolve({ code: 1, output: error.message }))
    child.on('close', (code) => resolve({ code, output }))
  })
}
