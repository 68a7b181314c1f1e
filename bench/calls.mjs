// The cost of a call compared with Python: 2 × 2 add, an empty call, and a 10-layer MLP at batch 1.
import { interleave, record, start, table } from './harness.mjs'

const ROUNDS = Number(process.env.PIXELCL_BENCH_ROUNDS ?? 31)

export async function main() {
  const [python, node] = await interleave([start('Python', 'calls.py'), start('pixelcl', 'calls.mjs')], ROUNDS)
  const row = (label, key, digits = 0) => [
    label,
    python.measures[key] === undefined ? '–' : python.measures[key].median.toFixed(digits),
    node.measures[key].median.toFixed(digits),
    python.measures[key] === undefined ? '–' : `${node.measures[key].ratio.toFixed(3)} ×`,
  ]
  record(
    'Call cost',
    'npm run bench -- calls',
    table(
      ['one call', 'Python, ns', 'pixelcl, ns', 'ratio'],
      [
        row('`x.add(y)`, 2 × 2', 'add'),
        row('`torch.add(x, y)`, 2 × 2', 'function'),
        row('the operator alone, without the class and its overloads', 'operator'),
        row('the same without telling V8 of the bytes', 'unaccounted'),
        row('an empty call through the shim', 'empty'),
        row('10-layer MLP (64 wide), batch 1, forward and backward', 'mlp'),
      ],
    ) + `\n\nMedians of ${ROUNDS} interleaved rounds, one thread.`,
  )
}
