import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as torch from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { pythonPath } from '../../support/python'
import { skipIf } from '../../support/skip'
import { generatedFrom, generatedOnly, isGeneratedVersion } from '../../support/versions'
import { type Entry, Replay } from './replay'

/** The share of the database's entries that must agree in all their samples. */
const REQUIRED = 0.99

skipIf(!isGeneratedVersion, generatedOnly).describe("PyTorch's operator database in float32", () => {
  const folder = mkdtempSync(join(tmpdir(), 'pixelcl-opdb-'))
  const entries: Entry[] = []
  const disagreeing: { readonly title: string; readonly reasons: readonly string[] }[] = []
  const threads = torch.getNumThreads()

  beforeAll(async () => {
    await promisify(execFile)(pythonPath(), [join(__dirname, 'samples.py'), folder], {
      maxBuffer: 64e6,
      env: { ...process.env, OMP_NUM_THREADS: '1' },
    })
    // Sums depend on how they are shared out, so both sides count on one thread.
    torch.setNumThreads(1)
    const replay = new Replay(join(folder, 'data.bin'))
    for (const line of readFileSync(join(folder, 'entries.jsonl'), 'utf8').trim().split('\n')) {
      const entry = JSON.parse(line) as Entry
      entries.push(entry)
      const reasons = replay.run(entry)
      if (reasons.length > 0) disagreeing.push({ title: [entry.name, entry.variant].filter(Boolean).join(' · '), reasons })
    }
    replay.close()
  }, 300_000)

  afterAll(() => {
    torch.setNumThreads(threads)
    rmSync(folder, { recursive: true, force: true })
  })

  it('has about 600 entries that are operators with samples for the CPU', () => {
    expect(entries.length).toBeGreaterThan(580)
    expect(entries.reduce((sum, entry) => sum + entry.samples.length, 0)).toBeGreaterThan(18_000)
  })

  it('gives what Python gives, in all samples of nearly all entries', () => {
    const share = 1 - disagreeing.length / entries.length
    expectWith(share, disagreeing.map(({ title, reasons }) => `${title}: ${reasons[0]}`).join('\n')).toBeGreaterThanOrEqual(REQUIRED)
  })

  it('names in docs/OPERATORS.md every entry that does not agree, with the cause', () => {
    expect(report()).toMatchFile('docs/OPERATORS.md')
  })

  function report(): string {
    const agreeing = entries.length - disagreeing.length
    return [
      '# Operators',
      '',
      `What PyTorch's own operator database (\`op_db\` of ${generatedFrom}, float32 on the CPU, outputs) says about the functions, methods and in-place methods of \`pixelcl/torch\`.`,
      '`__tests__/torch/opdb` computes every sample again and writes this list; `masked.*`, `signal.windows.*`, `jiterator_*` and `empty*` are left out.',
      '',
      `${agreeing} of ${entries.length} entries agree in all their samples. The others:`,
      '',
      '| entry | cause |',
      '|---|---|',
      ...disagreeing.map(({ title, reasons }) => `| \`${title}\` | ${[...reasons].sort().slice(0, 3).join('; ').replaceAll('|', '\\|')} |`),
      '',
    ].join('\n')
  }
})
