import { describe, expect, test } from '@jest/globals'
import type { Outcome } from '../../src/evaluation'
import { adviceFor, pretrainOptions, type AdviceFacts, type PretrainOptions } from '../../src/training'

function facts(change: Partial<PretrainOptions> = {}, more: Partial<AdviceFacts> = {}): AdviceFacts {
  const options = pretrainOptions.parse({
    backbone: { file: 'net.pt' },
    data: { folder: 'photos' },
    run: { out: 'run' },
    schedule: { steps: 100 },
    ...change,
  })
  return {
    options: { ...options, schedule: { ...options.schedule, steps: options.schedule.steps ?? 100 } },
    layer: 'layer4',
    trained: 160,
    measured: 8,
    ...more,
  }
}

const SMALL_MAP = "a view's map has 4 × 4 pixels; at least 6 × 6 are needed"

const advice = (outcome: Outcome, given = facts()) => adviceFor(outcome, given).map(String)

describe('what to try next', () => {
  test('after a better backbone is more steps, and a trial on the task', () => {
    expect(advice('better')).toEqual([
      'more steps: steps: 300 (now 100, which saw each image 10 times)',
      expect.stringContaining('fine-tune both backbones') as unknown as string,
    ])
  })

  test('without a change is more steps, more held-out images, milder colours, another layer, more images', () => {
    expect(advice('unchanged')).toEqual([
      expect.stringMatching(/^more steps/) as unknown as string,
      'measure on more images, which narrows the noise: heldOut: 42 (now 8)',
      "milder colours, where colour tells things apart: colorJitter: '0.4,0.4,0.4,0.1' probSolarize: 0 probGrayscale: 0",
      'another layer, earlier or later: hiddenLayerPixel (now layer4)',
      'more images: 160 images of training soon have nothing new to show',
    ])
  })

  test('after a run that was stopped is the rest of it', () => {
    expect(advice('unchanged', facts({}, { planned: 500 }))[0]).toBe('the run to its end: steps: 500 (stopped after 100)')
    expect(advice('unmeasured', facts({}, { planned: 500 }))[0]).toBe('the run to its end: steps: 500 (stopped after 100)')
    expect(advice('unchanged', facts({}, { planned: 100 }))[0]).toMatch(/^more steps: steps: 300/)
    expect(advice('unmeasured', facts({}, { planned: 100 })).join()).not.toContain('steps')
  })

  test('counts no fractions of a pass over the images', () => {
    expect(advice('better', facts({}, { trained: 5000 }))[0]).toBe('more steps: steps: 300 (now 100, which saw each image less than once)')
  })

  test('is masks of more images where few have one', () => {
    const next = (measured: number, masked: number) => advice('unmeasured', facts({}, { measured, masked }))[0]
    expect(next(4, 8)).toBe('masks of more images: half of them are measured, and 4 images say little (at least 6 are needed)')
    expect(next(4, 40)).toBe('measure on more images, which narrows the noise: heldOut: 20 (now 4)')
    expect(next(41, 164)).toBeUndefined()
  })

  test('leaves out what was done already', () => {
    const augmentation = { colorJitter: [0.2, 0.2, 0.2, 0] as [number, number, number, number], probSolarize: 0, probGrayscale: 0 }
    const done = facts({ augmentation, schedule: { steps: 100_000 } }, { trained: 5000, measured: 64, layer: -3 })
    expect(advice('unchanged', done)).toEqual(['another layer, earlier or later: hiddenLayerPixel (now number -3)'])
    expect(advice('better', done)).toHaveLength(1)
  })

  test('after a worse backbone is milder colours or a lower rate', () => {
    expect(advice('worse').slice(0, 2)).toEqual([
      expect.stringMatching(/^milder colours/) as unknown as string,
      'a lower learning rate: lr: 0.00003 (now 0.0001)',
    ])
  })

  test('after a shortcut is smaller views, cut from each image by itself', () => {
    expect(advice('shortcut').slice(0, 2)).toEqual([
      "smaller views, which overlap less at the same place: cutoutRatioRange: '0.3,0.6' (now 0.6,0.8)",
      "crops of its own for every image: cropPer: 'sample'",
    ])
    const learner = { imageSize: 64, cropPer: 'sample', cutoutRatioRange: [0.3, 0.6] as [number, number] } as const
    expect(advice('shortcut', facts({ learner }))[0]).toMatch(/^another layer/)
  })

  test('without a measure is what makes one possible', () => {
    const few = facts({ learner: { imageSize: 64 } }, { trained: 9, measured: 3, missing: SMALL_MAP })
    expect(advice('unmeasured', few)).toEqual([
      'more images: a quarter is held out, and 3 images say little (at least 6 are needed)',
      'larger images, for a map with more pixels: imageSize or viewSize (views have 64 × 64 pixels)',
      expect.stringMatching(/^another layer/) as unknown as string,
    ])
    expect(advice('unmeasured', { ...few, mayBeShortcut: true }).slice(3)).toEqual([
      expect.stringMatching(/^smaller views/) as unknown as string,
      expect.stringMatching(/^crops of its own/) as unknown as string,
    ])
    // With a map large enough, neither a larger nor another one helps.
    const none = /^more images: a quarter is held out, and 2 images say little/
    expect(advice('unmeasured', facts({ learner: { imageSize: 40 } }, { trained: 6, measured: 2 }))).toEqual([
      expect.stringMatching(none) as unknown as string,
    ])
    // A quarter of twelve is more than two, and still too few.
    expect(advice('unmeasured', facts({}, { trained: 10, measured: 2 }))[0]).toMatch(/^more images: .* \(at least 6 are needed\)$/)
  })
})
