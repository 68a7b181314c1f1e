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
