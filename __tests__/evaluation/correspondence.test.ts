import { expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { matchViews, type CorrespondenceOptions, type Features } from '../../src/evaluation'
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

/** Features that tell only the position in the view: a code of its own for each pixel of the map. */
function positions(grid: number): Features {
  const code = torch.eye(grid * grid).view([1, grid * grid, grid, grid])
  const ofNormalised = (images: Tensor) => code.expand([images.shape[0]!, -1, -1, -1])
  return { ofNormalised, of: ofNormalised }
}

/** The shares of the compared pixels that were found and copied. */
function shares(features: Features, images: Tensor, given = options): { pixels: number; found: number; copied: number } {
  const { compared, found, copied } = matchViews(features, images, given)
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  return { pixels: sum(compared), found: sum(found) / sum(compared), copied: sum(copied) / sum(compared) }
}

const small: CorrespondenceOptions = { ...options, cutoutRatioRange: [0.3, 0.6] }

test('features that tell the place in the image find it nearly always, and never copy', () => {
  const { pixels, found, copied } = shares(binColours(8), places(40, 64), small)
  expect(pixels).toBeGreaterThan(500)
  expect(found).toBeGreaterThan(0.99)
  expect(copied).toBeLessThan(0.01)
})

test('features that tell only the position in the view always copy, and never find', () => {
  const { found, copied } = shares(positions(8), places(40, 64), small)
  expect(found).toBe(0)
  expect(copied).toBe(1)
})

test('a pixel is compared only if the other view shows it, more than three bin diagonals from its own position', () => {
  // Without a flip both views are the whole image, so every pixel lies where it was.
  expect(shares(binColours(8), places(20, 64), { ...options, cutoutRatioRange: [1, 1], probRandHflip: 0 }).pixels).toBe(0)
  // A flip of one view moves column c of 16 to 15 − c: |15 − 2c| bins, more than 3 · √2 = 4.24 for c ≤ 5 or c ≥ 10.
  const flipped = matchViews(binColours(16), places(40, 64), { ...options, cutoutRatioRange: [1, 1] })
  for (const count of flipped.compared) expect([0, 16 * 12, 2 * 16 * 12]).toContain(count)
  expect(new Set(flipped.compared).size).toBe(3)
})

test('random features find the place as often as the circle around it covers the view', () => {
  const whole: CorrespondenceOptions = { ...options, cutoutRatioRange: [1, 1] }
  const within = (row: number, column: number) => {
    let count = 0
    for (let y = 0; y < 16; y++) for (let x = 0; x < 16; x++) if (Math.hypot(y - row, x - column) < 1.5 * Math.SQRT2) count++
    return count
  }
  const columns = [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]
  let chance = 0
  for (let row = 0; row < 16; row++) for (const column of columns) chance += within(row, column) / 16 ** 2 / (16 * columns.length)
  const { pixels, found, copied } = shares(randomFeatures(16), places(200, 32), whole)
  // At least 30,000 draws: four standard deviations are 0.005.
  expect(pixels).toBeGreaterThan(30_000)
  expect(Math.abs(found - chance)).toBeLessThan(0.005)
  expect(Math.abs(copied - chance)).toBeLessThan(0.005)
})

test('features that are the same everywhere find no more than chance', () => {
  const constant: Features = { ofNormalised: (images) => torch.ones([images.shape[0]!, 4, 16, 16]), of: (images) => images }
  expect(shares(constant, places(40, 64), small).found).toBeLessThan(0.1)
})

test('a flip of one view is undone', () => {
  expect(shares(binColours(8), places(40, 64), { ...options, cutoutRatioRange: [0.8, 1] }).found).toBeGreaterThan(0.99)
})

test('matches are counted by image', () => {
  const images = places(40, 64)
  const { compared, found } = matchViews(binColours(8), images, small)
  expect(compared).toHaveLength(40)
  found.forEach((count, i) => expect(count).toBeLessThanOrEqual(compared[i]!))
  const { compared: fewer } = matchViews(binColours(8), images, { ...small, rounds: 1 })
  compared.forEach((count, i) => expect(count).toBeGreaterThanOrEqual(fewer[i]!))
})

test('views have the size that the learner gives them', () => {
  const shapes = new Set<string>()
  const watching: Features = {
    ...binColours(8),
    ofNormalised: (images) => (shapes.add(String(images.shape)), binColours(8).ofNormalised(images)),
  }
  expect(shares(watching, places(8, 64), { ...small, viewSize: [32, 48] }).found).toBeGreaterThan(0.98)
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
  const first = matchViews(watching, places(8, 32), options)
  expect(torch.rand([4])).toEqualTensor(expected)
  const half = boxes.length
  expect(matchViews(watching, places(8, 32), options)).toEqual(first)
  expect(boxes.length).toBe(2 * half)
  for (let i = 0; i < half; i++) expect(boxes[i + half]).toEqualTensor(boxes[i]!)
  matchViews(watching, places(8, 32), { ...options, seed: 2 })
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
