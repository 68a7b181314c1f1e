// One training step of the README's configuration against the published Python package: ResNet50, batch 10, 256 px, Adam.
import { interleave, record, start, table } from './harness.mjs'

const ROUNDS = Number(process.env.PIXELCL_BENCH_ROUNDS ?? 5)
const THREADS = Number(process.env.PIXELCL_BENCH_THREADS ?? 2)
const BATCH = Number(process.env.PIXELCL_BENCH_BATCH ?? 10)
const SIZE = Number(process.env.PIXELCL_BENCH_SIZE ?? 256)

export async function main() {
  const args = [BATCH, SIZE, THREADS]
  const results = await interleave(
    [
      start('Python package', 'step.py', args),
      start('pixelcl, native ResNet', 'step.mjs', [...args, 'native']),
      start('pixelcl, TorchScript', 'step.mjs', [...args, 'script']),
    ],
    ROUNDS,
  )
  const seconds = (name) => results.find((result) => result.name === name).measures.seconds
  record(
    'Training step',
    'npm run bench -- step',
    table(
      ['ResNet50, PixPro, Adam, float32, no augmentation', 'seconds a step', 'min … max', 'ratio'],
      results.map(({ name }) => {
        const { median, min, max, ratio } = seconds(name)
        return [name, median.toFixed(2), `${min.toFixed(2)} … ${max.toFixed(2)}`, `${ratio.toFixed(3)} ×`]
      }),
    ) +
      `\n\nBatch ${BATCH}, ${SIZE} × ${SIZE}, ${THREADS} threads, medians of ${ROUNDS} interleaved steps after a warm-up; the ratio is the median of the rounds' ratios.`,
  )
}
