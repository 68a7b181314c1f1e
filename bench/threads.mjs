// What waiting threads cost: training steps under OpenMP's spin counts, on free cores and beside programs that keep them busy.
import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { interleave, record, start, table } from './harness.mjs'

const ROUNDS = Number(process.env.PIXELCL_BENCH_ROUNDS ?? 10)
const SPIN_COUNTS = [
  ["300,000, libgomp's own", '300000'],
  ["10,000, pixelcl's default", undefined],
  ['0, OMP_WAIT_POLICY=passive', '0'],
]

/** Starts one busy process for each core; returns a function that ends them. */
function occupyCores() {
  const children = cpus().map(() => spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' }))
  return () => children.forEach((child) => child.kill('SIGKILL'))
}

function contestants() {
  return SPIN_COUNTS.map(([name, count]) => {
    const { GOMP_SPINCOUNT: _, OMP_WAIT_POLICY: __, OMP_NUM_THREADS: ___, ...env } = process.env
    return start(name, 'threads.mjs', [], count === undefined ? env : { ...env, GOMP_SPINCOUNT: count })
  })
}

export async function main() {
  const free = await interleave(contestants(), ROUNDS)
  const end = occupyCores()
  let busy
  try {
    busy = await interleave(contestants(), ROUNDS)
  } finally {
    end()
  }
  const cell = ({ measures: { milliseconds } }) => `${milliseconds.median.toFixed(0)} (${milliseconds.ratio.toFixed(2)} ×)`
  record(
    'Waiting threads',
    'npm run bench -- threads',
    table(
      ['spin count', 'free cores, ms', 'busy cores, ms'],
      SPIN_COUNTS.map(([name], i) => [name, cell(free[i]), cell(busy[i])]),
    ) +
      `\n\nFive steps of a small convolutional network, ${cpus().length} threads, medians of ${ROUNDS} interleaved rounds; busy: one endless loop for each core.`,
  )
}
