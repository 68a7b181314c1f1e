import { afterAll, describe, expect, test } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import * as torch from '../../../src/torch'
import { ImageFolder, decodeImage, imagesFromBytes, type ImageFolderOptions } from '../../../src/vision/datasets'
import { paletteColour, png, type Picture } from '../../support/png'

const root = mkdtempSync(join(tmpdir(), 'pixelcl-folder-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folders = 0
function newFolder(): string {
  const path = join(root, String(folders++))
  mkdirSync(path)
  return path
}

/** An image of one colour. */
const plain = (width: number, height: number, background: string | { r: number; g: number; b: number; alpha: number }) =>
  sharp({ create: { width, height, channels: typeof background === 'string' ? 3 : 4, background } })

/** Left half red, right half blue, `width` × `height`. */
async function halves(width: number, height: number): Promise<Sharp> {
  const blue = await plain(width / 2, height, '#0000ff')
    .png()
    .toBuffer()
  return plain(width, height, '#ff0000').composite([{ input: blue, left: width / 2, top: 0 }])
}

const pixel = (bytes: Uint8Array, width: number, y: number, x: number) => [...bytes.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)]

describe('a folder of images', () => {
  test('lists images of every kind in it and below, in order, hidden files and others left out', async () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'b', 'c'), { recursive: true })
    await plain(4, 4, '#102030').png().toFile(join(folder, 'z.png'))
    await plain(4, 4, '#102030')
      .jpeg()
      .toFile(join(folder, 'b', 'a.JPG'))
    await plain(4, 4, '#102030')
      .webp()
      .toFile(join(folder, 'b', 'c', 'x.webp'))
    await plain(4, 4, '#102030').tiff().toFile(join(folder, 'a.tif'))
    for (const name of ['.hidden.png', 'notes.txt', 'png']) writeFileSync(join(folder, name), 'no image')
    const images = new ImageFolder(folder, { size: [4, 4] })
    expect(images.files.map((file) => file.slice(folder.length))).toEqual(['/a.tif', '/b/a.JPG', '/b/c/x.webp', '/z.png'])
    expect((await images.loadAll([0, 1, 2, 3])).shape).toEqual([4, 3, 4, 4])
    expect(images.skipped.size).toBe(0)
  })

  test('leaves out files and folders that are excluded', async () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'masks'))
    for (const name of ['a.png', 'b.png', 'masks/a.png']) await plain(4, 4, '#102030').png().toFile(join(folder, name))
    const filesWithout = (...exclude: string[]) =>
      new ImageFolder(folder, { size: [4, 4], exclude }).files.map((file) => file.slice(folder.length))
    expect(filesWithout(join(folder, 'masks'), join(folder, 'b.png'), join(folder, 'missing'))).toEqual(['/a.png'])
    expect(filesWithout()).toEqual(['/a.png', '/b.png', '/masks/a.png'])
  })

  test('follows links to files and folders, each folder once, and leaves out what is hidden, pipes and folders named like images', async () => {
    const [folder, elsewhere] = [newFolder(), newFolder()]
    for (const path of [join(folder, '.cache'), join(folder, 'b.png'), join(elsewhere, 'c')]) mkdirSync(path)
    for (const path of [join(folder, 'a.png'), join(folder, '.cache', 'x.png'), join(elsewhere, 'y.png'), join(elsewhere, 'c', 'z.png')])
      await plain(4, 4, '#102030').png().toFile(path)
    symlinkSync(elsewhere, join(folder, 'link'))
    symlinkSync(elsewhere, join(folder, 'other link'))
    symlinkSync(folder, join(elsewhere, 'c', 'up'))
    symlinkSync(join(elsewhere, 'y.png'), join(folder, 'd.png'))
    execFileSync('mkfifo', [join(folder, 'pipe.png')])
    const images = new ImageFolder(folder, { size: [4, 4] })
    expect(images.files.map((file) => file.slice(folder.length))).toEqual(['/a.png', '/d.png', '/link/c/z.png', '/link/y.png'])
    expect((await images.loadAll([0, 1, 2, 3])).shape).toEqual([4, 3, 4, 4])
    expect(images.unreadable.size).toBe(0)
  })

  test('tells of links that lead nowhere and of folders that cannot be read, and takes the others', async () => {
    const folder = newFolder()
    await plain(4, 4, '#102030').png().toFile(join(folder, 'a.png'))
    symlinkSync(join(folder, 'none'), join(folder, 'b.png'))
    mkdirSync(join(folder, 'lost+found'), { mode: 0 })
    const images = new ImageFolder(folder, { size: [4, 4] })
    expect(images.files).toEqual([join(folder, 'a.png')])
    const expected: [string, string][] = [[join(folder, 'b.png'), 'no such file or directory (ENOENT)']]
    // Root may read what it likes.
    if (process.getuid?.() !== 0) expected.push([join(folder, 'lost+found'), 'permission denied (EACCES)'])
    expect([...images.unreadable]).toEqual(expected)
    expect([...images.skipped]).toEqual(expected)
    expect(images.readable).toBe(1)
  })

  test('tells of images of other formats, and takes the others', async () => {
    const folder = newFolder()
    const other = join(folder, 'IMG_1.HEIC')
    writeFileSync(other, 'heic')
    expect(() => new ImageFolder(folder, { size: [4, 4] })).toThrow(
      `1 file of other formats is not read, such as ${other}: convert it to JPEG or PNG`,
    )
    await plain(4, 4, '#102030').png().toFile(join(folder, 'a.png'))
    const images = new ImageFolder(folder, { size: [4, 4] })
    expect(images).toMatchObject({ length: 1, readable: 1 })
    expect([...images.skipped]).toEqual([[other, '.HEIC is not read: convert it to JPEG or PNG']])
  })

  test('of folders that cannot be read alone says so', () => {
    const folder = newFolder()
    symlinkSync('/nowhere', join(folder, 'photos'))
    expect(() => new ImageFolder(folder, { size: [8, 8] })).toThrow(
      /holds no images.*1 could not be read, the first of them .*photos: no such file or directory \(ENOENT\)/,
    )
  })

  test('gives float32 in 0…1, channels first', async () => {
    const folder = newFolder()
    await plain(6, 6, '#ff8000').png().toFile(join(folder, 'a.png'))
    const image = (await new ImageFolder(folder, { size: [2, 2] }).load(0))!
    expect(image.dtype).toBe('float32')
    expect(image.select(1, 0).select(1, 0)).toBeAllclose([1, 128 / 255, 0])
  })

  test('skips a damaged file, says why, and gives the others', async () => {
    const folder = newFolder()
    const good = await plain(32, 32, '#808080').jpeg().toBuffer()
    writeFileSync(join(folder, 'a.jpg'), good)
    writeFileSync(join(folder, 'b.jpg'), good.subarray(0, good.length / 2))
    writeFileSync(join(folder, 'c.png'), 'this is text')
    writeFileSync(join(folder, 'd.png'), '')
    const images = new ImageFolder(folder, { size: [8, 8] })
    expect((await images.loadAll([0, 1, 2, 3])).shape).toEqual([1, 3, 8, 8])
    expect([...images.skipped.keys()].map((file) => file.slice(folder.length))).toEqual(
      expect.arrayContaining(['/b.jpg', '/c.png', '/d.png']),
    )
    expect(images.skipped.size).toBe(3)
    for (const reason of images.skipped.values()) expect(reason).not.toBe('')
    expect(await images.load(1)).toBeNull()
  })

  test('knows what is no image by the first bytes of each file, before any is decoded', async () => {
    const folder = newFolder()
    const good = await plain(32, 32, '#808080').jpeg().toBuffer()
    for (let i = 0; i < 70; i++) writeFileSync(join(folder, `${i}.jpg`), i % 10 === 3 ? '' : good)
    writeFileSync(join(folder, 'half.jpg'), good.subarray(0, good.length / 2))
    const images = new ImageFolder(folder, { size: [1, 1] })
    expect([images.length, images.readable]).toEqual([71, 71])
    await images.check()
    expect([...images.skipped]).toHaveLength(7)
    expect(new Set(images.skipped.values())).toEqual(new Set(['the file is empty']))
    const other = images.resized([8, 8], 'stretch')
    expect([other.length, other.readable, other.size]).toEqual([71, 64, [8, 8]])
    expect(await other.load(other.files.indexOf(join(folder, 'half.jpg')))).toBeNull()
    expect([images.readable, other.readable]).toEqual([63, 63])
  })

  test('does not hold a file for damaged that could not be read once', async () => {
    const folder = newFolder()
    await plain(4, 4, '#102030').png().toFile(join(folder, 'a.png'))
    await plain(4, 4, '#102030').png().toFile(join(folder, 'b.png'))
    // Reading where nothing is mapped is EIO, as of a disk that fails.
    symlinkSync('/proc/self/mem', join(folder, 'c.png'))
    const images = new ImageFolder(folder, { size: [4, 4] })
    renameSync(join(folder, 'b.png'), join(folder, 'b'))
    expect(await images.load(1)).toBeNull()
    expect(images.skipped.get(join(folder, 'b.png'))).toBe('no such file or directory (ENOENT)')
    renameSync(join(folder, 'b'), join(folder, 'b.png'))
    expect(await images.load(1)).not.toBeNull()
    expect(images.skipped.size).toBe(0)
    if (process.platform === 'linux') {
      expect(await images.load(2)).toBeNull()
      expect(images.skipped.get(join(folder, 'c.png'))).toBe('i/o error (EIO)')
    }
  })

  test('of nothing but damaged files is an error that names the first and its reason', async () => {
    const folder = newFolder()
    for (const name of ['a.jpg', 'b.png']) writeFileSync(join(folder, name), 'no image')
    const images = new ImageFolder(folder, { size: [8, 8] })
    await expect(images.loadAll([0, 1])).rejects.toThrow(/none of the 2 image files in .* can be decoded; the first, .*: \S/)
  })

  test('that is empty, missing or a file is a specific error', () => {
    const folder = newFolder()
    expect(() => new ImageFolder(folder, { size: [8, 8] })).toThrow(/holds no images: expected files ending in .avif, .*\.webp/)
    expect(() => new ImageFolder(join(folder, 'none'), { size: [8, 8] })).toThrow(/does not exist/)
    writeFileSync(join(folder, 'file.png'), '')
    expect(() => new ImageFolder(join(folder, 'file.png'), { size: [8, 8] })).toThrow(/is a file/)
  })
})

describe('wrong arguments are named', () => {
  test('a size that is none, an index that is not there, bytes of another size', async () => {
    const folder = newFolder()
    await plain(4, 4, '#102030').png().toFile(join(folder, 'a.png'))
    for (const size of [[0, 8], [8], [8.5, 8], 8]) {
      expect(() => new ImageFolder(folder, { size: size as unknown as [number, number] })).toThrow(
        /expected a size \[height, width\] in whole pixels but received/,
      )
    }
    const wrong = (options?: object) => () => new ImageFolder(folder, options as ImageFolderOptions)
    expect(wrong({ size: [8, 8], resize: 'foo' })).toThrow("resize: expected one of crop, stretch but received 'foo'")
    expect(wrong({ size: [8, 8], resise: 'crop' })).toThrow("unknown option 'resise' (did you mean 'resize'?)")
    expect(wrong()).toThrow('ImageFolder: expected an object with size but received undefined')
    const file = join(folder, 'a.png')
    await expect(decodeImage(file, [4, 4], 'foo' as 'crop')).rejects.toThrow("resize: expected one of crop, stretch but received 'foo'")
    await expect(decodeImage(file, [4] as never)).rejects.toThrow('expected a size [height, width] in whole pixels but received [4]')
    const images = new ImageFolder(folder, { size: [8, 8] })
    await expect(images.load(1)).rejects.toThrow(/there is no image 1: the folder .* has 1, numbered from 0/)
    expect(images.skipped.size).toBe(0)
    expect(() => imagesFromBytes([new Uint8Array(11)], [2, 2])).toThrow(
      'expected 12 bytes for an image, three for each pixel of 2 × 2, but received 11',
    )
  })
})

describe('a batch drawn by chance', () => {
  test('hangs on the seed, has each image once, and takes another for a damaged one', async () => {
    const folder = newFolder()
    for (let i = 0; i < 8; i++)
      await plain(4, 4, { r: 10 * i, g: 0, b: 0, alpha: 1 })
        .png()
        .toFile(join(folder, `${i}.png`))
    writeFileSync(join(folder, '3.png'), 'damaged')
    const images = new ImageFolder(folder, { size: [2, 2] })
    const draw = async (seed: number, count: number) => {
      torch.manualSeed(seed)
      const batch = await images.sample(count)
      return batch.select(1, 0).select(1, 0).select(1, 0).mul(25.5).round().tolist() as number[]
    }
    expect(await draw(1, 5)).toEqual(await draw(1, 5))
    expect(await draw(2, 5)).not.toEqual(await draw(1, 5))
    expect((await draw(3, 7)).sort()).toEqual([0, 1, 2, 4, 5, 6, 7])
    expect(await draw(4, 20)).toHaveLength(7)
    await expect(images.sample(0)).rejects.toThrow(/sample\(count\) takes a positive whole number but received 0/)
  })
})

describe('an image is decoded', () => {
  test('upright, as its EXIF orientation says, before it is resized', async () => {
    const path = join(newFolder(), 'turned.jpg')
    // Orientation 6: the stored left is the upright top.
    await (await halves(64, 32)).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).withMetadata({ orientation: 6 }).toFile(path)
    const bytes = await decodeImage(path, [64, 32])
    expect(pixel(bytes, 32, 8, 16)[0]).toBeGreaterThan(240)
    expect(pixel(bytes, 32, 56, 16)[2]).toBeGreaterThan(240)
    expect(pixel(bytes, 32, 8, 16)[2]).toBeLessThan(15)
  })

  test("with 'crop' its middle is cut out, with 'stretch' all of it stays", async () => {
    const path = join(newFolder(), 'wide.png')
    const band = await plain(20, 40, '#00ff00').png().toBuffer()
    await plain(120, 40, '#ff0000')
      .composite([{ input: band, left: 0, top: 0 }])
      .png()
      .toFile(path)
    const cropped = await decodeImage(path, [40, 40], 'crop')
    const stretched = await decodeImage(path, [40, 40], 'stretch')
    expect(pixel(cropped, 40, 20, 1)).toEqual([255, 0, 0])
    expect(pixel(stretched, 40, 20, 1)).toEqual([0, 255, 0])
  })

  test('to three channels of 8 bits, whatever it has: grey, 16 bits, transparency', async () => {
    const folder = newFolder()
    const grey = join(folder, 'grey.png')
    await sharp(new Uint8Array(64).fill(77), { raw: { width: 8, height: 8, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(grey)
    const deep = join(folder, 'deep.png')
    await sharp(new Uint16Array(8 * 8 * 3).fill(0x8080), { raw: { width: 8, height: 8, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toFile(deep)
    const clear = join(folder, 'clear.png')
    await plain(8, 8, { r: 255, g: 255, b: 255, alpha: 0.5 }).png().toFile(clear)
    for (const [path, expected] of [
      [grey, 77],
      [deep, 128],
      [clear, 255],
    ] as const) {
      // prettier-ignore
      const bytes = await decodeImage(path, [8, 8])
      expect(bytes).toHaveLength(8 * 8 * 3)
      for (const value of pixel(bytes, 8, 3, 3)) expect(Math.abs(value - expected)).toBeLessThanOrEqual(1)
    }
  })

  describe('without its transparency, whose colours stay', () => {
    const [width, height] = [8, 8]
    /** A left half in one colour, wholly transparent, and a right half in another, half transparent. */
    const pixels = <T>(left: T, right: T) => Array.from({ length: width * height }, (_, i) => (i % width < 4 ? left : right))
    const half = (...samples: number[]) => samples.map((value) => value * 257)
    const keyed = (...samples: number[]) => Uint8Array.from(samples.flatMap((sample) => [0, sample]))
    const [left, right] = [[200, 40, 90], [10, 250, 60]] as const // prettier-ignore
    const palette = [paletteColour(1), paletteColour(3)] as const

    test.each<[string, Pick<Picture, 'type' | 'depth' | 'transparency'>, (readonly number[])[], (readonly number[])[]]>([
      [
        'RGBA',
        { type: 6, depth: 8 },
        [
          [...left, 0],
          [...right, 128],
        ],
        [left, right],
      ],
      ['RGBA of 16 bits', { type: 6, depth: 16 }, [half(...left, 0), half(...right, 128)], [left, right]],
      [
        'grey with alpha',
        { type: 4, depth: 8 },
        [
          [200, 0],
          [10, 128],
        ],
        [
          [200, 200, 200],
          [10, 10, 10],
        ],
      ],
      [
        'grey with alpha of 16 bits',
        { type: 4, depth: 16 },
        [half(200, 0), half(10, 128)],
        [
          [200, 200, 200],
          [10, 10, 10],
        ],
      ],
      ['a palette', { type: 3, depth: 8, transparency: Uint8Array.of(255, 0, 255, 128) }, [[1], [3]], [...palette]],
      ['RGB with one transparent colour', { type: 2, depth: 8, transparency: keyed(...left) }, [[...left], [...right]], [left, right]],
      [
        'grey with one transparent value',
        { type: 0, depth: 8, transparency: keyed(200) },
        [[200], [10]],
        [
          [200, 200, 200],
          [10, 10, 10],
        ],
      ],
    ])('%s', async (_, kind, [clear, faint], expected) => {
      const path = join(newFolder(), 'clear.png')
      writeFileSync(path, png({ ...kind, width, height, samples: pixels(clear!, faint!).flat() }))
      // PIL's convert('RGB') gives these bytes.
      const opaque = Uint8Array.from(pixels(expected[0]!, expected[1]!).flat())
      expect([...(await decodeImage(path, [height, width]))]).toEqual([...opaque])
      const same = join(newFolder(), 'opaque.png')
      await sharp(opaque, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(same)
      for (const size of [
        [4, 4],
        [3, 5],
        [16, 16],
      ] as const)
        // prettier-ignore
        for (const resize of ['crop', 'stretch'] as const)
          expect(await decodeImage(path, size, resize)).toEqual(await decodeImage(same, size, resize))
    })

    test('upright where its EXIF orientation turns it', async () => {
      const path = join(newFolder(), 'turned.png')
      const raw = Uint8Array.from(pixels([...left, 0], [...right, 128]).flat())
      // Orientation 6: the stored left is the upright top.
      await sharp(raw, { raw: { width, height, channels: 4 } }).png().withMetadata({ orientation: 6 }).toFile(path) // prettier-ignore
      const bytes = await decodeImage(path, [height, width])
      expect([pixel(bytes, width, 1, 1), pixel(bytes, width, 1, 6), pixel(bytes, width, 6, 1)]).toEqual([left, left, right])
      expect(pixel(await decodeImage(path, [2, 2]), 2, 0, 1)[0]).toBeGreaterThan(180)
    })

    test('and where a half of the file is missing it is damaged as without', async () => {
      const path = join(newFolder(), 'cut.png')
      const samples = Array.from({ length: 64 * 64 * 4 }, (_, i) => (i * i * 31) % 251)
      const file = png({ type: 6, depth: 8, width: 64, height: 64, samples })
      writeFileSync(path, file.subarray(0, file.length >> 1))
      await expect(decodeImage(path, [8, 8])).rejects.toThrow('the PNG ends early')
    })
  })

  test('of four inks in the colours of its profile', async () => {
    const path = join(newFolder(), 'inks.jpg')
    await plain(16, 16, '#c8285a').toColourspace('cmyk').jpeg({ quality: 100 }).toFile(path)
    expect((await sharp(path).metadata()).space).toBe('cmyk')
    const [red, green, blue] = pixel(await decodeImage(path, [8, 8]), 8, 4, 4)
    expect(Math.abs(red! - 200)).toBeLessThan(20)
    expect(Math.abs(green! - 40)).toBeLessThan(30)
    expect(Math.abs(blue! - 90)).toBeLessThan(20)
  })

  test('the bytes of several make one batch', () => {
    const images = imagesFromBytes([new Uint8Array(12).fill(255), Uint8Array.from({ length: 12 }, (_, i) => i)], [2, 2])
    expect(images.shape).toEqual([2, 3, 2, 2])
    expect(images.isContiguous()).toBe(true)
    expect(images.select(0, 1).mul(255)).toBeAllclose([
      [
        [0, 3],
        [6, 9],
      ],
      [
        [1, 4],
        [7, 10],
      ],
      [
        [2, 5],
        [8, 11],
      ],
    ])
  })
})
