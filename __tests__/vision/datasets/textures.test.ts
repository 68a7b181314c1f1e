import { afterAll, describe, expect, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { TEXTURE_CLASSES, decodeMask, makeTextures, type TextureOptions } from '../../../src/vision/datasets'
import { generatorOf, paintScene } from '../../../src/vision/datasets/scenes'

const root = mkdtempSync(join(tmpdir(), 'pixelcl-textures-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const few: TextureOptions = { train: 4, heldOut: 2, size: 32, seed: 5 }
let folders = 0
const newFolder = () => join(root, String(folders++))

/** A digest of every file below a folder. */
function contentsOf(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((file) => join(file.parentPath, file.name)).sort()
  return paths.map((path) => `${path.slice(folder.length)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`)
}

describe('scenes', () => {
  test('hang on the seed alone', () => {
    expect(paintScene(generatorOf(3), 48)).toEqual(paintScene(generatorOf(3), 48))
    expect(paintScene(generatorOf(4), 48).rgb).not.toEqual(paintScene(generatorOf(3), 48).rgb)
  })

  test('keep their bytes from version to version', () => {
    const { rgb, mask } = paintScene(generatorOf(0), 64)
    const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16)
    expect([digest(rgb), digest(mask)]).toMatchInlineSnapshot(`
     [
       "338596ce00a8d734",
       "4d150067dbc5640b",
     ]
    `)
  })

  test('show every class about as often as the others', () => {
    const random = generatorOf(1)
    const pixels = TEXTURE_CLASSES.map(() => 0)
    for (let i = 0; i < 200; i++) for (const kind of paintScene(random, 32).mask) pixels[kind]!++
    for (const count of pixels) {
      expect(count / (200 * 32 * 32)).toBeGreaterThan(0.12)
      expect(count / (200 * 32 * 32)).toBeLessThan(0.22)
    }
  })

  test('have colours of the image, not of the class', () => {
    // The mean colour of a class in an image, less that of the image: no class differs from the others by more than a few levels.
    const random = generatorOf(2)
    const sums = TEXTURE_CLASSES.map(() => [0, 0, 0])
    const counts = TEXTURE_CLASSES.map(() => 0)
    for (let i = 0; i < 60; i++) {
      const { rgb, mask } = paintScene(random, 64)
      const mean = [0, 1, 2].map(
        (channel) => rgb.filter((_, at) => at % 3 === channel).reduce((sum, value) => sum + value, 0) / mask.length,
      )
      mask.forEach((kind, at) => {
        counts[kind]!++
        for (let channel = 0; channel < 3; channel++) sums[kind]![channel]! += rgb[3 * at + channel]! - mean[channel]!
      })
    }
    sums.forEach((sum, kind) => {
      for (const channel of sum) expect(Math.abs(channel / counts[kind]!)).toBeLessThan(8)
    })
  })

  test('hold six to nine fields, each in one piece', () => {
    const { mask } = paintScene(generatorOf(7), 48)
    // Along a line from pixel to pixel the class seldom changes.
    let changes = 0
    for (let at = 1; at < mask.length; at++) if (at % 48 !== 0 && mask[at] !== mask[at - 1]) changes++
    expect(changes / mask.length).toBeGreaterThan(0.01)
    expect(changes / mask.length).toBeLessThan(0.1)
  })
})

describe('a folder of textures', () => {
  test('holds the same bytes for the same seed, and others for another', async () => {
    const [one, two, other] = [newFolder(), newFolder(), newFolder()]
    await Promise.all([makeTextures(one, few), makeTextures(two, few), makeTextures(other, { ...few, seed: 6 })])
    expect(contentsOf(two)).toEqual(contentsOf(one))
    expect(contentsOf(other)).not.toEqual(contentsOf(one))
  })

  test('is half PNG and half JPEG, in colour, and a lossless image has its exact mask', async () => {
    const set = await makeTextures(newFolder(), few)
    expect(readdirSync(set.train).sort()).toEqual(['0000.png', '0001.jpg', '0002.png', '0003.jpg'])
    expect(readdirSync(set.trainMasks).sort()).toEqual(['0000.png', '0001.png', '0002.png', '0003.png'])
    expect(readdirSync(set.heldOut)).toHaveLength(2)
    const scene = paintScene(generatorOf(few.seed!), 32)
    const { data, info } = await sharp(join(set.train, '0000.png')).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height, info.channels]).toEqual([32, 32, 3])
    expect(data).toEqual(Buffer.from(scene.rgb))
    const mask = await decodeMask(join(set.trainMasks, '0000.png'))
    expect(mask.size).toEqual([32, 32])
    expect(Buffer.from(mask.classes)).toEqual(Buffer.from(scene.mask))
  })

  test('that is whole is left as it is; with other options it is made anew', async () => {
    const folder = newFolder()
    const set = await makeTextures(folder, few)
    const painted = statSync(join(set.train, '0000.png')).mtimeMs
    await makeTextures(folder, few)
    expect(statSync(join(set.train, '0000.png')).mtimeMs).toBe(painted)
    await makeTextures(folder, { ...few, train: 2 })
    expect(readdirSync(set.train)).toHaveLength(2)
  })

  test('may be asked for by several at once, and no draft is left behind', async () => {
    const folder = join(newFolder(), 'deep', 'set')
    await Promise.all([1, 2, 3].map(() => makeTextures(folder, few)))
    expect(readdirSync(join(folder, '..'))).toEqual(['set'])
    expect(readdirSync(join(folder, 'train'))).toHaveLength(4)
  })

  test("never replaces what is not its own, a user's folder of the same name included", async () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'train'), { recursive: true })
    writeFileSync(join(folder, 'train', 'mine.jpg'), 'mine')
    await expect(makeTextures(folder, few)).rejects.toThrow(/holds other files \(train\): name one that is new or empty/)
    expect(existsSync(join(folder, 'train', 'mine.jpg'))).toBe(true)
    const file = newFolder()
    writeFileSync(file, '')
    await expect(makeTextures(file, few)).rejects.toThrow(/is a file/)
  })

  test.each<[object, string]>([
    [{ trian: 3 }, "unknown option 'trian' (did you mean 'train'?)"],
    [{ train: -1 }, 'train: expected a number above 0 but received -1'],
    [{ size: 'a' }, "size: expected a number but received 'a'"],
    [{ size: 0 }, 'size: expected a number above 0 but received 0'],
    [{ size: NaN }, 'size: expected a number but received NaN'],
  ])('is not made with wrong options: %j', async (options, message) => {
    const folder = newFolder()
    await expect(makeTextures(folder, options)).rejects.toThrow(message)
    expect(existsSync(folder)).toBe(false)
  })
})
