import { beforeAll, describe, expect, test } from '@jest/globals'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as torch from '../../src/torch'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { temporary } from '../support/files'
import { backbone, images, pixelcl, tiny, type Ended } from './pixelcl'

let data: string
beforeAll(async () => {
  data = await images(temporary('images'))
})

const pretrain = (out: string, ...more: string[]) =>
  pixelcl(['pretrain', '--backbone', backbone, '--data', data, '--out', out, '--steps', '2', ...tiny, ...more])
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>

describe('a run', () => {
  const out = temporary('run')
  let ended: Ended
  beforeAll(async () => {
    ended = await pretrain(out)
  })

  test('ends with 0 and leaves its five files, nothing else', () => {
    expectWith(ended.code, ended.stderr).toBe(0)
    expect(readdirSync(out).sort()).toEqual(['config.json', 'improved-resnet.pt', 'metrics.jsonl', 'report.html', 'result.json'])
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/)
  })

  test('tells its progress on standard error as plain lines', () => {
    expect(ended.stderr).toMatch(
      /^recipe dense: PixContrast on layer3, images of 32 × 32, views of 32 × 32\n2 steps of 4 images \(0\.89 epochs\), adamw with a rate of 0\.0042$/m,
    )
    expect(ended.stderr).toContain('TorchScript, 0.3 M parameters')
    expect(ended.stderr).toContain('12 images, 3 of them held out (a quarter at most, not 32)')
    expect(ended.stderr).toMatch(/^before: place share 0\.\d{3} · effective rank \d+\.\d · deviation 0\.\d{3}$/m)
    expect(ended.stderr).toMatch(/^step 1\/2 · loss \d\.\d{4} · positive pairs \d+ · [\d.]+ images\/s · ETA 0:\d\d$/m)
    expect(ended.stderr).toMatch(/^step 2\/2 · .* · took 0:\d\d$/m)

    expect(ended.stderr).not.toMatch(/[\r\x1b]/)
  })

  test('prints what was written and the two lines of Python that load it, which do', async () => {
    for (const name of readdirSync(out)) expect(ended.stdout).toContain(join(out, name))
    const lines = ended.stdout
      .slice(ended.stdout.indexOf('In Python:'))
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
    expect(lines[0]).toBe('import torch')
    const x = torch.rand([2, 3, 32, 32])
    const { y } = await runPython(`${lines.slice(0, 2).join('\n')}\noutputs = {'y': model.eval()(inputs['x'])}`, { x })
    const module = torch.jit.load(join(out, 'improved-resnet.pt')).eval()
    expect(y!).toBeAllclose(module.call(x) as torch.Tensor, { rtol: 1e-5, atol: 1e-5 })
  })

  test('ends with a verdict', () => {
    const end = ended.stdout.slice(ended.stdout.indexOf('Verdict:'))
    expect(end).toMatch(
      /^Verdict: Not measured\n {2}There is nothing to judge by: a view's map has 4 × 4 pixels; at least 6 × 6\n {2}are needed\.\n {2}To try next:\n( {2}- .*\n(?: {4}.*\n)*)+$/,
    )
    for (const line of ended.stdout.split('\n').filter((line) => !line.includes(out))) expectWith(line.length, line).toBeLessThanOrEqual(80)
  })

  test('has trained the backbone, and the file carries nothing of the learner', () => {
    const [before, after] = [torch.jit.load(backbone), torch.jit.load(join(out, 'improved-resnet.pt'))]
    expect([...after.namedParameters()].map(([name]) => name)).toEqual([...before.namedParameters()].map(([name]) => name))
    expect(Object.keys(after.stateDict())).toEqual(Object.keys(before.stateDict()))
    const moved = [...after.namedParameters()].filter(([name, parameter]) => !torch.equal(parameter, before.stateDict()[name]!))
    // The classifier lies beyond the hidden layers.
    expect(moved.map(([name]) => name)).toContain('conv1.weight')
    expect(moved.map(([name]) => name)).not.toContain('fc.weight')
  })

  test('logs every step', () => {
    const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>)
    expect(lines.map(({ step }) => step)).toEqual([1, 2])
    for (const line of lines) expect(Object.keys(line)).toEqual(['step', 'loss', 'positivePairs', 'lr', 'imagesPerSecond', 'seconds'])
  })

  test('writes resolved options that --config takes for the same run again', async () => {
    const config = join(out, 'config.json')
    expect(readJson(config)).toMatchObject({ steps: 2, hiddenLayerPixel: 'layer3', movingAverageDecay: 0.99, backbone })
    const again = temporary('again')
    const { code, stdout } = await pixelcl(['pretrain', '--config', config, '--out', again, '--json'])
    expect(code).toBe(0)
    const result = JSON.parse(stdout) as Record<string, Record<string, unknown>>
    expect(result).toMatchObject({
      format: 'torchscript',
      arch: null,
      steps: 2,
      interrupted: null,
      heldOut: 3,
      layer: 'layer3',
      files: { backbone: join(again, 'improved-resnet.pt') },
    })
    expect(result['before']).toMatchObject({
      knn: null,
      correspondence: null,
      placeShare: expect.any(Number),
      missing: { knn: 'there are no masks', correspondence: "a view's map has 4 × 4 pixels; at least 6 × 6 are needed" },
    })
    expect(result['verdict']).toMatchObject({
      outcome: 'unmeasured',
      reason: "There is nothing to judge by: a view's map has 4 × 4 pixels; at least 6 × 6 are needed.",
      next: expect.arrayContaining([expect.stringContaining('--view-size') as unknown]) as unknown,
      changes: { rank: { noise: null, direction: null }, knn: { change: null } },
    })
    // The folder keeps what is printed; the options stand in config.json.
    const { options: _, ...printed } = result
    expect(readJson(join(again, 'result.json'))).toEqual(printed)
    const weights = (run: string) => torch.jit.load(join(run, 'improved-resnet.pt')).stateDict()
    const [first, second] = [weights(out), weights(again)]
    for (const [name, tensor] of Object.entries(first)) expectWith(torch.equal(tensor, second[name]!), name).toBe(true)
  })

  test('is refused a folder that is not empty; --overwrite removes the files of a run and no other', async () => {
    const refused = await pretrain(out)
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain(
      `the run's folder ${out} is not empty: name another with --out, or replace the run in it with --overwrite`,
    )
    writeFileSync(join(out, 'notes.txt'), 'mine')
    mkdirSync(join(out, 'checkpoints'))
    writeFileSync(join(out, '.improved-resnet.pt.123.abc.tmp'), 'of a run that was killed')
    writeFileSync(join(out, 'report.html'), 'an old report')
    const replaced = await pretrain(out, '--overwrite')
    expectWith(replaced.code, replaced.stderr).toBe(0)
    expect(readdirSync(out).sort()).toEqual([
      'checkpoints',
      'config.json',
      'improved-resnet.pt',
      'metrics.jsonl',
      'notes.txt',
      'report.html',
      'result.json',
    ])
    expect(readFileSync(join(out, 'notes.txt'), 'utf8')).toBe('mine')
    expect(readFileSync(join(out, 'report.html'), 'utf8')).not.toContain('an old report')
    expect(readJson(join(out, 'config.json'))).not.toHaveProperty('overwrite')
  })
})

test("the contract's hidden layer −2 of a ResNet trains, and a line says which flag would give a map", async () => {
  const { code, stderr } = await pixelcl([
    'pretrain',
    '--backbone',
    backbone,
    '--data',
    data,
    '--out',
    temporary('default'),
    '--steps',
    '1',
    '--recipe',
    'reference',
    ...tiny.slice(0, -2),
  ])
  expect(code).toBe(0)
  expect(stderr).toMatch(/^warning: the hidden pixel layer 'avgpool' gives a map of 1×1 pixel.*write --hidden-layer-pixel layer3$/m)
  expect(stderr).not.toMatch(/\(node:|--trace-warnings/)
})

test('damaged images are skipped, named with the whole reason, and not counted as images', async () => {
  const folder = temporary('some-damaged')
  mkdirSync(join(folder, 'below'), { recursive: true })
  for (const name of readdirSync(data)) copyFileSync(join(data, name), join(folder, 'below', name))
  writeFileSync(join(folder, 'a.png'), 'no image')
  writeFileSync(join(folder, 'below', '0001.jpg'), readFileSync(join(data, '0001.jpg')).subarray(0, 300))
  const { code, stdout, stderr } = await pixelcl([
    'pretrain',
    '--backbone',
    backbone,
    '--data',
    folder,
    '--out',
    temporary('run-damaged'),
    '--steps',
    '4',
    ...tiny,
  ])
  expect(code).toBe(0)
  expect(stderr).toContain(`skipped ${join(folder, 'a.png')}: it is no image of a format that is read`)
  expect(stderr).toMatch(/: 11 images, 3 of them held out.*; 2 files skipped$/m)
  expect(stdout).toContain('11 images; 2 skipped:')
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    `${join(folder, 'a.png')}: it is no image of a format that is read: AVIF, BMP, GIF, JPEG, PBM, PGM, PNG, PPM, TIFF, WebP`,
  )
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`${join(folder, 'below', '0001.jpg')}: the JPEG ends early`)
  for (const line of stdout.slice(0, stdout.indexOf('Written:')).split('\n'))
    expect(line.endsWith('.png:') || line.endsWith('.jpg:') || line.length <= 80).toBe(true)
  const { facts, skipped } = readJson(join(temporary('run-damaged'), 'result.json')) as Record<string, Record<string, unknown>>
  expect(facts!['images']).toMatchObject({ trained: 8, heldOut: 3, skipped: 2 })
  expect(skipped).toEqual({
    [join(folder, 'a.png')]: expect.stringMatching(/^it is no image/) as unknown,
    [join(folder, 'below', '0001.jpg')]: 'the JPEG ends early',
  })
})

test('one image is enough; without held-out images those of the training are measured', async () => {
  const folder = temporary('one')
  mkdirSync(folder)
  copyFileSync(join(data, '0000.png'), join(folder, 'only.png'))
  const { code, stdout, stderr } = await pixelcl([
    'pretrain',
    '--backbone',
    backbone,
    '--data',
    folder,
    '--out',
    temporary('run-one'),
    '--steps',
    '1',
    ...tiny,
    '--json',
  ])
  expectWith(code, stderr).toBe(0)
  expect(stderr).toContain('1 image, none held out, so images that are trained on are measured')
  expect(JSON.parse(stdout)).toMatchObject({ heldOut: 0 })
})

test('--save-every writes the backbone on the way', async () => {
  const out = temporary('on-the-way')
  const file = join(out, 'improved-resnet.pt')
  const args = ['pretrain', '--backbone', backbone, '--data', data, '--out', out, '--steps', '100000', '--save-every', '2', ...tiny]
  let waiting: NodeJS.Timeout | undefined
  const { signal } = await pixelcl(args, {
    onStderr(_, child) {
      waiting ??= setInterval(() => {
        if (!existsSync(file)) return
        clearInterval(waiting)
        child.kill('SIGKILL')
      }, 20)
    },
  })
  expect(signal).toBe('SIGKILL')
  expect(torch.jit.load(file).originalName).toBe('SmallResNet')
})

test('PIXELCL_DRY_RUN=1 runs to the end with two steps, whatever the options', async () => {
  const out = temporary('dry')
  const args = ['pretrain', '--backbone', backbone, '--data', data, '--out', out, '--steps', '5000', '--input-size', '512,512', '--json']
  const { code, stdout, stderr } = await pixelcl(args, { env: { PIXELCL_DRY_RUN: '1' } })
  expectWith(code, stderr).toBe(0)
  expect(stderr).toContain(
    `PIXELCL_DRY_RUN=1: a dry run, two steps with two images of 64 × 64 each\nany later run replaces what it writes to ${out}\n`,
  )
  expect(stderr).not.toMatch(/the training takes|no verdict/)
  expect(JSON.parse(stdout)).toMatchObject({
    dryRun: true,
    steps: 2,
    verdict: { next: [] },
    options: { recipe: 'dense', batchSize: 2, imageSize: 64, hiddenLayerPixel: 'layer3' },
  })
  expect(readdirSync(out).sort()).toEqual(['config.json', 'improved-resnet.pt', 'metrics.jsonl', 'report.html', 'result.json'])
  // A run takes its place without --overwrite; a dry run does not take that of a run, even with it.
  expect((await pretrain(out)).code).toBe(0)
  const before = readFileSync(join(out, 'config.json'), 'utf8')
  const kept = await pixelcl([...args, '--overwrite'], { env: { PIXELCL_DRY_RUN: '1' } })
  expectWith(kept.code, kept.stderr).toBe(0)
  expect(readFileSync(join(out, 'config.json'), 'utf8')).toBe(before)
  const { files } = JSON.parse(kept.stdout) as { files: Record<string, string> }
  expect(kept.stderr).toContain(`it writes to ${dirname(files['config']!)}, and the run in ${out} stays`)
  rmSync(dirname(files['config']!), { recursive: true })
})
