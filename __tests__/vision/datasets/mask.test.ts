import { describe, expect, test } from '@jest/globals'
import { writeFileSync } from 'node:fs'
import sharp from 'sharp'
import { decodeMask, resizeMask } from '../../../src/vision/datasets'
import { temporary } from '../../support/files'
import { png, type Picture } from '../../support/png'

function written(name: string, content: Uint8Array): string {
  const path = temporary(name)
  writeFileSync(path, content)
  return path
}

/** An uncompressed TIFF of 2 × 2 grey pixels or palette indices. */
function tiffOf(values: readonly number[], bits: 8 | 16 | 32, format = 1, photometric = 1): Buffer {
  const colours = photometric === 3 ? Buffer.alloc(3 * 2 * 256) : Buffer.alloc(0)
  const pixels = Buffer.alloc((values.length * bits) / 8)
  values.forEach((value, i) => (format === 3 ? pixels.writeFloatLE(value, 4 * i) : pixels.writeUIntLE(value, (i * bits) / 8, bits / 8)))
  const [pixelsAt, coloursAt] = [8, 8 + pixels.length]
  const tags: [number, 3 | 4, number, number][] = [
    [256, 3, 1, 2],
    [257, 3, 1, 2],
    [258, 3, 1, bits],
    [259, 3, 1, 1],
    [262, 3, 1, photometric],
    [273, 4, 1, pixelsAt],
    [277, 3, 1, 1],
    [278, 3, 1, 2],
    [279, 4, 1, pixels.length],
    ...(photometric === 3 ? [[320, 3, 768, coloursAt] as [number, 3, number, number]] : []),
    [339, 3, 1, format],
  ]
  const directory = Buffer.alloc(2 + 12 * tags.length + 4)
  directory.writeUInt16LE(tags.length, 0)
  tags.forEach(([tag, type, count, value], i) => {
    directory.writeUInt16LE(tag, 2 + 12 * i)
    directory.writeUInt16LE(type, 4 + 12 * i)
    directory.writeUInt32LE(count, 6 + 12 * i)
    directory.writeUInt32LE(value, 10 + 12 * i)
  })
  const head = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0])
  head.writeUInt32LE(coloursAt + colours.length, 4)
  return Buffer.concat([head, pixels, colours, directory])
}

/** A BMP of palette indices, whose palette is a ramp of greys. */
function bitmap(indices: readonly number[], width: number, bits: number): Buffer {
  const [height, step] = [indices.length / width, Math.ceil((width * bits) / 32) * 4]
  const start = 54 + 4 * 2 ** bits
  const file = Buffer.alloc(start + step * height)
  file.write('BM')
  file.writeUInt32LE(start, 10)
  file.writeUInt32LE(40, 14)
  file.writeInt32LE(width, 18)
  file.writeInt32LE(height, 22)
  file.writeUInt16LE(1, 26)
  file.writeUInt16LE(bits, 28)
  for (let i = 0; i < 2 ** bits; i++) file.fill(Math.round((255 * i) / (2 ** bits - 1)), 54 + 4 * i, 57 + 4 * i)
  indices.forEach((index, i) => {
    const [row, bit] = [height - 1 - Math.floor(i / width), (i % width) * bits]
    file[start + row * step + (bit >> 3)]! |= index << (8 - bits - (bit & 7))
  })
  return file
}

describe('a mask', () => {
  test.each<[string, Picture['type'], number]>([
    ['palette', 3, 1],
    ['palette', 3, 2],
    ['palette', 3, 4],
    ['palette', 3, 8],
    ['grey', 0, 1],
    ['grey', 0, 4],
    ['grey', 0, 8],
    ['grey', 0, 16],
  ])('in %s (type %i) of %i bits keeps its numbers', async (_, type, depth) => {
    const [width, height] = [7, 11]
    const samples = Array.from({ length: width * height }, (__, i) => (i * i * 31 + i) % 2 ** depth)
    const { classes, size } = await decodeMask(written('mask.png', png({ width, height, depth, type, samples })))
    expect(size).toEqual([height, width])
    expect([...classes]).toEqual(samples)
  })

  test('that is interlaced keeps its numbers', async () => {
    const numbers = Uint8Array.from({ length: 13 * 9 }, (_, i) => (i * 7) % 12)
    const image = sharp(numbers, { raw: { width: 13, height: 9, channels: 1 } }).toColourspace('b-w')
    const { classes } = await decodeMask(written('interlaced.png', await image.png({ progressive: true }).toBuffer()))
    expect([...classes]).toEqual([...numbers])
  })

  test('of grey values in RGB, or in another format, is read; one of colours is refused', async () => {
    const grey = Array.from({ length: 12 }, (_, i) => Math.floor(i / 3))
    const rgb = { width: 2, height: 2, depth: 8, type: 2 } as const
    expect([...(await decodeMask(written('rgb.png', png({ ...rgb, samples: grey })))).classes]).toEqual([0, 1, 2, 3])
    const tiff = sharp(Uint8Array.from([0, 1, 2, 3]), { raw: { width: 2, height: 2, channels: 1 } })
    expect([...(await decodeMask(written('grey.tiff', await tiff.tiff({ compression: 'lzw' }).toBuffer()))).classes]).toEqual([0, 1, 2, 3])
    const coloured = png({ ...rgb, samples: grey.map((value, i) => (i === 4 ? 200 : value)) })
    await expect(decodeMask(written('coloured.png', coloured))).rejects.toThrow('its pixels are colours, not class numbers')
  })

  test('of 16 bits or more is read whole from TIFF, and refused where its numbers are no classes', async () => {
    const { classes, size } = await decodeMask(written('deep.tif', tiffOf([0, 256, 2, 65_535], 16)))
    expect([[...classes], size]).toEqual([
      [0, 256, 2, 65_535],
      [2, 2],
    ])
    expect([...(await decodeMask(written('int.tif', tiffOf([0, 256, 2, 300], 32)))).classes]).toEqual([0, 256, 2, 300])
    await expect(decodeMask(written('large.tif', tiffOf([0, 256, 2, 70_000], 32)))).rejects.toThrow('it has the class 70000')
    await expect(decodeMask(written('float.tif', tiffOf([0, 256, 2, 300], 32, 3)))).rejects.toThrow('its values are of the kind float')
  })

  test('of PGM keeps its numbers whatever highest value it names', async () => {
    const deep = Buffer.concat([Buffer.from('P5 2 2 65535\n'), Buffer.from([0, 0, 1, 0, 0, 2, 1, 44])])
    expect([...(await decodeMask(written('deep.pgm', deep))).classes]).toEqual([0, 256, 2, 300])
    expect([...(await decodeMask(written('few.pgm', Buffer.from('P2 2 2 20\n0 1 2 20')))).classes]).toEqual([0, 1, 2, 20])
    expect([...(await decodeMask(written('grey.ppm', Buffer.from('P3 1 2 20\n3 3 3 4 4 4')))).classes]).toEqual([3, 4])
    await expect(decodeMask(written('red.ppm', Buffer.from('P3 1 2 20\n3 3 3 4 0 4')))).rejects.toThrow('its pixels are colours')
  })

  test.each([1, 4, 8])('of BMP with a palette of %i bits gives its indices, not its colours', async (bits) => {
    const numbers = Array.from({ length: 7 * 3 }, (_, i) => (i * i + 1) % 2 ** bits)
    const { classes, size } = await decodeMask(written('palette.bmp', bitmap(numbers, 7, bits)))
    expect([[...classes], size]).toEqual([numbers, [3, 7]])
  })

  test('of TIFF with a palette is refused, for libvips gives its colours', async () => {
    await expect(decodeMask(written('palette.tif', tiffOf([0, 1, 2, 3], 8, 1, 3)))).rejects.toThrow('not from TIFF: save it as a PNG')
  })

  test('that is damaged is refused, and a small file cannot ask for much memory', async () => {
    const whole = png({ width: 40, height: 40, depth: 8, type: 3, samples: Array.from({ length: 1600 }, (_, i) => (i * i) % 251) })
    await expect(decodeMask(written('cut.png', whole.subarray(0, whole.length - 60)))).rejects.toThrow()
    const huge = Buffer.from(whole)
    huge.writeUInt32BE(2 ** 30, 16)
    await expect(decodeMask(written('huge.png', huge))).rejects.toThrow(
      'the PNG is too large: it claims 40 × 1073741824 pixels (height × width)',
    )
    const unlike = Buffer.from(whole)
    unlike.writeUInt32BE(400, 20)
    await expect(decodeMask(written('unlike.png', unlike))).rejects.toThrow('the PNG ends early')
  })

  test('is resized as its image is: the middle of it, or all of it, each pixel the class at its centre', () => {
    const mask = { classes: Uint16Array.from({ length: 24 }, (_, i) => 1000 + i), size: [4, 6] as const }
    expect([...resizeMask(mask, [2, 2]).classes]).toEqual([1008, 1010, 1020, 1022])
    expect([...resizeMask(mask, [2, 2], 'stretch').classes]).toEqual([1007, 1010, 1019, 1022])
    expect(resizeMask(mask, [8, 12]).classes).toHaveLength(96)
    expect([...resizeMask(resizeMask(mask, [8, 12]), [4, 6]).classes]).toEqual([...mask.classes])
    expect(() => resizeMask(mask, [0, 2])).toThrow('expected a size [height, width] in whole pixels')
  })
})
