// One row of the table: a run of the command line, then its measures. Finished rows are cached in runs/bench-real.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../harness.mjs'

/** Identifies the build of the package. */
export const BUILD = JSON.parse(readFileSync(join(root, 'dist', '.build.json'), 'utf8')).sources

const RUNS = process.env.PIXELCL_BENCH_RUNS ?? join(root, 'runs', 'bench-real')

/** Returns the content of a cache file, or computes and writes it together with the build that made it. */
async function kept(file, make) {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  const value = { ...(await make()), build: BUILD }
  writeFileSync(`${file}.part`, JSON.stringify(value, null, 2))
  renameSync(`${file}.part`, file)
  return value
}

function folderOf(name, settings) {
  const key = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 12)
  const folder = join(RUNS, `${name}-${key}`)
  mkdirSync(folder, { recursive: true })
  return folder
}

const measuresOf = (backbone, folder, measure) => kept(join(folder, 'measures.json'), () => measure(backbone))

/** The measures of the untouched backbone. */
export async function untouchedRow(data, settings, measure) {
  const folder = folderOf('untouched', settings)
  return { measures: await measuresOf(data.backbone, folder, measure) }
}

/** Pretrains with one kind of options and seed, with true or shuffled pairs, and measures the resulting backbone. */
export async function pretrainedRow({ kind, control, seed }, data, settings, measure) {
  const name = `${kind.replace(', ', '-')}${control ? '-shuffled' : ''}-${seed}`
  const folder = folderOf(name, { ...settings, kind, control, seed })
  const run = join(folder, 'run')
  const { config, flags, threads } = settings
  const configFile = join(folder, 'options.json')
  writeFileSync(configFile, JSON.stringify(config, null, 2))
  const { seconds, processorSeconds, steps } = await kept(join(folder, 'trained.json'), () => {
    process.stderr.write(`${name}\n`)
    const own = Object.keys(config).length === 0 ? [] : ['--config', configFile]
    const where = ['--backbone', data.backbone, '--data', data.train, '--out', run, '--seed', String(seed)]
    return pretrain([...own, ...where, ...flags, '--overwrite', '--json'], { control, threads, processorFile: join(folder, 'processor') })
  })
  return { measures: await measuresOf(join(run, 'improved-resnet.pt'), folder, measure), steps, seconds, processorSeconds }
}

/** Runs the command line and returns its JSON output with its CPU time in seconds. */
function pretrain(flags, { control, threads, processorFile }) {
  const preloads = ['processor.mjs', ...(control ? ['shuffled.mjs'] : [])].flatMap((name) => [
    '--import',
    new URL(name, import.meta.url).href,
  ])
  const args = [...preloads, join(root, 'dist', 'cli', 'main.js'), 'pretrain', ...flags]
  return new Promise((resolve, reject) => {
    const env = { ...process.env, OMP_NUM_THREADS: String(threads), PIXELCL_BENCH_PROCESSOR: processorFile }
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env })
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve({ ...JSON.parse(output), processorSeconds: Number(readFileSync(processorFile, 'utf8')) })
      else reject(new Error(`pixelcl pretrain ended with code ${code}; start the benchmark again to go on from the last row that is done`))
    })
  })
}
