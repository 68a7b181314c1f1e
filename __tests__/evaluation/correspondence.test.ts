import { expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { correspondence, type CorrespondenceOptions, type Features } from '../../src/evaluation'
import { binsInPixels } from '../../src/pixelcl/internal'

const options: CorrespondenceOptions = { augment: (images) => images, cutoutRatioRange: [0.5, 1], probRandHflip: 0.5 }

/** Images whose colour tells the place: red the column, green the row, and a blue that keeps directions apart. */
function places(count: number, size: number): Tensor {
  const along = torch.arange(size, { dtype: 'float32' }).div(size)
  const [rows, columns] = torch.meshgrid([along, along]) as [Tensor, Tensor]
  return torch.stack([columns, rows, torch.full([size, size], 0.5)]).expand([count, 3, size, size])
}

/** The mean colours of `grid` × `grid` bins. */
function binColours(grid: number): Features {
  const ofNormalised = (images: Tensor) => torch.nn.functional.adaptiveAvgPool2d(images, grid)
  return { ofNormalised, of: ofNormalised }
}

function randomFeatures(grid: number): Features {
  const ofNormalised = (images: Tensor) => torch.randn([images.shape[0]!, 64, grid, grid])
  return { ofNormalised, of: ofNormalised }
}

test('features that name their place find their partner nearly always', () => {
  expect(correspondence(binColours(8), places(40, 64), options)).toBeGreaterThan(0.99)
})

test('random features find it as often as the circle around it covers the view', () => {
  // With both views the whole image, a bin in the middle of 16 × 16 has 13 bins within 1.5 diagonals (√2 · 1.5 = 2.12 bins); those near an edge have fewer.
  const whole: CorrespondenceOptions = { ...options, cutoutRatioRange: [1, 1] }
  const within = (row: number, column: number) => {
    let count = 0
    for (let y = 0; y < 16; y++) for (let x = 0; x < 16; x++) if (Math.hypot(y - row, x - column) < 1.5 * Math.SQRT2) count++
    return count
  }
  let chance = 0
  for (let row = 0; row < 16; row++) for (let column = 0; column < 16; column++) chance += within(row, column) / 16 ** 4
  const found = correspondence(randomFeatures(16), places(100, 32), whole)
  // 51,200 draws: four standard deviations are 0.004.
  expect(Math.abs(found - chance)).toBeLessThan(0.004)
})

test('features that are the same everywhere find no more than chance', () => {
  const constant: Features = { ofNormalised: (images) => torch.ones([images.shape[0]!, 4, 16, 16]), of: (images) => images }
  expect(correspondence(constant, places(40, 64), options)).toBeLessThan(0.1)
})

test('a flip of one view is undone', () => {
  const flips: CorrespondenceOptions = { ...options, probRandHflip: 1, cutoutRatioRange: [0.8, 1] }
  expect(correspondence(binColours(8), places(20, 64), flips)).toBeGreaterThan(0.99)
})

test('views have the size that the learner gives them', () => {
  const shapes = new Set<string>()
  const watching: Features = {
    ...binColours(8),
    ofNormalised: (images) => (shapes.add(String(images.shape)), binColours(8).ofNormalised(images)),
  }
  expect(correspondence(watching, places(8, 64), { ...options, viewSize: [32, 48] })).toBeGreaterThan(0.98)
  expect([...shapes]).toEqual(['8,3,32,48'])
})

test('every backbone sees the same views, and the generator goes on as if nothing had been drawn', () => {
  const boxes: Tensor[] = []
  const watching: Features = {
    ...binColours(8),
    ofNormalised: (images) => (boxes.push(images.clone()), binColours(8).ofNormalised(images)),
  }
  torch.manualSeed(11)
  const expected = torch.rand([4])
  torch.manualSeed(11)
  const first = correspondence(watching, places(8, 32), options)
  expect(torch.rand([4])).toEqualTensor(expected)
  const half = boxes.length
  expect(correspondence(watching, places(8, 32), options)).toBe(first)
  expect(boxes.length).toBe(2 * half)
  for (let i = 0; i < half; i++) expect(boxes[i + half]).toEqualTensor(boxes[i]!)
  correspondence(watching, places(8, 32), { ...options, seed: 2 })
  expect(boxes[2 * half]!.equal(boxes[0]!)).toBe(false)
})

test('bins have their centres in the pixels of the image, from right to left in a flipped view', () => {
  const box = { y0: 10, y1: 14, x0: 20, x1: 28 }
  expect(binsInPixels({ box, hflip: false }, [2, 2]).centres).toBeAllclose([
    [11, 22],
    [11, 26],
    [13, 22],
    [13, 26],
  ])
  expect(binsInPixels({ box, hflip: true }, [1, 4]).centres).toBeAllclose([
    [12, 27],
    [12, 25],
    [12, 23],
    [12, 21],
  ])
})
