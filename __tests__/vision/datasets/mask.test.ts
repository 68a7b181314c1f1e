import { describe, expect, test } from '@jest/globals'
import { writeFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { decodeMask, resizeMask } from '../../../src/vision/datasets'
import { temporary } from '../../support/files'

interface Picture {
  readonly width: number
  readonly height: number
  readonly depth: number
  /** 0 grey, 2 RGB, 3 palette. */
  readonly type: number
  readonly samples: readonly number[]
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** A PNG file; row `y` has the filter of number `y % 5`. */
function png({ width, height, depth, type, samples }: Picture): Buffer {
  const channels = type === 2 ? 3 : 1
  const bits = width * channels * depth
  const reach = Math.max(1, (channels * depth) / 8)
  const rows = Array.from({ length: height }, (_, y) => {
    const text = samples
      .slice(y * width * channels, (y + 1) * width * channels)
      .map((value) => value.toString(2).padStart(depth, '0'))
      .join('')
      .padEnd(8 * Math.ceil(bits / 8), '0')
    return Buffer.from(text.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)))
  })
  const filtered = rows.map((row, y) => {
    const above = rows[y - 1] ?? Buffer.alloc(row.length)
    const line = row.map((value, i) => {
      const [left, up, diagonal] = [row[i - reach] ?? 0, above[i]!, i < reach ? 0 : above[i - reach]!]
      const distances = [left, up, diagonal].map((near) => Math.abs(left + up - diagonal - near))
      const nearest = [left, up, diagonal][distances.indexOf(Math.min(...distances))]!
      return value - [0, left, up, (left + up) >> 1, nearest][y % 5]!
    })
    return Buffer.concat([Buffer.from([y % 5]), line])
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = depth
  header[9] = type
  const palette = Buffer.from(Array.from({ length: 3 * 2 ** Math.min(8, depth) }, (_, i) => (i * 53) % 256))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...(type === 3 ? [chunk('PLTE', palette)] : []),
    chunk('IDAT', deflateSync(Buffer.concat(filtered))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function written(name: string, content: Uint8Array): string {
  const path = temporary(name)
  writeFileSync(path, content)
  return path
}

describe('a mask', () => {
  test.each([
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
    const rgb = { width: 2, height: 2, depth: 8, type: 2 }
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
    await expect(decodeMask(written('huge.png', huge))).rejects.toThrow('too large')
    const unlike = Buffer.from(whole)
    unlike.writeUInt32BE(400, 20)
    await expect(decodeMask(written('unlike.png', unlike))).rejects.toThrow('truncated')
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
