// Peak memory (VmHWM of a fresh process) after five training steps, compared with the reference Python package.
import { record, start, table } from './harness.mjs'

const THREADS = Number(process.env.PIXELCL_BENCH_THREADS ?? 2)
const BATCH = Number(process.env.PIXELCL_BENCH_BATCH ?? 10)
const SIZE = Number(process.env.PIXELCL_BENCH_SIZE ?? 256)
const STEPS = 5

async function peak(name, file, ...kind) {
  // The contestant's warm-up is its first step.
  const contestant = start(name, file, [BATCH, SIZE, THREADS, ...kind])
  let result
  for (let i = 1; i < STEPS; i++) result = await contestant.round()
  await contestant.close()
  return { name, bytes: result.peak }
}

export async function main() {
  const results = [
    await peak('Python package', 'step.py'),
    await peak('pixelcl, native ResNet', 'step.mjs', 'native'),
    await peak('pixelcl, TorchScript', 'step.mjs', 'script'),
  ]
  const [python] = results
  record(
    'Peak memory of a training step',
    'npm run bench -- memory',
    table(
      ['ResNet50, PixPro, Adam, float32', 'VmHWM, MiB', 'ratio'],
      results.map(({ name, bytes }) => [name, (bytes / 2 ** 20).toFixed(0), `${(bytes / python.bytes).toFixed(3)} ×`]),
    ) + `\n\nBatch ${BATCH}, ${SIZE} × ${SIZE}, ${THREADS} threads, a fresh process each, after ${STEPS} steps.`,
  )
}
