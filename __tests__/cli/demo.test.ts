import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RECIPE } from '../../src/cli/demo/recipe'
import { valuesOf } from '../../src/cli/recipes'
import { flattened } from '../../src/cli/sections'
import { pretrainOptions } from '../../src/training'
import { cacheOfItsOwn } from '../support/cache'
import { builtPackage } from '../support/child'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'

jest.setTimeout(180_000)

const folder = mkdtempSync(join(tmpdir(), 'pixelcl-demo-'))
const cache = join(folder, 'cache')
const out = join(folder, 'runs', 'demo')

beforeAll(() => {
  builtPackage()
  cacheOfItsOwn(cache, ['python', 'shims', 'stamps'])
}, 300_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function start(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [join(builtPackage(), 'cli', 'demo.js'), ...args], {
    cwd: folder,
    env: { ...process.env, PIXELCL_CACHE: cache, PIXELCL_DRY_RUN: '', NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** What the demo prints, and how it ends; `onErrors` sees standard error as it grows. */
function ended(child: ChildProcess, onErrors: (text: string) => void = () => undefined): Promise<Ended> {
  let [output, errors] = ['', '']
  child.stdout!.on('data', (data: Buffer) => (output += data.toString()))
  child.stderr!.on('data', (data: Buffer) => onErrors((errors += data.toString())))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output, errors })))
}

const cutDown = { PIXELCL_DEMO_STEPS: '3', PIXELCL_DEMO_IMAGES: '10', OMP_NUM_THREADS: '1' }

let first: Promise<Ended> | undefined
const firstRun = () => (first ??= ended(start([], cutDown)))

describe('npm start', () => {
  test('makes its images, pretrains, and prints its measures and files', async () => {
    const { code, output, errors } = await firstRun()
    expect(errors).toMatch(/images: 10 to train on and 2 held out, in .*textures-10-2/)
    expect(errors).toMatch(/before: kNN mIoU 0\.\d{3} · linear mIoU 0\.\d{3} · view correspondence 0\.\d{3} · /)
    expect(errors).toMatch(/step 1\/3 · loss \d+\.\d{4} · positive pairs [\d,]+ · [\d.]+ images\/s · ETA \d+:\d\d/)
    expect(errors).toMatch(/step 3\/3 .* took/)
    expect(code).toBe(0)

    const files = ['config.json', 'improved-resnet.pt', 'metrics.jsonl', 'report.html', 'result.json']
    expect(readdirSync(out).sort()).toEqual(files)
    for (const file of files) expect(output).toContain(join('runs', 'demo', file))
    const metrics = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n')
    expect(metrics.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual([1, 2, 3])

    const rows = [
      ...output.matchAll(
        /^ {2}(kNN mIoU|Linear mIoU|View correspondence|Place share) +(0\.\d{3}) +(0\.\d{3}) +[+−]?0\.\d{3}(?: {3}.*)?$/gm,
      ),
    ]
    expect(rows.map(([, name]) => name)).toEqual(['kNN mIoU', 'Linear mIoU', 'View correspondence', 'Place share'])
    const measures = rows.flatMap((row) => row.slice(2))
    const report = readFileSync(join(out, 'report.html'), 'utf8')
    for (const measure of measures) expect(report).toContain(`<td>${measure}</td>`)
    expect(report.match(/<img/g)).toHaveLength(2 * 6)
  })

  test('trains by the recipe that the benchmark measures, over the values of dense', async () => {
    await firstRun()
    const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as object
    const { steps: _, ...values } = { ...valuesOf('dense'), ...flattened(pretrainOptions, RECIPE) }
    expect(config).toMatchObject({ recipe: 'dense', steps: 3, ...values })
  })

  test('prints two lines of Python that load its file', async () => {
    const { output } = await firstRun()
    const lines = /In Python:\n((?: {2}.*\n)+)/.exec(output)![1]!.trim().split('\n')
    expect(lines).toHaveLength(2)
    const { shape } = await runPython<{ shape: number[] }>(
      `
import os
os.chdir(inputs['folder'])
before = set(globals())
exec(inputs['lines'])
net = [value for name, value in globals().items() if name not in before and isinstance(value, torch.nn.Module)][0]
outputs = {'shape': list(net.eval()(torch.zeros(2, 3, 64, 64)).shape)}`,
      { folder, lines: lines.map((line) => line.trim()).join('\n') },
    )
    expect(shape).toEqual([2, 10])
  })

  test('replaces its own run, and keeps the images that are there', async () => {
    await firstRun()
    const images = join(cache, 'demo', 'textures-10-2', 'train', '0000.png')
    const [painted, written] = [statSync(images).mtimeMs, statSync(join(out, 'report.html')).mtimeMs]
    const { code } = await ended(start(['--steps', '1'], cutDown))
    expect(code).toBe(0)
    expect(statSync(images).mtimeMs).toBe(painted)
    expect(statSync(join(out, 'report.html')).mtimeMs).toBeGreaterThan(written)
    expect(readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1)
  })

  test('is over in moments with PIXELCL_DRY_RUN=1, and leaves an earlier run alone', async () => {
    await firstRun()
    const written = statSync(join(out, 'report.html')).mtimeMs
    const { code, errors } = await ended(start([], { PIXELCL_DRY_RUN: '1', OMP_NUM_THREADS: '1' }))
    expect(errors).toMatch(/step 2\/2/)
    expect(code).toBe(0)
    expect(readdirSync(`${out}-dry-run`).sort()).toEqual(readdirSync(out).sort())
    expect(statSync(join(out, 'report.html')).mtimeMs).toBe(written)
  })

  test("replaces no run but its own: a user's folder is refused, and left alone by a dry run", async () => {
    const path = join(folder, 'runs', 'mine')
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'improved-resnet.pt'), 'mine')
    const refused = await ended(start(['--out', path], cutDown))
    expect(refused.code).toBe(1)
    expect(refused.errors).toContain('is not empty: name another with --out, or replace the run in it with --overwrite')
    const dry = await ended(start(['--out', path, '--overwrite', '--steps', '50'], { PIXELCL_DRY_RUN: '1', OMP_NUM_THREADS: '1' }))
    expectWith(dry.code, dry.errors).toBe(0)
    expect(dry.errors).toContain(`PIXELCL_DRY_RUN=1: two steps, written to ${join('runs', 'demo-dry-run')}`)
    expect(dry.errors).toMatch(/step 2\/2/)
    expect(readdirSync(path)).toEqual(['improved-resnet.pt'])
  })

  test('changes the weights of the backbone it starts from', async () => {
    await firstRun()
    const { changed } = await runPython<{ changed: boolean[] }>(
      `
import torch
before = torch.jit.load(inputs['start']).state_dict()
after = torch.jit.load(inputs['end']).state_dict()
assert list(before) == list(after)
outputs = {'changed': [not torch.equal(before[name], after[name]) for name in before if name.startswith('layer3') and 'num_batches' not in name]}`,
      { start: join(builtPackage(), '..', 'models', 'small.pt'), end: join(out, 'improved-resnet.pt') },
    )
    expect(changed.length).toBeGreaterThan(5)
    expect(changed.every(Boolean)).toBe(true)
  })

  test('on SIGINT finishes the step, saves, and ends with 130', async () => {
    const path = join(folder, 'runs', 'interrupted')
    const child = start(['--steps', '100000', '--out', path], cutDown)
    let sent = false
    const { code, output, errors } = await ended(child, (text) => {
      if (sent || !text.includes('step ')) return
      sent = true
      child.kill('SIGINT')
    })
    expect(errors).toMatch(/[Ss]topping after this step/)
    expect(code).toBe(130)
    expect(output).toMatch(/Stopped by SIGINT after step \d+ of 100000/)
    const { count } = await runPython<{ count: number }>(
      `import torch\noutputs = {'count': len(torch.jit.load(inputs['path']).state_dict())}`,
      {
        path: join(path, 'improved-resnet.pt'),
      },
    )
    expect(count).toBeGreaterThan(20)
    expect(readFileSync(join(path, 'report.html'), 'utf8')).toContain('</html>')
  })

  test('rejects unknown options and lists the known ones', async () => {
    const cases: [string[], Record<string, string>, RegExp][] = [
      [[], { PIXELCL_DEMO_STEPS: 'ten' }, /PIXELCL_DEMO_STEPS: expected a whole number of at least 1 but received 'ten'/],
      [[], { PIXELCL_DEMO_IMAGES: '0' }, /PIXELCL_DEMO_IMAGES: expected a whole number of at least 1 but received '0'/],
      [['--stepz', '3'], {}, /^error: unknown option '--stepz': did you mean '--steps'\?$/m],
      [['photos'], {}, /^error: unexpected argument 'photos'; `npm start -- --help` lists what there is$/m],
      [['--steps', '0'], {}, /--steps/],
    ]
    for (const [args, env, message] of cases) {
      const { code, errors } = await ended(start(args, env))
      expect(errors).toMatch(message)
      expect(errors).not.toMatch(/\n\s+at /)
      expect(code).toBe(2)
    }
    const { code, output } = await ended(start(['--help'], {}))
    expect(output).toMatch(/--steps <n>/)
    expect(output).toMatch(/--lr <x> +the highest learning rate \[0\.0056\]/)
    expect(code).toBe(0)
  })
})
