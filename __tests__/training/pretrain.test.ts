import { beforeAll, describe, expect, jest, test } from '@jest/globals'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import * as torch from '../../src/torch'
import { PixelCL } from '../../src/pixelcl'
import { inSections } from '../../src/cli/sections'
import { renderReport } from '../../src/report'
import {
  EventStream,
  pretrain as pretrainWith,
  pretrainOptions,
  type PretrainHooks,
  type PretrainOptions,
  type PretrainResult,
  type RunEvent,
  type StepMetrics,
} from '../../src/training'
import { ImageFolder, makeTextures } from '../../src/vision/datasets'
import { ColorJitter, RandomSolarize } from '../../src/vision/transforms'
import { runPython } from '../support/python'
import { temporary } from '../support/files'

let data: string
let masks: string
beforeAll(async () => {
  ;({ train: data, trainMasks: masks } = await makeTextures(temporary('images'), { train: 12, heldOut: 1, size: 40 }))
})

/** Options by the names of their flags. */
type Flat = Readonly<Record<string, unknown>>

const small = join(__dirname, '..', '..', 'models', 'small.pt')

const optionsOf = (out: string, more: Flat = {}): Flat => ({
  recipe: 'reference',
  backbone: small,
  data,
  out: temporary(out),
  steps: 2,
  batchSize: 4,
  imageSize: 32,
  projectionSize: 8,
  projectionHiddenSize: 16,
  hiddenLayerPixel: 'layer3',
  ...more,
})

interface Watching extends Omit<PretrainHooks, 'events'> {
  say?: (line: string) => void
  onMeasuring?: (text: string) => void
  onStep?: (metrics: StepMetrics) => void
  onEvaluation?: (when: 'before' | 'after') => void
}

/** As the command line calls it, with a report and a subscriber to its events. */
function pretrain(options: Flat, { say, onMeasuring, onStep, onEvaluation, ...hooks }: Watching = {}): Promise<PretrainResult> {
  const events = new EventStream<RunEvent>()
  events.subscribe((event) => {
    if (event.type === 'note') say?.(String(event.text))
    if (event.type === 'measuring') onMeasuring?.(`${event.when} ${event.done}/${event.images}`)
    if (event.type === 'step') onStep?.(event.metrics)
    if (event.type === 'evaluation') onEvaluation?.(event.when)
  })
  return pretrainWith(inSections(pretrainOptions, options) as unknown as PretrainOptions, { report: renderReport, ...hooks, events })
}

const RUN = ['config.json', 'improved-resnet.pt', 'metrics.jsonl', 'report.html', 'result.json']

/** A backbone whose first weights are no numbers. */
async function spoiltBackbone(): Promise<string> {
  const file = temporary('spoilt.pt')
  const code = `net = torch.jit.load(inputs['small'])
with torch.no_grad(): net.conv1.weight.fill_(float('nan'))
net.save(inputs['file'])
outputs = {}`
  await runPython(code, { small, file })
  return file
}

describe('pretrain', () => {
  test('tells its hooks what happens, in order', async () => {
    const events: string[] = []
    const result = await pretrain(optionsOf('hooks'), {
      say: (line) => events.push(line.split(':')[0]!.split('/').at(-1)!),
      onStep: ({ step }) => events.push(`step ${step}`),
      onEvaluation: (when) => events.push(when),
    })
    expect(events).toEqual([
      'small.pt',
      'recipe reference',
      'the warm-up takes all 2 steps (warmupSteps is 10), so the learning rate stays below 0.0001',
      'the training takes a few seconds',
      'warning',
      'before',
      'step 1',
      'step 2',
      'after',
    ])
    expect(result).toMatchObject({ steps: 2, arch: null, layer: 'layer3', heldOut: 3, interrupted: null })
    expect(Object.values(result.files).every((file) => existsSync(file))).toBe(true)
    expect(result.metrics.map(({ step }) => step)).toEqual([1, 2])
  })

  test.each([
    [
      { imageSize: 99_999_999 },
      /^imageSize: expected images that fit into memory but received 99999999 × 99999999 pixels: three batches of 2 such images need/,
    ],
    [{ inputSize: [32, 9_999_999_999] }, /^inputSize: expected images that fit into memory but received 32 × 9999999999 pixels/],
    [
      { batchSize: 999_999_999 },
      /^batchSize: expected a batch that fits into memory but received 999999999: three batches of images of 32 × 32 need/,
    ],
  ])('names the option by which a batch is too large for the memory: %j', async (more, message) => {
    await expect(pretrain(optionsOf('too-large', more))).rejects.toThrow(message)
  })

  test('measures the evaluation set that a hook returns instead of the held-out images', async () => {
    let given = 0
    const result = await pretrain(optionsOf('set', { steps: 1 }), {
      evaluationSet: (set) => {
        given = set.images.shape[0]!
        const masks = torch.zeros([given, 8, 8], { dtype: 'int64' })
        return { ...set, labels: { classes: ['ground', 'other'], masks, bank: { images: set.images, masks } } }
      },
    })
    expect(given).toBe(3)
    // All is ground, and all is found to be.
    expect(result.before.measures.knn).toBe(1)
  })

  test('measures the masks that it is given, of a part of the images, by their names', async () => {
    const some = temporary('some-masks')
    const names = temporary('names.txt')
    mkdirSync(some)
    for (const name of readdirSync(masks).slice(0, 8)) cpSync(join(masks, name), join(some, name))
    cpSync(join(masks, '0000.png'), join(some, 'elsewhere.png'))
    writeFileSync(names, ['a', 'b', 'c', 'd', 'e', 'f <i>'].join('\n'))
    const [lines, measuring]: [string[], string[]] = [[], []]
    const result = await pretrain(optionsOf('masks', { masks: some, maskClasses: names, steps: 1 }), {
      say: (line) => lines.push(line),
      onMeasuring: (text) => measuring.push(text),
    })
    expect(result.masks).toMatchObject({ folder: some, images: 8, measured: 3, bank: 5 })
    expect(result.masks!.classes.every((name) => 'abcdef <i>'.includes(name))).toBe(true)
    for (const { measures } of [result.before, result.after])
      expect([measures.knn, measures.linear].every((value) => value! > 0 && value! < 1)).toBe(true)
    expect(lines.join('\n')).toMatch(
      /some-masks: masks of 8 of 12 images; 3 are measured, 5 of the training teach \d classes \(a, .*\), 255 is ignored\n1 mask of no image: \S+elsewhere\.png/,
    )
    expect(readFileSync(result.files.report, 'utf8')).toMatch(/<\/span>a<\/li>/)
    const { masks: measured, verdict } = JSON.parse(readFileSync(result.files.result, 'utf8')) as Record<string, Record<string, unknown>>
    expect(measured!['classes']).toContainEqual({ name: 'a', knn: expect.any(Object) as unknown, linear: expect.any(Object) as unknown })
    expect(verdict).toMatchObject({
      outcome: 'unmeasured',
      next: expect.arrayContaining([expect.stringContaining('imageSize or viewSize')]) as unknown,
    })
    expect(measuring.filter((text) => text.startsWith('before')).at(-1)).toBe('before 3/3')
    expect(measuring.at(-1)).toBe('after 3/3')
  })

  test('takes masks among the images for none, and needs two of them', async () => {
    const mixed = temporary('mixed')
    cpSync(data, mixed, { recursive: true })
    cpSync(masks, join(mixed, 'masks'), { recursive: true })
    const lines: string[] = []
    const only = (out: string, more: Flat) =>
      pretrain(optionsOf(out, { data: mixed, steps: 1, ...more }), { say: (line) => lines.push(line) })
    const result = await only('mixed-run', { masks: join(mixed, 'masks'), heldOut: 0 })
    expect(result.masks).toMatchObject({ images: 12, measured: 6, bank: 6 })
    expect(lines[0]).toContain('12 images, none held out')
    const single = temporary('single')
    mkdirSync(single)
    cpSync(join(masks, '0001.png'), join(single, '0001.png'))
    await expect(only('single-run', { masks: single })).rejects.toThrow(
      `1 image with a mask in ${single} (masks) that can be measured: at least 2 are needed`,
    )
    await expect(only('alone', { maskIgnore: 3 })).rejects.toThrow('maskIgnore says what masks hold: name their folder with masks')
    expect(existsSync(temporary('single-run'))).toBe(false)
  })

  test('trains on no image that is held out', async () => {
    const seen = new Set<string>()
    const held = new Set<string>()
    const keyOf = (image: torch.Tensor) => Buffer.from(image.mul(255).round().to('uint8').toTypedArray() as Uint8Array).toString('base64')
    await pretrain(optionsOf('held-out', { steps: 1 }), {
      evaluationSet: (set) => {
        for (let i = 0; i < set.images.shape[0]!; i++) held.add(keyOf(set.images.select(0, i)))
        for (let i = 0; i < set.statistics.shape[0]!; i++) seen.add(keyOf(set.statistics.select(0, i)))
        return set
      },
    })
    expect(held.size).toBe(3)
    expect(seen.size).toBe(9)
    expect([...held].some((key) => seen.has(key))).toBe(false)
  })

  test('trains and measures with augmentations as strong as asked', async () => {
    const seen = new Set<string>()
    for (const transform of [RandomSolarize, ColorJitter]) {
      const { forward } = transform.prototype
      jest.spyOn(transform.prototype, 'forward').mockImplementation(function (this: never, images) {
        const { p, brightness, contrast, saturation, hue } = this as Partial<RandomSolarize & ColorJitter>
        seen.add(`${images.shape[0]} images: ${[p, brightness, contrast, saturation, hue].filter((value) => value !== undefined).join()}`)
        return forward.call(this, images)
      })
    }
    await pretrain(optionsOf('augmentations', { probSolarize: 0.25, probColorJitter: 1, colorJitter: [0.1, 0.2, 0.3, 0.05], steps: 1 }))
    // Of the training, of the measures and of the report's pair of views.
    const all = (strengths: string) => [4, 3, 1].map((images) => `${images} images: ${strengths}`)
    expect([...seen].sort()).toEqual([...all('0.1,0.2,0.3,0.05'), ...all('0.25')].sort())
    jest.restoreAllMocks()
  })

  test('measures the last layer with a map where the hidden layer has none', async () => {
    const result = await pretrain(optionsOf('pooled', { hiddenLayerPixel: -2, steps: 1 }))
    expect(result.layer).toBe('layer3')
    expect(result.before.pictures.features.shape.slice(2)).toEqual([4, 4])
  })

  test('says before it begins why there will be no verdict, and what would give one', async () => {
    const told = async (more: Flat, hooks: PretrainHooks = {}) => {
      const lines: string[] = []
      await pretrain(optionsOf(`foreseen-${JSON.stringify(more)}`, { steps: 1, ...more }), { say: (line) => lines.push(line), ...hooks })
      return lines.find((line) => line.startsWith('warning: '))
    }
    expect(await told({})).toBe(
      "warning: this run will have no verdict: a view's map has 4 × 4 pixels; at least 6 × 6 are needed. " +
        "Give an earlier layer (hiddenLayerPixel: 'layer2'), images of about 48 × 48 pixels (imageSize: 48), or masks of 12 images or more (masks)",
    )
    // The images have 40 × 40 pixels, which this recipe keeps.
    const dense = { recipe: 'dense', imageSize: undefined }
    expect(await told(dense)).toContain("images of about 48 × 48 pixels (inputSize: '48,48'), or masks")
    expect(await told({ ...dense, viewSize: [32, 32] })).toContain(
      "images of about 48 × 48 pixels (inputSize: '48,48') with views of about 48 × 48 pixels (viewSize: '48,48'), or masks",
    )
    expect(await told({ hiddenLayerPixel: 'layer2' })).toBe(
      'warning: this run will have no verdict: 3 images cannot tell a change from chance; at least 6 are needed. ' +
        'Give more images, of which a quarter is held out, or masks of 12 images or more (masks)',
    )
    // A quarter at most is held out, so that a higher heldOut would give three.
    expect(await told({ hiddenLayerPixel: 'layer2', heldOut: 2 })).toContain('Give more images, of which a quarter is held out, or masks')
    // Without images held out eight of the training are measured.
    expect(await told({ hiddenLayerPixel: 'layer2', heldOut: 0 })).toBeUndefined()
    expect(await told({ masks }, { evaluationSet: (set) => set })).toBeUndefined()
    expect(await told({ seed: 1 }, { isDryRun: true })).toBeUndefined()
  })

  test('advises by the number of images that could be trained on, without files that turn out to be damaged', async () => {
    const damaged = temporary('partly-damaged')
    cpSync(data, damaged, { recursive: true })
    const whole = readFileSync(join(damaged, readdirSync(damaged)[0]!))
    for (const name of ['x', 'y', 'z']) writeFileSync(join(damaged, `${name}.png`), whole.subarray(0, whole.length / 2))
    const { facts, next } = await pretrain(
      optionsOf('advised', { data: damaged, steps: 8, heldOut: 0, hiddenLayerPixel: 'layer2', lr: 1e-9 }),
    )
    expect(facts.images).toMatchObject({ trained: 12, skipped: 3 })
    expect(next.map(String)).toContain('more images: 12 images of training soon have nothing new to show')
  })

  test('handles no signals unless catchSignals is set', async () => {
    let asked = 0
    const onSignal = () => asked++
    process.on('SIGTERM', onSignal)
    await pretrain(optionsOf('signals', { steps: 1 }), { catchSignals: true })
    const arrived = once(process, 'SIGTERM')
    process.kill(process.pid, 'SIGTERM')
    await arrived
    process.off('SIGTERM', onSignal)
    expect(asked).toBe(1)
  })

  test('writes nothing where its options are wrong', async () => {
    const sections = inSections(pretrainOptions, optionsOf('wrong', { lr: -1 }))
    await expect(pretrainWith({ ...sections, batch_size: 3 } as never)).rejects.toMatchObject({
      code: 'ARGUMENT',
      message:
        'pretrain received wrong options:\n' +
        '  optimizer.lr: expected a number above 0 but received -1\n' +
        "  unknown option 'batch_size' (did you mean 'data.batchSize'?)",
      problems: [
        { path: ['optimizer', 'lr'], kind: 'invalid', expected: 'expected a number above 0', received: '-1' },
        { path: ['batch_size'], kind: 'unknown', received: '3' },
      ],
    })
    expect(existsSync(temporary('wrong'))).toBe(false)
  })

  test('keeps the weights where a subscriber to its events fails, and hands each event to the others', async () => {
    const seen: string[] = []
    const events = new EventStream<RunEvent>()
    events.subscribe((event) => {
      if (event.type === 'step') throw new Error('no chart can be drawn')
    })
    events.subscribe(({ type }) => void seen.push(type))
    const out = temporary('subscriber')
    await expect(
      pretrainWith(inSections(pretrainOptions, optionsOf('subscriber')) as unknown as PretrainOptions, { events }),
    ).rejects.toThrow('no chart can be drawn\nTraining stopped after step 1; the backbone of then is saved')
    expect(seen.filter((type) => type !== 'measuring')).toEqual([
      ...Array.from({ length: 5 }, () => 'note'),
      'start',
      'evaluation',
      'loss',
      'step',
    ])
    expect(readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1)
    expect(torch.jit.load(join(out, 'improved-resnet.pt')).originalName).toBe('SmallResNet')
  })

  test('saves the backbone where the images vanish during the training', async () => {
    const photos = temporary('photos')
    cpSync(data, photos, { recursive: true })
    const steps: number[] = []
    const run = pretrain(optionsOf('vanished', { data: photos, steps: 1000 }), {
      onStep: ({ step }) => {
        steps.push(step)
        rmSync(photos, { recursive: true, force: true })
      },
    })
    await expect(run).rejects.toThrow(/none of the 9 image files in .*\nTraining stopped after step \d+; the backbone of then is saved/)
    expect(steps.length).toBeLessThan(1000)
    expect(existsSync(join(temporary('vanished'), 'improved-resnet.pt'))).toBe(true)
  })

  test('reports files of the folder that it could not read', async () => {
    const photos = temporary('with-link')
    cpSync(data, photos, { recursive: true })
    symlinkSync('/nowhere', join(photos, 'more'))
    const lines: string[] = []
    writeFileSync(join(photos, 'text.png'), 'no image')
    const { facts, skipped } = await pretrain(optionsOf('told', { data: photos, steps: 1 }), { say: (line) => lines.push(line) })
    expect(lines.join('\n')).toContain(`skipped ${join(photos, 'more')}: no such file or directory (ENOENT)`)
    expect(lines.join('\n')).toMatch(/: 12 images, .*; 2 files skipped$/m)
    expect([facts.images.skipped, skipped.size]).toEqual([2, 2])
  })

  test('tells what else went wrong after the training that the backbone is saved', async () => {
    const failing = pretrain(optionsOf('unmeasured', { steps: 1 }), {
      onEvaluation: (when) => {
        if (when === 'after') throw new Error('out of memory')
      },
    })
    const file = join(temporary('unmeasured'), 'improved-resnet.pt')
    await expect(failing).rejects.toMatchObject({
      code: 'REPORT',
      message: `the backbone could not be measured or reported: out of memory\nThe backbone is saved: ${file}`,
    })
    expect(existsSync(file)).toBe(true)
  })

  test('says so where nothing was learned, for no step had a positive pair', async () => {
    const lines: string[] = []
    const say = (line: string) => lines.push(line)
    const nothing = { instanceWeight: 0, distanceThres: 1e-9, steps: 2 }
    await pretrain(optionsOf('no-pairs', nothing), { say })
    expect(lines.at(-1)).toMatch(
      /warning: no step had a positive pair, and instanceWeight is 0.*raise distanceThres \(now 1e-9\).*cutoutRatioRange \(now 0.6,0.8\)/,
    )
    lines.length = 0
    await pretrain(optionsOf('instance', { ...nothing, instanceWeight: 1 }), { say })
    expect(lines.join()).not.toContain('no step had a positive pair')
  })

  test('makes its folder again where it is removed during the training', async () => {
    const { files } = await pretrain(optionsOf('removed'), {
      onStep: ({ step }) => {
        if (step === 1) rmSync(temporary('removed'), { recursive: true })
      },
    })
    expect(Object.values(files).every((file) => existsSync(file))).toBe(true)
    expect(readFileSync(files.metrics, 'utf8').trim().split('\n')).toHaveLength(2)
  })

  test.each(['float64', 'bfloat16'] as const)('trains, measures and writes a backbone of %s', async (dtype) => {
    const file = temporary(`${dtype}.pt`)
    await runPython(`torch.jit.load(inputs['small']).to(torch.${dtype}).save(inputs['file'])\noutputs = {}`, {
      small,
      file,
    })
    const { files, before } = await pretrain(optionsOf(dtype, { backbone: file }))
    expect(before.measures.rank).toBeGreaterThan(1)
    expect(
      torch.jit
        .load(files.backbone)
        .parameters()
        .every((parameter) => parameter.dtype === dtype),
    ).toBe(true)
  })

  test('ends with what was kept of the weights where the loss is no number any more', async () => {
    const spoilt = { lr: 1e30, warmupSteps: 0, steps: 9 }
    const failure = async (out: string, more: Flat = {}): Promise<string> =>
      pretrain(optionsOf(out, { ...spoilt, ...more })).then(
        () => 'it ended well',
        (error: Error) => error.message,
      )
    // The weights of step 1 are written only once step 2 has shown what they are worth.
    expect(await failure('spoilt', { saveEvery: 1 })).toMatch(
      /^the loss became \S+ at step 2: the steps before have spoilt the weights, so they are not saved\. Try a lower learning rate \(lr, now 1e\+30\) or a longer warm-up \(warmupSteps, now 0\)$/,
    )
    expect(readdirSync(temporary('spoilt')).sort()).toEqual(['config.json', 'metrics.jsonl'])
    const { forward } = PixelCL.prototype
    let step = 0
    jest.spyOn(PixelCL.prototype, 'forward').mockImplementation(function (this: PixelCL, images, options) {
      const [loss, pairs] = forward.call(this, images, options) as unknown as [torch.Tensor, number]
      return [++step === 4 ? loss.mul(NaN) : loss, pairs] as never
    })
    const message = await failure('spoilt-later', { lr: 1e-4, saveEvery: 1 })
    jest.restoreAllMocks()
    const file = join(temporary('spoilt-later'), 'improved-resnet.pt')
    expect(message).toMatch(/^the loss became NaN at step 4: /)
    expect(message).toContain(`The backbone after step 2, whose loss was finite, is saved: ${file}`)
    expect(existsSync(file)).toBe(true)
  })

  test('does not blame the learning rate for a backbone whose output is not finite', async () => {
    const file = await spoiltBackbone()
    await expect(pretrain(optionsOf('broken', { backbone: file }))).rejects.toThrow(
      /the loss is NaN at step 1, before any weight was changed: what the backbone gives for these images is not finite/,
    )
  })

  test('keeps the run that is replaced until the new one is whole', async () => {
    const out = temporary('replaced')
    const first = await pretrain(optionsOf('replaced', { steps: 1 }))
    const before = readFileSync(first.files.backbone)
    const failing = optionsOf('replaced', { overwrite: true, backbone: await spoiltBackbone() })
    for (const _ of ['once', 'again']) {
      await expect(pretrain(failing)).rejects.toThrow(`The run that was to be replaced is kept in ${join(out, 'previous-run')}`)
      expect(readdirSync(out).sort()).toEqual(['config.json', 'metrics.jsonl', 'previous-run'])
      expect(readdirSync(join(out, 'previous-run')).sort()).toEqual(RUN)
      expect(readFileSync(join(out, 'previous-run', 'improved-resnet.pt')).equals(before)).toBe(true)
    }
    await pretrain(optionsOf('replaced', { overwrite: true, steps: 1 }))
    expect(readdirSync(out).sort()).toEqual(RUN)
  })

  test('never replaces the backbone that it reads, whatever link leads to it', async () => {
    const [out, link] = [temporary('linked'), temporary('link')]
    mkdirSync(out)
    symlinkSync(out, link)
    cpSync(small, join(out, 'improved-resnet.pt'))
    for (const [backbone, folder] of [
      [join(out, 'improved-resnet.pt'), link],
      [join(link, 'improved-resnet.pt'), out],
    ] as const)
      await expect(pretrain({ ...optionsOf('linked', { overwrite: true }), backbone, out: folder })).rejects.toThrow(
        'is a file of the run that overwrite replaces',
      )
    mkdirSync(join(out, 'previous-run'))
    cpSync(small, join(out, 'previous-run', 'improved-resnet.pt'))
    const previous = { ...optionsOf('linked', { overwrite: true }), backbone: join(out, 'previous-run', 'improved-resnet.pt') }
    await expect(pretrain(previous)).rejects.toThrow('is a file of the run that overwrite replaces')
  })

  test('takes the folder of a run that saved nothing, and says so', async () => {
    const failing = optionsOf('failed', { backbone: await spoiltBackbone() })
    await expect(pretrain(failing)).rejects.toThrow('the loss is NaN')
    expect(readdirSync(temporary('failed')).sort()).toEqual(['config.json', 'metrics.jsonl'])
    const lines: string[] = []
    await pretrain(optionsOf('failed', { steps: 1 }), { say: (line) => lines.push(line) })
    expect(lines).toContain(`${temporary('failed')} has the files of a run that ended before it saved anything: they are replaced`)
    expect(readdirSync(temporary('failed')).sort()).toEqual(RUN)
  })

  test('marks a dry run, which any run replaces', async () => {
    const first = await pretrain(optionsOf('dry', { steps: 1 }), { isDryRun: true })
    const json = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    expect(json(first.files.config)).toMatchObject({ dryRun: true, schedule: { steps: 1 } })
    expect(json(first.files.result)).toMatchObject({ dryRun: true, steps: 1, verdict: { next: [] } })
    const second = await pretrain(optionsOf('dry', { steps: 2 }))
    for (const path of [second.files.config, second.files.result]) expect(json(path)).not.toHaveProperty('dryRun')
    expect(second.next).not.toEqual([])
    await expect(pretrain(optionsOf('dry'))).rejects.toThrow('is not empty')
    writeFileSync(second.files.config, '{"dryRun": true}')
    writeFileSync(join(temporary('dry'), 'notes.txt'), 'mine')
    await expect(pretrain(optionsOf('dry'))).rejects.toThrow('is not empty')
  })

  test('that is stopped while it waits for its first images saves what there is', async () => {
    const { loadBytes } = ImageFolder.prototype
    let isSlow = false
    jest.spyOn(ImageFolder.prototype, 'loadBytes').mockImplementation(async function (this: ImageFolder, index) {
      if (isSlow) await setTimeout(1000)
      return loadBytes.call(this, index)
    })
    const run = pretrain(optionsOf('waiting', { steps: 3 }), {
      catchSignals: true,
      onEvaluation: (when) => {
        isSlow = true
        // The run catches signals by the time that this comes.
        if (when === 'before') setImmediate(() => process.kill(process.pid, 'SIGTERM'))
      },
    })
    expect(await run).toMatchObject({ steps: 0, interrupted: 'SIGTERM' })
    jest.restoreAllMocks()
    expect(readdirSync(temporary('waiting')).sort()).toEqual(RUN)
  })

  test('is not interrupted by a signal that comes after the last step', async () => {
    const result = await pretrain(optionsOf('late', { steps: 1 }), {
      catchSignals: true,
      onEvaluation: (when) => {
        if (when === 'after') process.kill(process.pid, 'SIGINT')
      },
    })
    expect(result).toMatchObject({ interrupted: null, steps: 1 })
  })

  test('refuses a device that is not there, and images of which a view would be nothing, before it reads more', async () => {
    for (const device of torch.cuda.isAvailable() ? ['cuda:99'] : ['cuda', 'mps'])
      await expect(pretrain(optionsOf('device', { device }))).rejects.toThrow(
        // Not libtorch's own text of many lines.
        new RegExp(`^the device '${device}' cannot be used: (?!.*aten::).*Without device the training runs on the CPU$`, 's'),
      )
    await expect(pretrain(optionsOf('point', { inputSize: [1, 1] }))).rejects.toThrow('images of 1 × 1 are too small')
    await expect(pretrain(optionsOf('point', { viewSize: [1, 1] }))).rejects.toThrow('views [2, 3, 1, 1] are too small for the backbone')
    expect(existsSync(temporary('point'))).toBe(false)
  })

  test('brings images to another height and width than each other', async () => {
    const result = await pretrain(optionsOf('wide', { inputSize: [32, 48], resize: 'stretch', steps: 1 }))
    expect(result.before.pictures.features.shape.slice(2)).toEqual([4, 6])
    expect(JSON.parse(readFileSync(result.files.config, 'utf8'))).toMatchObject({ data: { inputSize: [32, 48], resize: 'stretch' } })
  })
})
