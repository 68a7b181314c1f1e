// One training step of the README's configuration compared with the reference Python package: ResNet50, batch 10, 256 px, Adam.
import { interleave, record, start, table } from './harness.mjs'

const ROUNDS = Number(process.env.PIXELCL_BENCH_ROUNDS ?? 3)
const THREADS = Number(process.env.PIXELCL_BENCH_THREADS ?? 2)
const BATCH = Number(process.env.PIXELCL_BENCH_BATCH ?? 10)
const SIZE = Number(process.env.PIXELCL_BENCH_SIZE ?? 256)

/** Consecutive steps per round; the first warms the caches again after the other contestants ran, and is not counted. */
const STEPS = 3

function inARow(contestant) {
  return {
    ...contestant,
    async round() {
      await contestant.round()
      let seconds = 0
      for (let step = 1; step < STEPS; step++) seconds += (await contestant.round()).seconds
      return { seconds: seconds / (STEPS - 1) }
    },
  }
}

export async function main() {
  const args = [BATCH, SIZE, THREADS]
  const results = await interleave(
    [
      start('Python package', 'step.py', args),
      start('pixelcl, native ResNet', 'step.mjs', [...args, 'native']),
      start('pixelcl, TorchScript', 'step.mjs', [...args, 'script']),
    ].map(inARow),
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
      `\n\nBatch ${BATCH}, ${SIZE} × ${SIZE}, ${THREADS} threads, medians of ${ROUNDS} interleaved rounds of ${STEPS} steps in a row, the first of them not counted; the ratio is the median of the rounds' ratios.`,
  )
}
