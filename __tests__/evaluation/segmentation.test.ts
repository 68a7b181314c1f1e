import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { KnnSegmenter, MeanIoU, classesAt, knnMeanIoU, labelsAt, linearMeanIoU, type Features, type Labelled } from '../../src/evaluation'
import { runPython } from '../support/python'

const int64 = (values: number[][][]) => torch.tensor(values).to('int64')

describe('mean intersection over union', () => {
  test('counts by class over several batches', () => {
    const result = new MeanIoU(3)
    result.add(int64([[[0, 0, 1, 2]]]), int64([[[0, 1, 1, 1]]]))
    result.add(int64([[[2]]]), int64([[[2]]]))
    // Class 0: 1 of 2; class 1: 1 of 3; class 2: 1 of 2.
    expect(result.perClass()).toEqual([1 / 2, 1 / 3, 1 / 2])
    expect(result.mean()).toBeCloseTo((1 / 2 + 1 / 3 + 1 / 2) / 3, 12)
  })

  test('leaves out unlabelled pixels, and classes that neither occur nor are predicted', () => {
    const result = new MeanIoU(4)
    result.add(int64([[[0, 1, 1]]]), int64([[[0, 1, 11]]]))
    expect(result.perClass()).toEqual([1, 1, NaN, NaN])
    expect(result.mean()).toBe(1)
  })
})

test('a map takes the classes at the centres of its pixels', () => {
  const mask = int64([
    [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
      [12, 13, 14, 15],
    ],
  ])
  expect(labelsAt(mask, [2, 2])).toEqualTensor(int64([[[5, 7], [13, 15]]])) // prettier-ignore
  expect(labelsAt(mask, [4, 4])).toEqualTensor(mask)
  expect(labelsAt(mask, [1, 2])).toEqualTensor(int64([[[9, 11]]]))
})

test('scores are enlarged as Python does before the greatest is taken', async () => {
  torch.manualSeed(0)
  const scores = torch.randn([2, 3, 4, 5])
  const { classes } = await runPython<{ classes: Tensor }>(
    `
import torch
outputs = {'classes': torch.nn.functional.interpolate(inputs['scores'], size=(13, 17), mode='bilinear', align_corners=False).argmax(1)}`,
    { scores },
  )
  expect(classesAt(scores, [13, 17])).toEqualTensor(classes)
})

/** The mean colours of 4 × 4 bins as features. */
const colours: Features = {
  of: (images) => torch.nn.functional.adaptiveAvgPool2d(images, 4),
  ofNormalised: (images) => torch.nn.functional.adaptiveAvgPool2d(images, 4),
}

/** Images of 16 × 16 in 4 × 4 squares of three colours, one a class. */
function squares(count: number, seed: number): Labelled {
  const small = torch.randint(3, [count, 4, 4], { generator: new torch.Generator().manualSeed(seed) })
  const masks = small.repeatInterleave(4, 1).repeatInterleave(4, 2)
  const images = torch.nn.functional.oneHot(masks, 3).permute([0, 3, 1, 2]).to('float32').mul(0.8).add(0.1)
  return { images: images.contiguous(), masks }
}

/** At the map's own resolution nothing is enlarged, so a right feature gives a right pixel. */
function atMap({ images, masks }: Labelled): Labelled {
  return { images, masks: labelsAt(masks, [4, 4]) }
}

describe('nearest-neighbour segmentation', () => {
  test('is exact where features tell the classes apart', () => {
    expect(knnMeanIoU(colours, squares(6, 1), atMap(squares(5, 2)), { classes: 3 })).toBe(1)
  })

  test('names a class as the bank does: with two names swapped, both are wrong', () => {
    const bank = squares(6, 1)
    const swapped = torch.tensor([1, 0, 2]).to('int64').indexSelect(0, bank.masks.flatten()).view(bank.masks.shape)
    expect(knnMeanIoU(colours, { images: bank.images, masks: swapped }, atMap(squares(5, 2)), { classes: 3 })).toBeCloseTo(1 / 3, 12)
  })

  test('takes no unlabelled pixel into the bank', () => {
    const bank = squares(6, 1)
    const unlabelled = torch.where(bank.masks.eq(2), torch.full([], 11, { dtype: 'int64' }), bank.masks)
    const segmenter = new KnnSegmenter(colours, { images: bank.images, masks: unlabelled }, { classes: 3 })
    expect(segmenter.scores(squares(2, 3).images).select(1, 2).max().item()).toBe(0)
  })

  test('scores as Python: 20 neighbours by cosine, weighted by exp(cosine / 0.07)', async () => {
    torch.manualSeed(5)
    const bank: Labelled = { images: torch.rand([6, 3, 16, 16]), masks: torch.randint(4, [6, 16, 16]) }
    const heldOut = torch.rand([3, 3, 16, 16])
    const { scores } = await runPython<{ scores: Tensor }>(
      `
import torch
from torch.nn.functional import adaptive_avg_pool2d, normalize, one_hot
rows = lambda images: normalize(adaptive_avg_pool2d(images, 4).permute(0, 2, 3, 1).reshape(-1, 3), dim=1)
labels = inputs['masks'][:, 2::4, 2::4].reshape(-1)
similarity = rows(inputs['heldOut']) @ rows(inputs['bank']).T
nearest = similarity.topk(20, dim=1)
weights = (nearest.values / 0.07).exp()
votes = (one_hot(labels[nearest.indices], 4) * weights[..., None]).sum(1) / weights.sum(1, keepdim=True)
outputs = {'scores': votes.view(3, 4, 4, 4).permute(0, 3, 1, 2)}`,
      { bank: bank.images, masks: bank.masks, heldOut },
    )
    expect(new KnnSegmenter(colours, bank, { classes: 4 }).scores(heldOut)).toBeAllclose(scores, { rtol: 1e-4, atol: 1e-5 })
  })

  test('draws a smaller bank by its seed', () => {
    const noise: Features = { of: (images) => images, ofNormalised: (images) => images }
    torch.manualSeed(1)
    const bank: Labelled = { images: torch.rand([4, 3, 8, 8]), masks: torch.randint(3, [4, 8, 8]) }
    const heldOut: Labelled = { images: torch.rand([4, 3, 8, 8]), masks: torch.randint(3, [4, 8, 8]) }
    const measured = (seed: number) => knnMeanIoU(noise, bank, heldOut, { classes: 3, bankSize: 40, seed })
    expect(measured(0)).toBe(measured(0))
    expect(measured(1)).not.toBe(measured(0))
  })
})

describe('linear segmentation', () => {
  test('is exact where a plane tells the classes apart', () => {
    expect(linearMeanIoU(colours, squares(6, 1), atMap(squares(5, 2)), { classes: 3, steps: 200 })).toBe(1)
  })

  test('is at chance where features say nothing', () => {
    const nothing: Features = { of: (images) => torch.ones([images.shape[0]!, 2, 4, 4]), ofNormalised: (images) => images }
    // One class is named everywhere: about a third of the pixels is right, of one class in three.
    expect(linearMeanIoU(nothing, squares(6, 1), atMap(squares(5, 2)), { classes: 3, steps: 20 })).toBeLessThan(0.2)
  })
})
