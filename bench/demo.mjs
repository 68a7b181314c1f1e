// The gain of the demo's pretraining: its recipe with three seeds, compared with the same runs with shuffled coordinates.
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { record, table } from './harness.mjs'

const SEEDS = (process.env.PIXELCL_BENCH_SEEDS ?? '0,1,2').split(',').map(Number)
const THREADS = Number(process.env.PIXELCL_BENCH_THREADS ?? 2)
/** A command that starts every run, such as `taskset -c 0`. */
const WRAP = (process.env.PIXELCL_BENCH_WRAP ?? '').split(' ').filter(Boolean)

const contestant = join(dirname(fileURLToPath(import.meta.url)), 'contestants', 'demo.mjs')

async function run(seed, kind) {
  const [command, ...args] = [...WRAP, process.execPath, contestant, String(seed), kind, String(THREADS)]
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 2 ** 24 })
  const result = { seed, kind, ...JSON.parse(stdout.trim().split('\n').at(-1)) }
  process.stderr.write(`${JSON.stringify(result)}\n`)
  return result
}

const MEASURES = ['knn', 'linear', 'correspondence', 'placeShare']
const signed = (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`
const rise = (result, measure) => result.after[measure] - result.before[measure]
const shown = (value) => value?.toFixed(3) ?? '–'

function row(result) {
  const cells = MEASURES.map((measure) => `${shown(result.before[measure])} → ${shown(result.after[measure])}`)
  return [result.kind === 'pairs' ? 'the demo' : 'coordinates shuffled', result.seed, ...cells, result.processorSeconds.toFixed(0)]
}

/** The least gain of a measure over the seeds: over the untouched backbone, and over the control of the same seed. */
function gains(demo, controls, measure) {
  const least = Math.min(...demo.map((result) => rise(result, measure)))
  const above = Math.min(...demo.map((result, i) => result.after[measure] - controls[i].after[measure]))
  return `at least ${signed(least)} (${signed(above)} from the control of the same seed)`
}

export async function main() {
  const results = []
  for (const seed of SEEDS) for (const kind of ['pairs', 'shuffled']) results.push(await run(seed, kind))
  const [demo, controls] = ['pairs', 'shuffled'].map((kind) => results.filter((result) => result.kind === kind))
  const highest = Math.max(...demo.map(({ after }) => after.placeShare))
  record(
    'Demo',
    'npm run bench -- demo',
    `${table(['run', 'seed', 'kNN mIoU', 'linear mIoU', 'view correspondence', 'place share', 'processor seconds'], [...demo, ...controls].map(row))}

kNN mIoU changes by ${gains(demo, controls, 'knn')}, view correspondence by ${gains(demo, controls, 'correspondence')}; the place share ends at ${highest.toFixed(3)} or below.

${demo[0].steps} steps, ${THREADS} thread${THREADS === 1 ? '' : 's'}; measured on held-out images with frozen features, batch-norm statistics taken anew before and after. The processor seconds are those of the whole run. In the controls the learner pairs pixels that do not show the same place.`,
  )
}
