import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import {
  MEASURES,
  changesOf,
  isShortcut,
  markOf,
  measure,
  overlapsOf,
  placeShareOf,
  spreadOf,
  verdictOf,
  type Change,
  type Changes,
  type MeasureName,
} from '../../src/evaluation'
import { Small } from '../pixelcl/small'
import { someSet } from './support'

/** A change whose noise reaches 0.01 to both sides. */
function moved(before: number, after: number, rise: 'better' | 'worse' | null): Change {
  const change = after - before
  const noise = { low: change - 0.01, high: change + 0.01 }
  const isClear = noise.low > 0 || noise.high < 0
  const fall = rise === null ? null : rise === 'better' ? 'worse' : 'better'
  return { before, after, change, noise, direction: !isClear ? null : change > 0 ? rise : fall }
}

const none: Change = { before: null, after: null, change: null, noise: null, direction: null }

/** Changes of which all but those given are missing. */
function changes(given: Partial<Record<MeasureName, [before: number, after: number]>>): Changes {
  const rises = {
    knn: 'better',
    linear: 'better',
    correspondence: 'better',
    copy: 'worse',
    placeShare: 'worse',
    rank: null,
    deviation: null,
  } as const
  return Object.fromEntries(
    MEASURES.map((name) => [name, given[name] === undefined ? none : moved(...given[name], rises[name])]),
  ) as Record<MeasureName, Change>
}

const facts = { images: 32, trainedOn: false }

describe('the verdict', () => {
  test('is better where a deciding measure rises beyond the noise', () => {
    expect(verdictOf(changes({ correspondence: [0.26, 0.41], placeShare: [0.015, 0.016] }), facts)).toEqual({
      outcome: 'better',
      title: 'Better',
      reason:
        'View correspondence went from 0.260 to 0.410. With other images like these 32 held-out images the change would be +0.140 to +0.160.',
    })
    // One of both measures is enough, if the other does not speak against it.
    expect(verdictOf(changes({ knn: [0.2, 0.3], linear: [0.2, 0.205] }), facts).outcome).toBe('better')
  })

  test('is no change where all lies within the noise, or the masks disagree', () => {
    const { outcome, title, reason } = verdictOf(changes({ knn: [0.2, 0.206], linear: [0.2, 0.2] }), facts)
    expect([outcome, title]).toEqual(['unchanged', 'No change within the noise'])
    expect(reason).toContain('kNN mIoU went from 0.200 to 0.206, linear mIoU went from 0.200 to 0.200.')
    expect(reason).toContain('the change would be −0.004 to +0.016 and −0.010 to +0.010, so this may be chance')
    const split = verdictOf(changes({ knn: [0.2, 0.3], linear: [0.3, 0.2] }), facts)
    expect(split.outcome).toBe('unchanged')
    expect(split.reason).toContain('One of both is clearly better and the other clearly worse')
  })

  test('is worse where a deciding measure falls beyond the noise, or the features collapse', () => {
    expect(verdictOf(changes({ correspondence: [0.4, 0.3] }), facts).outcome).toBe('worse')
    const collapsed = verdictOf(changes({ correspondence: [0.3, 0.4], deviation: [0.8, 0.001] }), facts)
    expect(collapsed.outcome).toBe('worse')
    expect(collapsed.reason).toContain('collapsed')
  })

  test('is a shortcut where the place share rises and pixels are matched by their position, whatever else rose', () => {
    const { outcome, reason } = verdictOf(changes({ knn: [0.2, 0.25], placeShare: [0.064, 0.54], copy: [0.1, 0.6] }), facts)
    expect(outcome).toBe('shortcut')
    expect(reason).toContain('The place share went from 0.064 to 0.540, and matches at the own position in the view from 0.100 to 0.600')
  })

  test('is no shortcut where the images share a layout, or the place share hardly rises', () => {
    const layout = verdictOf(changes({ knn: [0.2, 0.3], placeShare: [0.38, 0.75], copy: [0.04, 0.01] }), facts)
    expect(layout.outcome).toBe('better')
    expect(layout.reason).toContain('The place share rose, too (from 0.380 to 0.750)')
    expect(verdictOf(changes({ correspondence: [0.2, 0.3], placeShare: [0.02, 0.06], copy: [0.01, 0.2] }), facts).outcome).toBe('better')
    // Without a measure of copies better masks speak against a shortcut; nothing else does.
    const unknown = verdictOf(changes({ knn: [0.2, 0.3], placeShare: [0.06, 0.54] }), facts)
    expect(unknown.outcome).toBe('better')
    expect(unknown.reason).toMatch(
      /Caution: the place share rose, too \(from 0\.060 to 0\.540\).* may be a shortcut.*Copied position, which would tell both apart, is not measured/,
    )
    expect(unknown.reason).not.toContain('no more pixels')
    expect(verdictOf(changes({ knn: [0.2, 0.2], placeShare: [0.06, 0.54] }), facts).outcome).toBe('shortcut')
  })

  test('lets masks decide before the correspondence', () => {
    expect(verdictOf(changes({ knn: [0.3, 0.2], linear: [0.3, 0.2], correspondence: [0.2, 0.8] }), facts).outcome).toBe('worse')
  })

  test('leaves masks aside where too few images have one', () => {
    const change = changes({ knn: [0.3, 0.2], linear: [0.3, 0.2], correspondence: [0.2, 0.4] })
    const { outcome, reason } = verdictOf(change, { ...facts, labelled: 4 })
    expect(outcome).toBe('better')
    expect(reason).toContain('View correspondence went from 0.200 to 0.400.')
    expect(reason).toContain('4 images with a mask are too few to judge by (at least 6).')
    expect(verdictOf(changes({ knn: [0.3, 0.2] }), { ...facts, labelled: 1, missing: 'M' }).reason).toBe(
      'There is nothing to judge by: M. 1 image with a mask is too few to judge by (at least 6).',
    )
    expect(verdictOf(change, { ...facts, labelled: 6 }).reason).toContain('these 6 held-out images')
  })

  test('is none without a measure or with too few images', () => {
    expect(verdictOf(changes({ rank: [3, 4] }), { ...facts, missing: "a view's map has 2 × 2 pixels" })).toEqual({
      outcome: 'unmeasured',
      title: 'Not measured',
      reason: "There is nothing to judge by: a view's map has 2 × 2 pixels.",
    })
    expect(verdictOf(changes({ correspondence: [0.2, 0.9] }), { images: 3, trainedOn: false }).outcome).toBe('unmeasured')
  })

  test('without a measure cautions where the place share has clearly risen', () => {
    const risen = changes({ placeShare: [0.256, 0.842] })
    const { outcome, reason } = verdictOf(risen, { ...facts, missing: 'M' })
    expect(outcome).toBe('unmeasured')
    expect(reason).toMatch(
      /^There is nothing to judge by: M\. Caution: the place share went from 0\.256 to 0\.842, which may be a shortcut.* look at the features/,
    )
    expect(isShortcut(risen, outcome)).toBe(true)
    const { reason: calm } = verdictOf(changes({ placeShare: [0.256, 0.29] }), { ...facts, missing: 'M' })
    expect(calm).toBe('There is nothing to judge by: M.')
    // Matches are known, and no more of them than before come from the position.
    const layout = changes({ placeShare: [0.256, 0.842], copy: [0.1, 0.1] })
    expect(verdictOf(layout, facts).reason).not.toContain('Caution')
    // The noise of so few images is unknown.
    const few: Changes = { ...risen, placeShare: { ...risen.placeShare, noise: null, direction: null } }
    expect(verdictOf(few, { ...facts, images: 5 }).reason).not.toContain('Caution')
  })

  test('names training images as such', () => {
    expect(verdictOf(changes({ correspondence: [0.2, 0.9] }), { images: 8, trainedOn: true }).reason).toContain('these 8 training images')
  })
})

describe('changes', () => {
  test('of equal states are 0, without direction', () => {
    torch.manualSeed(5)
    const evaluation = measure(new Small(), 'body', someSet())
    const same = changesOf(evaluation, evaluation)
    for (const name of MEASURES) expect(same[name]).toMatchObject({ change: 0, direction: null })
    for (const name of ['knn', 'linear', 'correspondence', 'copy', 'placeShare'] as const)
      expect(same[name].noise).toEqual({ low: 0, high: 0 })
    expect(same.rank.noise).toBeNull()
    expect(verdictOf(same, { images: 10, trainedOn: false }).outcome).toBe('unchanged')
  })

  test('are the differences of what is shown, without the remainder of a subtraction of doubles', () => {
    const { samples } = measure(new Small(), 'body', someSet())
    const before = { knn: 0.3, linear: 0.3, correspondence: 0.3, copy: 0.2, placeShare: 0.1, rank: 3.1, deviation: 0.5 }
    const after = { ...before, knn: 0.3241, linear: 0.1, rank: 3.44 }
    expect(0.324 - 0.3).not.toBe(0.024)
    const { knn, linear, copy, rank } = changesOf({ measures: before, samples }, { measures: after, samples })
    expect([knn, linear, copy, rank].map(({ change }) => change)).toEqual([0.024, -0.2, 0, 0.3])
  })

  test('that are shown as none have no direction, however clear they are', () => {
    const { samples } = measure(new Small(), 'body', someSet())
    const measures = { knn: 0.3004, linear: 0.3, correspondence: 0.3, copy: 0.2, placeShare: 0.1, rank: 3, deviation: 0.5 }
    const overlap = (both: number) => samples.knn!.map(() => ({ both: [both, 0], predicted: [10_000, 0], truth: [10_000, 0] }))
    const fallen = changesOf(
      { measures, samples: { ...samples, knn: overlap(5004) } },
      { measures: { ...measures, knn: 0.2996 }, samples: { ...samples, knn: overlap(5000) } },
    )
    expect(fallen.knn.noise!.high).toBeLessThan(0)
    expect(fallen.knn).toMatchObject({ change: 0, direction: null })
  })

  test('are compared on the same images: what differs between images is no noise', () => {
    const { measures, samples } = measure(new Small(), 'body', someSet())
    const matches = (gain: number) => ({ ...samples.matches, compared: samples.matches.compared.map(() => 100), found: samples.matches.found.map((_, i) => 5 * i + gain) }) // prettier-ignore
    const { correspondence } = changesOf(
      { measures: { ...measures, correspondence: 0.2 }, samples: { ...samples, matches: matches(0) } },
      { measures: { ...measures, correspondence: 0.23 }, samples: { ...samples, matches: matches(3) } },
    )
    expect(correspondence.noise!.low).toBeCloseTo(0.03, 10)
    expect(correspondence.direction).toBe('better')
  })

  test('of fewer than six images have no noise and no direction, for there is no verdict by them', () => {
    const { measures, samples } = measure(new Small(), 'body', someSet())
    const overlap = (both: number) => [1, 2, 3].map(() => ({ both: [both, 0], predicted: [100, 0], truth: [100, 0] }))
    const { knn } = changesOf(
      { measures: { ...measures, knn: 0.3 }, samples: { ...samples, knn: overlap(30) } },
      { measures: { ...measures, knn: 0.6 }, samples: { ...samples, knn: overlap(60) } },
    )
    expect(knn).toMatchObject({ noise: null, direction: null })
  })

  test('never have a direction that the noise speaks against', () => {
    const { measures, samples } = measure(new Small(), 'body', someSet())
    const overlap = (both: number) => samples.knn!.map(() => ({ both: [both, 0], predicted: [100, 0], truth: [100, 0] }))
    const { knn } = changesOf(
      { measures: { ...measures, knn: 0.3 }, samples: { ...samples, knn: overlap(60) } },
      { measures: { ...measures, knn: 0.301 }, samples: { ...samples, knn: overlap(30) } },
    )
    expect(knn.noise!.high).toBeLessThan(0)
    expect(knn.direction).toBeNull()
  })

  test('of the place share are marked only where they are a shortcut', () => {
    const risen = changes({ placeShare: [0.1, 0.6], knn: [0.2, 0.3] })
    const verdict = verdictOf(risen, facts)
    expect([markOf('placeShare', risen, verdict), markOf('knn', risen, verdict)]).toEqual([null, 'better'])
    expect(markOf('placeShare', risen, { ...verdict, outcome: 'shortcut' })).toBe('worse')
  })
})

test('images are counted by class, ignored pixels in none', () => {
  const int64 = (values: number[][][]) => torch.tensor(values).to('int64')
  expect(overlapsOf(int64([[[0, 0, 1, 1]], [[1, 1, 1, 0]]]), int64([[[0, 1, 1, 9]], [[0, 1, 2, 2]]]), 2)).toEqual([
    { both: [1, 1], predicted: [2, 1], truth: [1, 2] },
    { both: [0, 1], predicted: [0, 2], truth: [1, 1] },
  ])
})

test('the place share of a selection is that of its images alone', () => {
  torch.manualSeed(6)
  const map = torch.randn([5, 8, 4, 4]).add(torch.randn([1, 8, 4, 4]))
  const { layout } = spreadOf(map)
  expect(placeShareOf(layout!, [2, 0, 1, 0, 0])).toBeCloseTo(spreadOf(map.indexSelect(0, torch.tensor([0n, 0n, 2n]))).placeShare!, 10)
})
