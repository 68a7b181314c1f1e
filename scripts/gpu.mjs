// npm run gpu: compiles the shim against a libtorch with CUDA, runs the GPU checks and the step benchmark, and writes the table to
// bench/RESULTS.md. A machine without npm or network needs dist/ and node_modules/ (of `npm ci --omit=dev --ignore-scripts`, for cmake-js
// and the headers of Node-API) copied from another machine. Node built-ins only.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { interleave, record, start, table } from '../bench/harness.mjs'
import { packageRoot } from './setup/cache.mjs'
import { setup } from './setup/index.mjs'
import { findLibtorch } from './setup/libtorch.mjs'
import { SetupFailure, probe } from './setup/run.mjs'
import { hasNvidiaDriver } from './setup/toolchain.mjs'
import { build } from './tasks/build.mjs'
import { report } from './tasks/report.mjs'

const DEVICE = process.env.PIXELCL_GPU ?? 'cuda:0'
const ROUNDS = Number(process.env.PIXELCL_BENCH_ROUNDS ?? 10)
const BATCH = Number(process.env.PIXELCL_BENCH_BATCH ?? 10)
const SIZE = Number(process.env.PIXELCL_BENCH_SIZE ?? 256)
const THREADS = Number(process.env.PIXELCL_BENCH_THREADS ?? 2)
const say = (line) => process.stderr.write(`gpu: ${line}\n`)

async function cudaSetup() {
  if (!hasNvidiaDriver()) {
    throw new SetupFailure(
      'no GPU: no NVIDIA driver is loaded on this machine (neither /proc/driver/nvidia/version nor /dev/nvidiactl is there), so nothing was run.',
    )
  }
  let stamp = await setup({ log: say })
  // This libtorch may have been chosen before the driver was installed.
  if (!stamp.libtorch.cuda && findLibtorch().found?.cuda) stamp = await setup({ log: say, force: true })
  if (stamp.libtorch.cuda) return stamp
  const places = stamp.tried.map(({ place, reason }) => `  ${place}: ${reason}`).join('\n')
  throw new SetupFailure(
    `no libtorch with CUDA: the set-up took ${stamp.libtorch.version} from ${stamp.libtorch.path}. Places it tried:\n${places}\nWays out:\n` +
      '  - npx pixelcl setup --force: installs a CUDA build into the cache, where an NVIDIA driver is loaded;\n' +
      '  - LIBTORCH=/folder/of/libtorch node scripts/gpu.mjs',
  )
}

async function buildIfPossible() {
  const require = createRequire(import.meta.url)
  try {
    require.resolve('typescript/package.json')
  } catch {
    const entry = join(packageRoot, 'dist', 'torch', 'index.js')
    if (!existsSync(entry)) throw new SetupFailure(`neither TypeScript nor ${entry} is here: run npm ci, or bring dist/ along`)
    return say('dist/ is taken as it is: TypeScript is not installed')
  }
  await build(say)
}

/** Runs the checks in a separate process, so that a crash is reported. */
function runChecks() {
  // TF32 would round float32 products to ten bits, which exceeds the tolerance of 1e-4.
  const env = { ...process.env, NVIDIA_TF32_OVERRIDE: '0' }
  const child = spawn(process.execPath, [join(packageRoot, 'scripts', 'gpu', 'checks.mjs'), DEVICE], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const results = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    const result = JSON.parse(line)
    results.push(result)
    process.stdout.write(`${result.error === null ? '✓' : '✗'} ${result.name} (${result.seconds.toFixed(1)} s)\n`)
    if (result.error !== null) process.stdout.write(`  ${result.error.replaceAll('\n', '\n  ')}\n`)
  })
  return new Promise((resolve) =>
    child.on('close', (code, signal) => {
      const crash = signal ?? (code !== 0 && results.every(({ error }) => error === null) ? `code ${code}` : null)
      if (crash !== null) results.push({ name: 'the process lives to its end', error: `it ended with ${crash}`, seconds: 0 })
      resolve(results)
    }),
  )
}

/** A Python that can run the reference package on this GPU, or null. */
async function pythonContestant({ source }) {
  const candidates = [process.env.PIXELCL_PYTHON, source, 'python3'].filter((path) => path && path !== 'cache' && path !== 'LIBTORCH')
  for (const python of candidates) {
    const answer = await probe(python, [
      '-c',
      'import torch, pixel_level_contrastive_learning, sys; print(torch.cuda.is_available(), sys.executable)',
    ])
    if (answer?.startsWith('True ')) return answer.slice('True '.length)
  }
  return null
}

async function stepBenchmark(stamp) {
  const args = [BATCH, SIZE, THREADS]
  const contestants = []
  const python = await pythonContestant(stamp.libtorch)
  if (python === null) say('no Python here has torch with CUDA and pixel_level_contrastive_learning: pixelcl is timed alone')
  else {
    process.env.PIXELCL_PYTHON = python
    contestants.push(start('Python package', 'step.py', [...args, DEVICE]))
  }
  contestants.push(start('pixelcl, native ResNet', 'step.mjs', [...args, 'native', DEVICE]))
  return (await interleave(contestants, ROUNDS)).map(({ name, measures: { seconds, peak } }) => [
    name,
    (seconds.median * 1000).toFixed(1),
    (peak.max / 2 ** 20).toFixed(0),
    python === null ? '–' : `${seconds.ratio.toFixed(3)} ×`,
  ])
}

await report(async () => {
  const stamp = await cudaSetup()
  await buildIfPossible()
  const card = (await probe('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'])) ?? 'unknown card'
  const checks = await runChecks()
  const failed = checks.filter(({ error }) => error !== null)
  const steps = await stepBenchmark(stamp)
  const checkTable = table(
    ['what must hold on the GPU', 'result', 'seconds'],
    checks.map(({ name, error, seconds }) => [name, error === null ? 'holds' : 'FAILED', seconds.toFixed(1)]),
  )
  const stepTable = table(['ResNet50, PixPro, Adam, float32, no augmentation', 'ms a step', 'peak of tensors, MiB', 'time, ratio'], steps)
  record(
    'GPU',
    'npm run gpu',
    `${card.split('\n')[0]}, libtorch ${stamp.libtorch.version}.\n\n${checkTable}\n\n${stepTable}\n\nBatch ${BATCH}, ${SIZE} × ${SIZE}, medians of ${ROUNDS} interleaved steps after a warm-up.`,
  )
  process.stdout.write(`${checks.length - failed.length} passed, ${failed.length} failed\n`)
  if (failed.length > 0) process.exitCode = 1
})
