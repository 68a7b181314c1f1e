// Runs the tests in this Node or another, and returns their counts. Node built-ins only.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { packageRoot, readJson } from '../setup/cache.mjs'

/** Returns `{ passed, failed, skipped: [{ test, note }], files: { [file]: { passed, failed, skipped, seconds } } }`. */
export async function runJest(args, { node = process.execPath, env: more = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'pixelcl-tally-'))
  const tallyPath = join(folder, 'tally.json')
  const jest = join(packageRoot, 'node_modules', 'jest', 'bin', 'jest.js')
  // Last, because --reporters takes all following words.
  const reporters = ['--reporters=default', `--reporters=${join(packageRoot, 'scripts', 'tasks', 'tally.mjs')}`]
  try {
    const how = await new Promise((resolve, reject) => {
      const env = { ...process.env, ...more, PIXELCL_TALLY: tallyPath, PATH: [dirname(node), process.env.PATH].join(delimiter) }
      const child = spawn(node, [jest, ...args, ...reporters], { cwd: packageRoot, env, stdio: 'inherit' })
      child.on('error', reject)
      child.on('close', (code, signal) => resolve(signal ?? code))
    })
    const tally = readJson(tallyPath) ?? { passed: 0, failed: 0, skipped: [], files: {} }
    if (how !== 0 && tally.failed === 0) {
      process.stderr.write(`jest ended with ${typeof how === 'string' ? how : `code ${how}`}\n`)
      tally.failed = 1
    }
    return tally
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
