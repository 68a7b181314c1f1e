import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(__dirname, '..', '..')
let isBuilt = false

/** The path of the built package; builds it unless it is up to date. */
export function builtPackage(): string {
  if (!isBuilt) execFileSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
  isBuilt = true
  return join(root, 'dist')
}

export interface ChildOptions {
  readonly nodeArguments?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Does not load the package before the code runs. Default false. */
  readonly lazy?: boolean
  /** Milliseconds. Default 120,000. */
  readonly timeout?: number
}

/**
 * Runs JavaScript in a new process with `torch` (the built package) and `root`, and returns the argument of its call of `report`.
 *
 * The code may await; with `lazy`, `loadTorch()` loads the package. `rss()` is the resident memory in MB, `gc()` collects.
 *
 * @throws Error with the output of a child that fails, crashes or reports nothing.
 */
export async function runChild<T>(code: string, options: ChildOptions = {}): Promise<T> {
  const program = `
const root = ${JSON.stringify(root)}
const dist = ${JSON.stringify(builtPackage())}
const report = (value) => console.log('report: ' + JSON.stringify(value))
const rss = () => process.memoryUsage.rss() / 2 ** 20
let lazily
const loadTorch = () => (lazily ??= require(dist + '/torch'))
const main = async (torch) => {${code}
}
main(${options.lazy === true ? 'undefined' : 'loadTorch()'}).catch((error) => { console.error(error); process.exit(1) })`
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--expose-gc', ...(options.nodeArguments ?? []), '-e', program],
      { timeout: options.timeout ?? 120_000, maxBuffer: 2 ** 26, cwd: root, env: { ...process.env, OMP_NUM_THREADS: '1', ...options.env } },
      (error, output, errors) => {
        const line = output.split('\n').findLast((text) => text.startsWith('report: '))
        if (error === null && line !== undefined) return resolve(JSON.parse(line.slice('report: '.length)) as T)
        const how = error === null ? 'reported nothing' : `ended (${error.signal ?? error.code})`
        reject(new Error(`the child ${how}:\n${output.slice(-2000)}\n${errors.slice(-4000)}`))
      },
    )
  })
}
