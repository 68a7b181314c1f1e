import { once } from 'node:events'
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import * as torch from '../../src/torch'
import { pretrain } from '../../src/training/pretrain'
import type { PretrainOptions } from '../../src/training/options'
import { makeTextures } from '../../src/vision/datasets'
import { ColorJitter, RandomSolarize } from '../../src/vision/transforms'
import { temporary } from '../support/files'

let data: string
beforeAll(async () => {
  data = (await makeTextures(temporary('images'), { train: 12, heldOut: 1, size: 40 })).train
})

const optionsOf = (out: string, more: Partial<PretrainOptions> = {}): PretrainOptions => ({
  backbone: join(__dirname, '..', '..', 'models', 'small.pt'),
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

describe('pretrain', () => {
  test('tells its hooks what happens, in order', async () => {
    const events: string[] = []
    const result = await pretrain(optionsOf('hooks'), {
      say: (line) => events.push(line.split(':')[0]!.split('/').at(-1)!),
      onStep: ({ step }) => events.push(`step ${step}`),
      onEvaluation: (when) => events.push(when),
    })
    expect(events).toEqual(['small.pt', 'before', 'step 1', 'step 2', 'after'])
    expect(result).toMatchObject({ steps: 2, arch: null, layer: 'layer3', heldOut: 3, interrupted: null })
    expect(Object.values(result.files).every((file) => existsSync(file))).toBe(true)
    expect(result.metrics.map(({ step }) => step)).toEqual([1, 2])
  })

  test('measures what a hook gives in place of its own held-out images', async () => {
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
    expect(result.before.meanIoU).toBe(1)
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
      vi.spyOn(transform.prototype, 'forward').mockImplementation(function (this: never, images) {
        const { p, brightness, contrast, saturation, hue } = this as Partial<RandomSolarize & ColorJitter>
        seen.add(`${images.shape[0]} images: ${[p, brightness, contrast, saturation, hue].filter((value) => value !== undefined).join()}`)
        return forward.call(this, images)
      })
    }
    await pretrain(optionsOf('augmentations', { probSolarize: 0.25, probColorJitter: 1, colorJitter: [0.1, 0.2, 0.3, 0.05], steps: 1 }))
    // Of the training, of the measures and of the report's pair of views.
    const all = (strengths: string) => [4, 3, 1].map((images) => `${images} images: ${strengths}`)
    expect([...seen].sort()).toEqual([...all('0.1,0.2,0.3,0.05'), ...all('0.25')].sort())
    vi.restoreAllMocks()
  })

  test('measures the last layer with a map where the hidden layer has none', async () => {
    const result = await pretrain(optionsOf('pooled', { hiddenLayerPixel: -2, steps: 1 }))
    expect(result.layer).toBe('layer3')
    expect(result.before.pictures.features.shape.slice(2)).toEqual([4, 4])
  })

  test('leaves the signals of the process alone unless it is told to catch them', async () => {
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
    await expect(pretrain({ ...optionsOf('wrong'), batch_size: 3 } as PretrainOptions)).rejects.toThrow(
      "unknown option 'batch_size' (did you mean 'batchSize'?)",
    )
    expect(existsSync(temporary('wrong'))).toBe(false)
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

  test('tells of what it could not read in the folder', async () => {
    const photos = temporary('with-link')
    cpSync(data, photos, { recursive: true })
    symlinkSync('/nowhere', join(photos, 'more'))
    const lines: string[] = []
    await pretrain(optionsOf('told', { data: photos, steps: 1 }), { say: (line) => lines.push(line) })
    expect(lines.join('\n')).toContain(`passed over ${join(photos, 'more')}: ENOENT`)
  })

  test('brings images to another height and width than each other', async () => {
    const result = await pretrain(optionsOf('wide', { inputSize: [32, 48], resize: 'stretch', steps: 1 }))
    expect(result.before.pictures.features.shape.slice(2)).toEqual([4, 6])
    expect(JSON.parse(readFileSync(result.files.config, 'utf8'))).toMatchObject({ inputSize: [32, 48], resize: 'stretch' })
  })
})
