import { describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { freeze, knnMeanIoU, linearMeanIoU, matchViews, meanOfOverlaps, measure, placeShareOf, spreadOf } from '../../src/evaluation'
import { Small } from '../pixelcl/small'
import { someSet } from './support'

const smallScript = join(__dirname, '..', '..', 'models', 'small.pt')

describe('a backbone is measured', () => {
  test('by the measures of its frozen features, and its pictures are the first eight', () => {
    torch.manualSeed(4)
    const net = new Small()
    const set = someSet()
    const features = freeze(net, 'body', set.statistics)
    const { measures, missing, samples, pictures } = measure(net, 'body', set)
    const { matches, knn, linear, layout } = samples
    const heldOut = { images: set.images, masks: set.labels!.masks }
    const { placeShare, rank, deviation } = spreadOf(features.of(set.images))
    expect(matches).toEqual(matchViews(features, set.images, set.views))
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    expect(measures).toEqual({
      knn: knnMeanIoU(features, set.labels!.bank, heldOut, { classes: 2 }),
      linear: linearMeanIoU(features, set.labels!.bank, heldOut, { classes: 2, steps: 500 }),
      correspondence: sum(matches.found) / sum(matches.compared),
      copy: sum(matches.copied) / sum(matches.compared),
      placeShare,
      rank,
      deviation,
    })
    expect(missing).toEqual({})
    // What each image adds gives the whole.
    const each = Array.from({ length: 10 }, () => 1)
    expect(meanOfOverlaps(knn!, each)).toBeCloseTo(measures.knn!, 12)
    expect(meanOfOverlaps(linear!, each)).toBeCloseTo(measures.linear!, 12)
    expect(placeShareOf(layout!, each)).toBeCloseTo(placeShare!, 12)
    expect(pictures.features).toBeAllclose(features.of(set.images.narrow(0, 0, 8)))
    expect(pictures.segmentation!.shape).toEqual([8, 32, 32])
  })

  test('and tells its progress, up to the whole', () => {
    for (const set of [someSet(), { ...someSet(), labels: undefined }]) {
      const shares: number[] = []
      measure(new Small(), 'body', set, (share) => shares.push(share))
      expect(shares.length).toBeGreaterThan(5)
      expect(shares).toEqual([...shares].sort((a, b) => a - b))
      expect(shares.at(-1)).toBe(1)
    }
  })

  test('without masks by what needs none', () => {
    const { measures, missing, pictures } = measure(new Small(), 'body', { ...someSet(), labels: undefined })
    expect([measures.knn, measures.linear, pictures.segmentation]).toEqual([null, null, null])
    expect(missing).toEqual({ knn: 'there are no masks', linear: 'there are no masks' })
    expect(measures.correspondence).toBeGreaterThan(0)
  })

  test('by no matches where the map of a view is too small, and says why', () => {
    const set = someSet()
    const { measures, missing } = measure(new Small(), 'body', { ...set, labels: undefined, views: { ...set.views, viewSize: [16, 8] } })
    expect([measures.correspondence, measures.copy]).toEqual([null, null])
    expect(missing.correspondence).toBe("a view's map has 4 × 2 pixels; at least 6 × 6 are needed")
    expect(missing.copy).toBe(missing.correspondence)
    expect(measures.rank).toBeGreaterThan(1)
  })

  test('by no matches where both views show nearly the same', () => {
    const set = someSet()
    const views = { ...set.views, cutoutRatioRange: [1, 1] as [number, number], probRandHflip: 0 }
    expect(measure(new Small(), 'body', { ...set, views }).missing.correspondence).toBe(
      '0 pixels at different positions in both views; at least 100 are needed',
    )
  })

  test('by nothing where its weights are not finite', () => {
    const net = new Small()
    torch.noGrad(() => net.fc.weight.fill_(NaN))
    expect(measure(net, 'body', someSet()).measures.rank).toBeGreaterThan(1)
    torch.noGrad(() => net.stem.at(0).parameters()[0]!.fill_(NaN))
    const { measures, missing } = measure(net, 'body', someSet())
    expect(new Set(Object.values(measures))).toEqual(new Set([null]))
    expect(new Set(Object.values(missing))).toEqual(new Set(['the features are not finite']))
  })

  test('by no place share for a single image', () => {
    const set = someSet()
    const { measures, missing } = measure(new Small(), 'body', { ...set, images: set.images.narrow(0, 0, 1), labels: undefined })
    expect(measures.placeShare).toBeNull()
    expect(missing.placeShare).toBe('there is one image; at least two are needed')
  })

  test('without a change of its weights, statistics or mode, TorchScript or not', () => {
    for (const [net, layer] of [
      [new Small(), 'body'],
      [torch.jit.load(smallScript), 'layer2'],
    ] as const) {
      // prettier-ignore
      net.train()
      const before = Object.entries(net.stateDict()).map(([name, value]) => [name, value.clone()] as const)
      measure(net, layer, someSet())
      const after = net.stateDict()
      for (const [name, value] of before) expect(after[name]).toEqualTensor(value)
      expect(net.training).toBe(true)
    }
  })

  test('alike each time, whatever its batch norms have seen so far', () => {
    const net = new Small()
    const set = someSet()
    const first = measure(net, 'body', set)
    torch.noGrad(() => net.train().call(torch.rand([4, 3, 32, 32]).mul(100)))
    const second = measure(net, 'body', set)
    expect(second.measures).toEqual(first.measures)
  })

  test('by fewer than eight pictures where there are fewer images', () => {
    const set = someSet()
    expect(measure(new Small(), 'body', { ...set, images: set.images.narrow(0, 0, 3), labels: undefined }).pictures.features.shape[0]).toBe(
      3,
    )
  })

  test('at no layer that it lacks', () => {
    expect(() => measure(new Small(), 'boddy', someSet())).toThrow(/no layer 'boddy'.*did you mean 'body'/s)
  })

  test('without masks that name a class it has no segmentation, and says which ones do not', () => {
    const set = someSet()
    const labels = set.labels!
    const ignored = (masks: torch.Tensor) => masks.clone().fill_(255)
    const reasonOf = (change: Partial<typeof labels>) => {
      const { measures, missing, samples } = measure(new Small(), 'body', { ...set, labels: { ...labels, ...change } })
      expect([measures.knn, measures.linear, samples.knn, samples.linear]).toEqual([null, null, null, null])
      expect(missing.linear).toBe(missing.knn)
      return missing.knn
    }
    expect(reasonOf({ masks: ignored(labels.masks) })).toBe('the masks of the measured images name no class')
    expect(reasonOf({ bank: { ...labels.bank, masks: ignored(labels.bank.masks) } })).toBe(
      'no mask of the training names a class at the centre of a feature pixel',
    )
  })
})
