import { beforeAll, describe, expect, test } from '@jest/globals'
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { ImageFolder } from '../../src/vision/datasets'
import { ImageLoader } from '../../src/training'
import { splitFolder } from '../../src/training/split'
import { temporary } from '../support/files'

/** Ten images, each of one grey level of its own: 20, 40, … */
beforeAll(async () => {
  mkdirSync(temporary('grey'))
  const paint = (level: number) => sharp({ create: { width: 4, height: 4, channels: 3, background: { r: level, g: level, b: level } } })
  await Promise.all(Array.from({ length: 10 }, (_, i) => paint(20 * (i + 1)).toFile(join(temporary('grey'), `${String(i)}.png`))))
})

const open = (name: string) => new ImageFolder(temporary(name), { size: [4, 4] })

/** The numbers of the images in the first batches. */
async function drawn(
  folder: ImageFolder,
  count: number,
  options: { batchSize: number; seed: number; prefetch?: number; indices?: number[] },
): Promise<number[][]> {
  const result: number[][] = []
  const source = new ImageLoader(folder, options)
  while (result.length < count) {
    const images = (await source.next()).value
    expect(images.shape).toEqual([options.batchSize, 3, 4, 4])
    result.push(
      (
        images
          .mean([1, 2, 3])
          .mul(255 / 20)
          .round()
          .tolist() as number[]
      ).map((level) => level - 1),
    )
  }
  return result
}

function withDamage(name: string, damaged: readonly number[]): ImageFolder {
  mkdirSync(temporary(name))
  for (const file of readdirSync(temporary('grey'))) copyFileSync(join(temporary('grey'), file), join(temporary(name), file))
  for (const i of damaged) writeFileSync(join(temporary(name), `${i}.png`), 'no image')
  return open(name)
}

describe('batches', () => {
  test('hold every image once before any comes again, in a new order each time', async () => {
    const all = (await drawn(open('grey'), 4, { batchSize: 5, seed: 1 })).flat()
    const [first, second] = [all.slice(0, 10), all.slice(10)]
    expect([...first].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect([...second].sort()).toEqual([...first].sort())
    expect(second).not.toEqual(first)
  })

  test('come in the order of the seed, however many are decoded ahead', async () => {
    const of = (seed: number, prefetch: number) => drawn(open('grey'), 3, { batchSize: 4, seed, prefetch })
    expect(await of(1, 0)).toEqual(await of(1, 3))
    expect(await of(1, 0)).not.toEqual(await of(2, 0))
  })

  test('may be larger than the folder, and hold only the images that are asked for', async () => {
    const [batch] = await drawn(open('grey'), 1, { batchSize: 6, seed: 0, indices: [2, 7] })
    expect(new Set(batch)).toEqual(new Set([2, 7]))
  })

  test('leave damaged images out, and say so once', async () => {
    const folder = withDamage('damaged', [0, 3])
    const all = (await drawn(folder, 4, { batchSize: 4, seed: 0 })).flat()
    expect([...new Set(all)].sort()).toEqual([1, 2, 4, 5, 6, 7, 8, 9])
    expect([...folder.skipped.keys()].sort()).toEqual(['0.png', '3.png'].map((name) => join(folder.path, name)))
  })

  test('fail if no image of a whole round can be decoded, even if unused images could be', async () => {
    const folder = withDamage('vanishing', [])
    await folder.loadBytes(9)
    const source = new ImageLoader(folder, { batchSize: 4, seed: 0, prefetch: 0, indices: [0, 1, 2] })
    await source.next()
    for (const file of folder.files) rmSync(file)
    await expect(
      (async () => {
        for (;;) await source.next()
      })(),
    ).rejects.toThrow(/none of the 3 image files in .* can be decoded.*ENOENT/)
  })

  test('go on with the one image that is left', async () => {
    const folder = withDamage('one-left', [0, 1, 2, 3, 4, 5, 6, 7])
    expect((await drawn(folder, 3, { batchSize: 4, seed: 0, indices: [0, 1, 2, 3, 4, 8], prefetch: 3 })).flat()).toEqual(
      Array<number>(12).fill(8),
    )
  })

  test('fail when every image is damaged', async () => {
    const folder = withDamage('all-damaged', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    await expect(new ImageLoader(folder, { batchSize: 4, seed: 0 }).next()).rejects.toThrow('none of the 10 image files in')
  })
})

describe('the position of a loader', () => {
  const numbers = async (loader: ImageLoader): Promise<number[]> =>
    (
      (await loader.next()).value
        .mean([1, 2, 3])
        .mul(255 / 20)
        .round()
        .tolist() as number[]
    ).map((level) => level - 1)

  test.each([
    [0, 0],
    [1, 4],
    [2, 2],
    [5, 1],
  ])('taken after %d batches leads to the same batches as without, %d decoded ahead, damaged files left out', async (taken, prefetch) => {
    const folder = withDamage(`position-${taken}`, [1, 6, 7])
    const options = { batchSize: 4, seed: 2, prefetch }
    const whole = new ImageLoader(folder, options)
    const first = new ImageLoader(open(`position-${taken}`), options)
    for (let i = 0; i < taken; i++) expect(await numbers(first)).toEqual(await numbers(whole))
    const second = new ImageLoader(open(`position-${taken}`), { ...options, prefetch: 1 })
    await second.next()
    second.loadStateDict(first.stateDict())
    for (let i = 0; i < 6; i++) expect(await numbers(second)).toEqual(await numbers(whole))
  })
})

describe('the split', () => {
  test('holds out as many as are asked for, by the seed, and trains on all others', async () => {
    const split = await splitFolder(open('grey'), { heldOut: 2, seed: 3 })
    expect(split.heldOut).toHaveLength(2)
    expect([...split.heldOut, ...split.train].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(await splitFolder(open('grey'), { heldOut: 2, seed: 3 })).toEqual(split)
    const others = await Promise.all([4, 5, 6, 7].map((seed) => splitFolder(open('grey'), { heldOut: 2, seed })))
    expect(others.some(({ heldOut }) => heldOut.join() !== split.heldOut.join())).toBe(true)
  })

  test('holds out a quarter at most, and none where none is wanted', async () => {
    expect((await splitFolder(open('grey'), { heldOut: 8, seed: 0 })).heldOut).toHaveLength(2)
    expect((await splitFolder(open('grey'), { heldOut: 0, seed: 0 })).heldOut).toHaveLength(0)
  })

  test('holds out images that can be decoded', async () => {
    const folder = withDamage('mostly-damaged', [0, 1, 2, 3, 4, 5, 6])
    for (const seed of [0, 1, 2, 3]) {
      const { heldOut } = await splitFolder(folder, { heldOut: 2, seed })
      expect(heldOut.every((index) => index >= 7)).toBe(true)
    }
  })

  test('fails where nothing is left to train on', async () => {
    const folder = withDamage('one-whole', [1, 2, 3, 4, 5, 6, 7, 8, 9])
    await expect(splitFolder(folder, { heldOut: 1, seed: 0 })).rejects.toThrow('is left to train on')
  })
})
