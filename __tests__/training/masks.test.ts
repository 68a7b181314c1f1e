import { describe, expect, test } from '@jest/globals'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import sharp from 'sharp'
import { classesIn, ignoredNumber, readClassNames, type ClassRules } from '../../src/training/masks/classes'
import { givenMasks } from '../../src/training/masks/given'
import { loadMasks } from '../../src/training/masks/load'
import { matchMasks } from '../../src/training/masks/match'
import type { ImageFolder } from '../../src/vision/datasets'
import { temporary } from '../support/files'

let folders = 0

/** A folder with empty files of these names. */
function folderOf(...names: string[]): string {
  const folder = temporary(`folder-${folders++}`)
  mkdirSync(folder)
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), '')
  }
  return folder
}

/** Which image has which mask, by their paths in the folders. */
function matched(images: readonly string[], masks: readonly string[]): { of: object; unmatched: string[] } {
  const [data, folder] = [folderOf(...images), folderOf(...masks)]
  const { of, unmatched } = matchMasks(
    folder,
    data,
    images.map((name) => join(data, name)),
  )
  const pairs = [...of].map(([image, mask]) => [relative(data, image), relative(folder, mask)])
  return { of: Object.fromEntries(pairs) as object, unmatched: unmatched.map((mask) => relative(folder, mask)) }
}

describe('masks are matched to images', () => {
  test('by their path without the extension, for a part of the images, too', () => {
    expect(matched(['a.jpg', 'b/a.jpg', 'b/c.jpg', 'd.jpg'], ['a.png', 'b/a.png', 'b/c.tif', 'e.png'])).toEqual({
      of: { 'a.jpg': 'a.png', 'b/a.jpg': 'b/a.png', 'b/c.jpg': 'b/c.tif' },
      unmatched: ['e.png'],
    })
  })

  test('with an ending such as _mask, and behind the extension of the image', () => {
    expect(matched(['a.jpg', 'b.jpg', 'c.png', 'd.jpg'], ['a_mask.png', 'b-labels.png', 'c.png', 'c_mask.png', 'd.jpg.png']).of).toEqual({
      'a.jpg': 'a_mask.png',
      'b.jpg': 'b-labels.png',
      'c.png': 'c.png',
      'd.jpg': 'd.jpg.png',
    })
  })

  test('by the name alone where the folders differ and the name occurs once', () => {
    expect(matched(['train/a.jpg', 'train/b.jpg', 'test/b.jpg'], ['a.png', 'b.png'])).toEqual({
      of: { 'train/a.jpg': 'a.png' },
      unmatched: ['b.png'],
    })
  })

  test('in one folder and in a folder below the images, where masks are no images', () => {
    const one = folderOf('a.jpg', 'a_mask.png', 'b.jpg', 'b.png')
    const all = ['a.jpg', 'a_mask.png', 'b.jpg', 'b.png'].map((name) => join(one, name))
    const inOne = matchMasks(one, one, all)
    expect([...inOne.of]).toEqual([
      [join(one, 'a.jpg'), join(one, 'a_mask.png')],
      [join(one, 'b.jpg'), join(one, 'b.png')],
    ])
    expect(inOne).toMatchObject({ unmatched: [], exclude: [join(one, 'a_mask.png'), join(one, 'b.png')] })
    const above = folderOf('a.png', 'masks/a.png')
    const below = matchMasks(join(above, 'masks'), above, [join(above, 'a.png'), join(above, 'masks', 'a.png')])
    expect([...below.of]).toEqual([[join(above, 'a.png'), join(above, 'masks', 'a.png')]])
    expect(below.exclude).toEqual([join(above, 'masks')])
  })

  test('or to none, with an error that says what a name should be', () => {
    expect(() => matched(['a/x.jpg'], ['y.png'])).toThrow(
      /none of the 1 masks in \S+ \(masks\) has the name of an image in \S+: for \S+x\.jpg a mask would be a\/x\.png or a\/x_mask\.png in it, but it has y\.png/,
    )
    const one = folderOf('a.png', 'b.png')
    expect(() => matchMasks(one, one, [join(one, 'a.png'), join(one, 'b.png')])).toThrow(
      /no file is the mask of another: for \S+a\.png it would be a_mask\.png/,
    )
    expect(() => matched(['a.jpg'], ['a.txt'])).toThrow(
      /holds no masks: expected files ending in \.bmp, .*\.tiff, in it or in folders below$/,
    )
    expect(() => matchMasks(temporary('missing'), folderOf('a.jpg'), [])).toThrow(/the folder of masks \S+ does not exist/)
  })
})

describe('masks as JPEG, which changes class numbers,', () => {
  const hint = /such as \S+\.jpg cannot be masks, for JPEG, WebP and AVIF change class numbers: write masks as PNG where they are made/

  test('are refused with a word why, and what to do', () => {
    expect(() => matched(['a.jpg'], ['a.jpg'])).toThrow(/holds no masks: expected files ending in .*below\. 1 file such as/)
    expect(() => matched(['a.jpg'], ['a.jpg'])).toThrow(hint)
    const one = folderOf('a.jpg', 'a_mask.jpg')
    expect(() => matchMasks(one, one, [join(one, 'a.jpg'), join(one, 'a_mask.jpg')])).toThrow(hint)
    expect(() => matched(['a.jpg'], ['a.jpg', 'b/other.png'])).toThrow(hint)
  })

  test('are told of where others are taken; images among the masks are none', () => {
    const [data, masks] = [folderOf('a.jpg', 'b.jpg'), folderOf('a.jpg', 'b.png')]
    const images = ['a.jpg', 'b.jpg'].map((name) => join(data, name))
    const said: string[] = []
    const say = (text: unknown) => void said.push(String(text))
    const folder = { path: data, files: images } as unknown as ImageFolder
    expect([...givenMasks({ masks, heldOut: 1 }, folder, say)!.of.values()]).toEqual([join(masks, 'b.png')])
    expect(said).toEqual([expect.stringMatching(/^warning: 1 file such as/)])
    expect(said[0]).toMatch(hint)
    const one = folderOf('a.jpg', 'a_mask.png')
    expect(matchMasks(one, one, [join(one, 'a.jpg'), join(one, 'a_mask.png')]).lossy).toEqual([])
  })
})

function namesFile(text: string): string {
  const file = temporary(`names-${folders++}.txt`)
  writeFileSync(file, text)
  return file
}

describe('names of classes', () => {
  test('stand one on a line, or behind a number of their own', () => {
    expect([...readClassNames(namesFile('\uFEFFsky\r\nold road\n\nsea\n\n'))]).toEqual([[0, 'sky'], [1, 'old road'], [3, 'sea']]) // prettier-ignore
    expect([...readClassNames(namesFile('0: sky\n11 old road\n255,void'))]).toEqual([[0, 'sky'], [11, 'old road'], [255, 'void']]) // prettier-ignore
  })

  test('that cannot be read are refused', () => {
    expect(() => readClassNames(temporary('no-names.txt'))).toThrow(/the file of class names \S+ \(maskClasses\) does not exist/)
    expect(() => readClassNames(namesFile('\n'))).toThrow('is empty: expected a name on each line, the first of class 0')
    expect(() => readClassNames(namesFile('1 a\n1 b'))).toThrow('names class 1 twice')
  })

  test('tell which class is ignored: 255 where nothing is said', () => {
    const names = new Map([[0, 'sky'], [7, 'void']]) // prettier-ignore
    expect([undefined, 3, 'void', 'none'].map((given) => ignoredNumber(given, names))).toEqual([255, 3, 7, null])
    expect(() => ignoredNumber('viod', names)).toThrow("maskIgnore: there is no class 'viod' (did you mean 'void'?)")
    expect(() => ignoredNumber('void', null)).toThrow("expected a class number or none but received 'void'; names need maskClasses")
  })
})

describe('the classes of masks', () => {
  const usual: ClassRules = { names: null, namesFile: undefined, ignored: 255, isIgnoredGiven: false }
  const classes = (numbers: readonly number[], rules: Partial<ClassRules> = {}) =>
    classesIn(new Map([['m/a.png', new Set(numbers)], ['m/b.png', new Set([numbers[0]!])]]), { ...usual, ...rules }) // prettier-ignore

  test('are those that occur, in the order of their numbers', () => {
    expect(classes([7, 255, 0])).toEqual({ numbers: [0, 7], names: ['class 0', 'class 7'] })
    const names = new Map([[0, 'sky'], [7, 'sea'], [8, 'ship']]) // prettier-ignore
    expect(classes([7, 0], { names, namesFile: 'names.txt' }).names).toEqual(['sky', 'sea'])
  })

  test.each<[string, number[], Partial<ClassRules>, string]>([
    ['a number without a name', [0, 9], { names: new Map([[0, 'sky']]), namesFile: 'names.txt' }, 'the mask m/a.png holds class 9, which has no name in names.txt (1 name): name it there, or ignore it with maskIgnore: 9'],
    ['nothing but the ignored class', [255], {}, 'all pixels of the 2 masks that are measured are 255, which is ignored: see maskIgnore'],
    ['black and white', [0, 255], {}, "if 255 is a class, as in masks of black and white, say maskIgnore: 'none'"],
    ['one class', [4, 255], { isIgnoredGiven: true }, 'hold one class, 4: at least two are needed to tell apart'],
    ['instances', Array.from({ length: 1001 }, (_, i) => 1000 + i), {}, 'hold 1001 numbers, too many for classes (at most 1000): masks of instances cannot be measured'],
  ])('%s: is refused', (_, numbers, rules, message) => expect(() => classes(numbers, rules)).toThrow(message)) // prettier-ignore
})

describe('loaded masks', () => {
  const rules: ClassRules = { names: null, namesFile: undefined, ignored: 255, isIgnoredGiven: false }

  /** A grey PNG of these rows. */
  async function written(name: string, rows: readonly (readonly number[])[]): Promise<string> {
    const file = temporary(name)
    const raw = { width: rows[0]!.length, height: rows.length, channels: 1 as const }
    await sharp(Uint8Array.from(rows.flat()), { raw }).toColourspace('b-w').png().toFile(file)
    return file
  }

  test('have the size of the images, classes from 0, and one number more for all that does not count', async () => {
    const mask = await written('mask.png', [[9, 9, 4, 255], [9, 9, 4, 4]]) // prettier-ignore
    const image = await written(
      'image.png',
      Array.from({ length: 4 }, () => Array.from({ length: 8 }, () => 1)),
    )
    const { classes, masks } = await loadMasks({ size: [2, 2], resize: 'crop' }, [[image], ['without.png', image]], new Map([[image, mask]]), rules) // prettier-ignore
    expect(classes).toEqual(['class 4', 'class 9'])
    expect(masks.map((tensor) => tensor.tolist())).toEqual([[[[1, 0], [1, 0]]], [[[2, 2], [2, 2]], [[1, 0], [1, 0]]]]) // prettier-ignore
    const { masks: stretched } = await loadMasks({ size: [2, 4], resize: 'stretch' }, [[image]], new Map([[image, mask]]), rules)
    expect(stretched[0]!.tolist()).toEqual([[[1, 1, 0, 2], [1, 1, 0, 0]]]) // prettier-ignore
  })

  test('of another shape than their image, of colours and damaged ones are refused by name', async () => {
    const image = await written('tall.png', [[1], [1], [1], [1], [1], [1]])
    const load = (mask: string) => loadMasks({ size: [2, 2], resize: 'crop' }, [[image]], new Map([[image, mask]]), rules)
    await expect(load(await written('wide.png', [[0, 1, 1, 1, 1, 1]]))).rejects.toThrow(
      /the mask \S+wide\.png has 1 × 6 pixels \(height × width\), and its image \S+tall\.png 6 × 1 pixels \(height × width\): a mask may be larger or smaller, but needs the aspect ratio of its image\. The image is turned/,
    )
    const damaged = temporary('damaged.png')
    writeFileSync(damaged, 'no mask')
    await expect(load(damaged)).rejects.toMatchObject({ code: 'FILE', message: expect.stringMatching(/the mask \S+damaged\.png cannot be decoded: it is no image/) as unknown }) // prettier-ignore
  })
})
