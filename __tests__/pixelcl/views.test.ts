import { beforeEach, describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import type { View } from '../../src/pixelcl'
import { cutView, drawViews, positiveMask, type PairOptions } from '../../src/pixelcl/views'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { referenceLearner } from './reference'

beforeEach(() => {
  torch.manualSeed(12)
})

const geometry = { cutoutRatioRange: [0.6, 0.8] as [number, number], probRandHflip: 0.25, cropPer: 'batch' as const }

describe('drawn views', () => {
  const drawn = () => Array.from({ length: 1500 }, () => drawViews(4, 40, 60, geometry) as [View, View]).flat()

  test('have one ratio for both sides, of the range, rounded down', () => {
    const ratios = new Set<number>()
    for (const { box } of drawn()) {
      const [height, width] = [box.y1 - box.y0, box.x1 - box.x0]
      ratios.add(width)
      expect(height).toBeGreaterThanOrEqual(24)
      expect(height).toBeLessThan(32)
      expect(width).toBeGreaterThanOrEqual(36)
      expect(width).toBeLessThan(48)
      expect([Math.floor((width / 60) * 40), Math.floor(((width + 1) / 60) * 40)]).toContain(height)
    }
    expect([...ratios].sort()).toEqual([36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47])
  })

  test('are at any offset except the last, which rounding down never yields', () => {
    const narrow = Array.from(
      { length: 3000 },
      () => drawViews(1, 40, 60, { ...geometry, cutoutRatioRange: [0.9, 0.9] }) as [View, View],
    ).flat()
    expect([...new Set(narrow.map(({ box }) => box.y0))].sort()).toEqual([0, 1, 2, 3])
    expect([...new Set(narrow.map(({ box }) => box.x0))].sort()).toEqual([0, 1, 2, 3, 4, 5])
    const whole = drawViews(1, 7, 9, { ...geometry, cutoutRatioRange: [1, 1] }) as [View, View]
    expect(whole.map(({ box }) => box)).toEqual(Array(2).fill({ y0: 0, y1: 7, x0: 0, x1: 9 }))
  })

  test.each([0, 0.25, 1])('are flipped with probability %d, each for itself', (probRandHflip) => {
    const pairs = Array.from({ length: 3000 }, () => drawViews(1, 40, 60, { ...geometry, probRandHflip }) as [View, View])
    const share = (of: (pair: [View, View]) => boolean) => pairs.filter(of).length / pairs.length
    const error = 4 * Math.sqrt((probRandHflip * (1 - probRandHflip)) / 3000)
    expect(Math.abs(share(([one]) => one.hflip) - probRandHflip)).toBeLessThanOrEqual(error)
    expect(Math.abs(share(([, two]) => two.hflip) - probRandHflip)).toBeLessThanOrEqual(error)
    expect(Math.abs(share(([one, two]) => one.hflip && two.hflip) - probRandHflip ** 2)).toBeLessThanOrEqual(0.03)
  })

  test("are one for the batch, or every image's own", () => {
    const [one, two] = drawViews(5, 40, 60, { ...geometry, cropPer: 'sample' }) as unknown as [View[], View[]]
    expect([one.length, two.length]).toEqual([5, 5])
    expect(new Set([...one, ...two].map((view) => JSON.stringify(view.box))).size).toBe(10)
  })

  test('are reproduced by a seed', () => {
    torch.manualSeed(3)
    const first = drawViews(2, 40, 60, { ...geometry, cropPer: 'sample' })
    expect(drawViews(2, 40, 60, { ...geometry, cropPer: 'sample' })).not.toEqual(first)
    torch.manualSeed(3)
    expect(drawViews(2, 40, 60, { ...geometry, cropPer: 'sample' })).toEqual(first)
  })
})

const modes = ['nearest', 'bilinear', 'bicubic', 'area', 'nearest-exact'] as const
let seed = 5
const random = (below: number) => {
  seed = (seed * 1103515245 + 12345) % 2147483648
  return Math.floor((seed / 2147483648) * below)
}

/** A box of at least half of each side, so that two overlap. */
function randomView(height: number, width: number): View {
  const y0 = random(height / 2)
  const x0 = random(width / 2)
  const [h, w] = [Math.ceil(height / 2), Math.ceil(width / 2)]
  return { box: { y0, y1: y0 + h + random(height - y0 - h + 1), x0, x1: x0 + w + random(width - x0 - w + 1) }, hflip: random(2) === 1 }
}

describe("the published package's geometry", () => {
  test("60 random views are cut like the reference's, with every interpolation", async () => {
    const images = torch.rand([2, 3, 20, 28])
    const cases = Array.from({ length: 60 }, (_, i) => ({ view: randomView(20, 28), mode: modes[i % modes.length]! }))
    const { cuts } = await runPython<{ cuts: Tensor[] }>(
      `${referenceLearner}
outputs = {'cuts': []}
for case in inputs['cases']:
    box, flip = case['view']['box'], case['view']['hflip']
    cut = package.cutout_and_resize(inputs['images'], ((box['y0'], box['y1']), (box['x0'], box['x1'])), mode=case['mode'])
    outputs['cuts'].append(torch.flip(cut, dims=(-1,)) if flip else cut)
`,
      { images, cases },
    )
    for (const [i, { view, mode }] of cases.entries())
      expectWith(cutView(images, view, [20, 28], mode), `case ${i}, ${mode}`).toEqualTensor(cuts[i]!)
  })

  test('600 random pairs of views have its positive pairs, exactly', async () => {
    const cases = Array.from({ length: 600 }, (_, i) => {
      const [height, width] = [8 + random(60), 8 + random(60)]
      return {
        one: randomView(height, width),
        two: randomView(height, width),
        image: [height, width] as [number, number],
        map: [1 + random(8), 1 + random(8)] as [number, number],
        mode: modes[i % modes.length]!,
        threshold: [0.3, 0.7, 1.5][i % 3]!,
      }
    })
    const { masks } = await runPython<{ masks: Tensor[] }>(
      `${referenceLearner}
import math
def coordinates(case, view):
    (H, W), (h, w), box = case['image'], case['map'], case[view]['box']
    grid = torch.stack(torch.meshgrid(torch.arange(H), torch.arange(W), indexing='ij')).unsqueeze(0).float()
    grid /= math.sqrt(H ** 2 + W ** 2)
    grid[:, 0] *= h
    grid[:, 1] *= w
    cut = package.cutout_and_resize(grid, ((box['y0'], box['y1']), (box['x0'], box['x1'])), output_size=(h, w), mode=case['mode'])
    return (torch.flip(cut, dims=(-1,)) if case[view]['hflip'] else cut)[0].flatten(1).t()
outputs = {'masks': []}
for case in inputs['cases']:
    a, b = coordinates(case, 'one'), coordinates(case, 'two')
    n = len(a)
    distance = nn.PairwiseDistance(p=2)(a[:, None].expand(n, n, 2).reshape(-1, 2), b[None].expand(n, n, 2).reshape(-1, 2)).reshape(n, n)
    outputs['masks'].append(distance < case['threshold'])
`,
      { cases },
    )
    let positive = 0
    for (const [i, { one, two, image, map, mode, threshold }] of cases.entries()) {
      const options: PairOptions = { distance: 'image', distanceThres: threshold, coordCutoutInterpolateMode: mode }
      const mask = positiveMask(one, two, { image, map }, options, 'cpu')
      expectWith(mask, `case ${i}`).toEqualTensor(masks[i]!)
      positive += mask.sum().item()
    }
    expect(positive).toBeGreaterThan(1000)
  })
})

describe('distances in bins', () => {
  const options: PairOptions = { distance: 'bin', distanceThres: 0.7, coordCutoutInterpolateMode: 'bilinear' }
  const sizes = { image: [32, 32], map: [4, 4] } as const

  test('of a view to itself pair every pixel with itself alone, below a threshold of the bins next to it', () => {
    const view: View = { box: { y0: 2, y1: 30, x0: 5, x1: 31 }, hflip: false }
    expect(positiveMask(view, view, sizes, { ...options, distanceThres: 0.6 }, 'cpu')).toEqualTensor(torch.eye(16).to('bool'))
  })

  test('pair a view with its mirror image crosswise', () => {
    const view: View = { box: { y0: 2, y1: 30, x0: 5, x1: 31 }, hflip: false }
    const mirrored = torch.eye(16).view([16, 4, 4]).flip([-1]).flatten(1).to('bool')
    expect(positiveMask(view, { ...view, hflip: true }, sizes, { ...options, distanceThres: 0.6 }, 'cpu')).toEqualTensor(mirrored)
  })

  test('count against the larger of the two diagonals', () => {
    const small: View = { box: { y0: 0, y1: 8, x0: 0, x1: 8 }, hflip: false }
    const large: View = { box: { y0: 0, y1: 32, x0: 0, x1: 32 }, hflip: false }
    const mask = positiveMask(small, large, sizes, options, 'cpu')
    // All of the small view lies in the first bin of the large one, within 0.7 of its diagonal.
    expect(
      mask
        .index([torch.slice(null), 0])
        .all()
        .item(),
    ).toBe(true)
    expect(positiveMask(large, small, sizes, options, 'cpu')).toEqualTensor(mask.t())
  })
})
