import { expect, describe, test } from '@jest/globals'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { IMAGE_EXTENSIONS, ImageFolder, decodeImage, decodeMask } from '../../../src/vision/datasets'
import { temporary } from '../../support/files'

/** Two lines of three pixels. */
const [red, green, blue, white, grey, black] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
  [128, 128, 128],
  [0, 0, 0],
] as const
const image = [red, green, blue, white, grey, black]
const indices = [
  [0, 1, 2],
  [3, 4, 5],
]

async function decoded(name: string, file: Buffer, size: readonly [number, number] = [2, 3]): Promise<number[][]> {
  const path = temporary(name)
  writeFileSync(path, file)
  const bytes = await decodeImage(path, size)
  return Array.from({ length: bytes.length / 3 }, (_, i) => [...bytes.subarray(3 * i, 3 * i + 3)])
}

interface BitmapParts {
  readonly bits: number
  readonly lines: readonly (readonly number[])[]
  readonly compression?: number
  readonly palette?: readonly (readonly number[])[]
  readonly masks?: readonly number[]
  readonly height?: number
}

/** A BMP of lines of bytes, the lowest first, each padded to four bytes unless it is of runs. */
function bitmapOf({ bits, lines, compression = 0, palette = [], masks = [], height = 2 }: BitmapParts): Buffer {
  const isRuns = compression === 1 || compression === 2
  const pixels = Buffer.concat(
    lines.map((line) => Buffer.from([...line, ...Array<number>(isRuns ? 0 : (4 - (line.length % 4)) % 4).fill(0)])),
  )
  const colours = Buffer.from(palette.flatMap(([r, g, b]) => [b!, g!, r!, 0]))
  const fields = Buffer.alloc(4 * masks.length)
  masks.forEach((mask, i) => fields.writeUInt32LE(mask, 4 * i))
  const head = Buffer.alloc(54)
  head.write('BM')
  head.writeUInt32LE(54 + fields.length + colours.length, 10)
  head.writeUInt32LE(40, 14)
  head.writeInt32LE(3, 18)
  head.writeInt32LE(height, 22)
  head.writeUInt16LE(1, 26)
  head.writeUInt16LE(bits, 28)
  head.writeUInt32LE(compression, 30)
  return Buffer.concat([head, fields, colours, pixels])
}

const bgr = (pixels: readonly (readonly number[])[]) => pixels.flatMap(([r, g, b]) => [b!, g!, r!])
const [above, below] = [image.slice(0, 3), image.slice(3)]

describe('a BMP is read', () => {
  test.each<[string, BitmapParts]>([
    ['of 24 bits', { bits: 24, lines: [bgr(below), bgr(above)] }],
    ['from above', { bits: 24, lines: [bgr(above), bgr(below)], height: -2 }],
    ['of 32 bits', { bits: 32, lines: [below, above].map((line) => line.flatMap(([r, g, b]) => [b!, g!, r!, 7])) }],
    [
      'of 32 bits in fields',
      {
        bits: 32,
        compression: 3,
        masks: [0xff000000, 0xff0000, 0xff00],
        lines: [below, above].map((line) => line.flatMap(([r, g, b]) => [0, b!, g!, r!])),
      },
    ],
    ['of 8 bits', { bits: 8, palette: image, lines: [indices[1]!, indices[0]!] }],
    [
      'of 4 bits',
      {
        bits: 4,
        palette: image,
        lines: [
          [0x34, 0x50],
          [0x01, 0x20],
        ],
      },
    ],
    [
      'of 8 bits in runs',
      {
        bits: 8,
        compression: 1,
        palette: image,
        lines: [
          [1, 3, 1, 4, 1, 5, 0, 0],
          [0, 3, 0, 1, 2, 0, 0, 1],
        ],
      },
    ],
    [
      'of 4 bits in runs',
      {
        bits: 4,
        compression: 2,
        palette: image,
        lines: [
          [2, 0x34, 1, 0x50, 0, 0],
          [0, 3, 0x01, 0x20, 0, 1],
        ],
      },
    ],
  ])('%s', async (_, parts) => {
    expect(await decoded('image.bmp', bitmapOf(parts))).toEqual(image)
  })

  test('of 16 bits', async () => {
    const line = (values: readonly number[]) => values.flatMap((value) => [value & 255, value >> 8])
    const plain = bitmapOf({ bits: 16, lines: [line([0x7fff, 0x4210, 0]), line([0x7c00, 0x3e0, 0x1f])] })
    expect(await decoded('image.bmp', plain)).toEqual([red, green, blue, white, [132, 132, 132], black])
    const fields = { bits: 16, compression: 3, masks: [0xf800, 0x7e0, 0x1f] }
    const wide = bitmapOf({ ...fields, lines: [line([0xffff, 0x8410, 0]), line([0xf800, 0x7e0, 0x1f])] })
    expect(await decoded('image.bmp', wide)).toEqual([red, green, blue, white, [132, 130, 132], black])
  })

  test('of 1 bit', async () => {
    expect(await decoded('image.bmp', bitmapOf({ bits: 1, palette: [red, white], lines: [[0b01000000], [0b10100000]] }))).toEqual([
      white,
      red,
      white,
      red,
      white,
      red,
    ])
  })

  test('or refused where it is cut or damaged, whatever byte it is', async () => {
    for (const parts of [
      { bits: 24, lines: [bgr(below), bgr(above)] },
      {
        bits: 8,
        compression: 1,
        palette: image,
        lines: [
          [1, 3, 1, 4, 1, 5, 0, 0],
          [0, 3, 0, 1, 2, 0, 0, 1],
        ],
      },
    ]) {
      const whole = bitmapOf(parts)
      for (let length = 30; length < whole.length - 4; length++)
        await expect(decoded('cut.bmp', whole.subarray(0, length))).rejects.toThrow(
          /cut.bmp cannot be decoded: the BMP (is damaged|ends early)/,
        )
      for (let at = 2; at < 54; at++) {
        for (const value of [0, 1, 127, 255]) {
          const changed = Buffer.from(whole)
          changed[at] = value
          const outcome = await decoded('changed.bmp', changed).then(
            () => 'decoded',
            (error: Error) => error.message,
          )
          expect(outcome).toMatch(/^decoded|cannot be decoded: the BMP/)
        }
      }
    }
    const bomb = bitmapOf({ bits: 8, compression: 1, palette: image, lines: [[0, 1]] })
    bomb.writeInt32LE(16_000, 18)
    bomb.writeInt32LE(16_000, 22)
    await expect(decoded('bomb.bmp', bomb)).rejects.toThrow(/too few pixels/)
  })
})

describe('a PPM, PGM or PBM is read', () => {
  const binary = (head: string, values: readonly number[]) => Buffer.concat([Buffer.from(head), Buffer.from(values)])

  test.each<[string, Buffer, readonly (readonly number[])[]]>([
    ['of colours', binary('P6 3 2 255\n', image.flat()), image],
    ['of colours, with comments', binary('P6\n# made by hand\n3 2\n# more\n255\n', image.flat()), image],
    ['of colours, as text', Buffer.from(`P3\n3 2\n255\n${image.flat().join(' ')}\n`), image],
    [
      'of 16 bits',
      binary(
        'P6 3 2 65535\n',
        image.flat().flatMap((value) => [value, value]),
      ),
      image,
    ],
    ['of few values', binary('P5 3 2 15\n', [0, 15, 5, 10, 3, 0]), [0, 255, 85, 170, 51, 0].map((value) => [value, value, value])],
    ['of grey, as text', Buffer.from('P2 3 2 255 0 255 85 170 51 0'), [0, 255, 85, 170, 51, 0].map((value) => [value, value, value])],
    ['of bits', binary('P4 3 2\n', [0b10100000, 0b01000000]), [black, white, black, white, black, white]],
    ['of bits, as text', Buffer.from('P1 3 2 101 0 1 0'), [black, white, black, white, black, white]],
  ])('%s', async (_, file, expected) => {
    expect(await decoded('image.ppm', file)).toEqual(expected)
  })

  test('or refused where it is cut or claims too much', async () => {
    const whole = binary('P6 3 2 255\n', image.flat())
    for (let length = 4; length < whole.length; length++)
      await expect(decoded('cut.ppm', whole.subarray(0, length))).rejects.toThrow(/the image (is truncated|is damaged|claims)/)
    await expect(decoded('large.pgm', Buffer.from('P5 100000 100000 255\n'))).rejects.toThrow(/claims 100000 × 100000 pixels/)
    await expect(decoded('high.pgm', Buffer.from('P2 1 1 9 10'), [1, 1])).rejects.toThrow(/a value is 10, above 9/)
    await expect(decoded('none.pgm', Buffer.from('P2 1 1 0 0'), [1, 1])).rejects.toThrow(/its highest value is 0/)
  })
})

test('folders of BMP, PPM and PGM are folders of images, and masks may be PGM', async () => {
  const folder = temporary('formats')
  mkdirSync(folder)
  writeFileSync(join(folder, 'a.bmp'), bitmapOf({ bits: 24, lines: [bgr(below), bgr(above)] }))
  writeFileSync(join(folder, 'b.ppm'), Buffer.concat([Buffer.from('P6 3 2 255\n'), Buffer.from(image.flat())]))
  writeFileSync(join(folder, 'c.PGM'), Buffer.from('P5 3 2 255\n\x00\x01\x02\x03\x04\x05', 'latin1'))
  const images = new ImageFolder(folder, { size: [2, 3] })
  expect((await images.loadAll([0, 1, 2])).shape).toEqual([3, 3, 2, 3])
  expect((await images.load(0))!).toEqualTensor((await images.load(1))!)
  expect([...(await decodeMask(join(folder, 'c.PGM'))).classes]).toEqual([0, 1, 2, 3, 4, 5])
})

test('the extensions are all that torchvision takes, and more', () => {
  expect(IMAGE_EXTENSIONS).toEqual(expect.arrayContaining(['.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp']))
})

describe('a GIF', () => {
  /** Written by PIL: four lines of red, green, blue, green, with green as the transparent colour. */
  const written = Buffer.from('R0lGODlhBAAEAIEAAP8AAAD/AAAA/wAAACH5BAEAAAEALAAAAAAEAAQAAAgOAAEEEBBAIEGDBQcGCAgAOw==', 'base64')
  const line = [red, green, blue, green]

  test("has its palette's colours where it is transparent, as PIL's convert('RGB') gives them", async () => {
    expect(await decoded('clear.gif', written, [4, 4])).toEqual([...line, ...line, ...line, ...line])
  })

  test('may have a comment before its transparency', async () => {
    const control = written.indexOf(Buffer.from([0x21, 0xf9]))
    const comment = Buffer.from([0x21, 0xfe, 2, 0x21, 0xf9, 1, 0xff, 0])
    const file = Buffer.concat([written.subarray(0, control), comment, written.subarray(control)])
    expect((await decoded('comment.gif', file, [4, 4])).slice(0, 4)).toEqual(line)
  })

  test('that is damaged is an error', async () => {
    for (const end of [8, 14, 30, 45]) {
      const path = temporary(`cut-${end}.gif`)
      writeFileSync(path, written.subarray(0, end))
      await expect(decodeImage(path, [4, 4])).rejects.toMatchObject({ code: 'FILE' })
    }
  })
})
