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
    expect(paintScene(generatorOf(4), 48).grey).not.toEqual(paintScene(generatorOf(3), 48).grey)
  })

  test('keep their bytes from version to version', () => {
    const { grey, mask } = paintScene(generatorOf(0), 64)
    const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16)
    expect([digest(grey), digest(mask)]).toMatchInlineSnapshot(`
      [
        "ccf075ae2fcee66e",
        "38072683829f9c5a",
      ]
    `)
  })

  test('show every class about as often as the others, in grey levels that do not tell it', () => {
    const random = generatorOf(1)
    const pixels = TEXTURE_CLASSES.map(() => ({ count: 0, sum: 0 }))
    for (let i = 0; i < 200; i++) {
      const { grey, mask } = paintScene(random, 32)
      mask.forEach((kind, at) => {
        pixels[kind]!.count++
        pixels[kind]!.sum += grey[at]!
      })
    }
    const total = 200 * 32 * 32
    for (const { count, sum } of pixels) {
      expect(count / total).toBeGreaterThan(0.1)
      expect(count / total).toBeLessThan(0.25)
      // The mean level of a region is drawn from 0.4 to 0.6.
      expect(Math.abs(sum / count / 255 - 0.5)).toBeLessThan(0.06)
    }
  })
})

describe('a folder of textures', () => {
  test('holds the same bytes for the same seed, and others for another', async () => {
    const [one, two, other] = [newFolder(), newFolder(), newFolder()]
    await Promise.all([makeTextures(one, few), makeTextures(two, few), makeTextures(other, { ...few, seed: 6 })])
    expect(contentsOf(two)).toEqual(contentsOf(one))
    expect(contentsOf(other)).not.toEqual(contentsOf(one))
  })

  test('is half PNG and half JPEG, grey in three channels, and a lossless image has its exact mask', async () => {
    const set = await makeTextures(newFolder(), few)
    expect(readdirSync(set.train).sort()).toEqual(['0000.png', '0001.jpg', '0002.png', '0003.jpg'])
    expect(readdirSync(set.trainMasks).sort()).toEqual(['0000.png', '0001.png', '0002.png', '0003.png'])
    expect(readdirSync(set.heldOut)).toHaveLength(2)
    const scene = paintScene(generatorOf(few.seed!), 32)
    const { data, info } = await sharp(join(set.train, '0000.png')).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height, info.channels]).toEqual([32, 32, 3])
    expect(data.filter((_, i) => i % 3 === 1)).toEqual(Buffer.from(scene.grey))
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
