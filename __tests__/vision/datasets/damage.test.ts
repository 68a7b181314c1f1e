import { beforeAll, describe, expect, test } from '@jest/globals'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import sharp from 'sharp'
import { ImageFolder, decodeImage, decodeMask } from '../../../src/vision/datasets'
import { temporary } from '../../support/files'
import { PNG_SIGNATURE, chunk, png, pngHeader } from '../../support/png'

/** A file of each format that libvips reads, of noise. */
const whole = new Map<string, Buffer>()
beforeAll(async () => {
  const noise = Uint8Array.from({ length: 64 * 48 * 3 }, (_, i) => (i * i * 31 + i * 7) % 251)
  const image = () => sharp(noise, { raw: { width: 64, height: 48, channels: 3 } })
  const files = [image().avif(), image().gif(), image().jpeg(), image().png(), image().tiff({ compression: 'lzw' }), image().webp()]
  const formats = ['AVIF', 'GIF', 'JPEG', 'PNG', 'TIFF', 'WebP']
  for (const [i, file] of files.entries()) whole.set(formats[i]!, await file.toBuffer())
})

/** The reasons for which files of a folder are skipped, by their names. */
async function reasonsIn(folder: string): Promise<Record<string, string>> {
  const images = new ImageFolder(folder, { size: [8, 8] })
  await images.loadAll(images.files.map((_, i) => i))
  return Object.fromEntries([...images.skipped].map(([path, reason]) => [basename(path), reason]))
}

describe('the reason of a damaged image', () => {
  test('is its own, short, and the same however many others are decoded beside it', async () => {
    const folder = temporary('damaged-together')
    mkdirSync(folder)
    const expected: Record<string, string> = {}
    for (const [format, file] of whole) {
      const name = format.toLowerCase()
      writeFileSync(join(folder, `whole.${name}`), file)
      for (const [kind, length] of [
        ['half', file.length >> 1],
        ['head', 20],
      ] as const) {
        writeFileSync(join(folder, `${kind}.${name}`), file.subarray(0, length))
        expected[`${kind}.${name}`] = `the ${format} ends early`
      }
      if (format === 'JPEG') continue
      const changed = Buffer.from(file)
      for (let at = file.length >> 1; at < (file.length >> 1) + 40; at++) changed[at]! ^= 0x5a
      writeFileSync(join(folder, `changed.${name}`), changed)
      // WebP decodes whatever its data are.
      if (format === 'WebP') continue
      expected[`changed.${name}`] = `the ${format} is damaged${['AVIF', 'TIFF'].includes(format) ? ', or of a kind that is not read' : ''}`
    }
    for (let round = 0; round < 4; round++) expect(await reasonsIn(folder)).toEqual(expected)
  })

  test('says what a file holds that is no image', async () => {
    const folder = temporary('no-images')
    mkdirSync(folder)
    const files = {
      'empty.jpg': ['', 'the file is empty'],
      'html.jpg': ['\n<!DOCTYPE html><html><body>404</body></html>', 'it is a web page, which is not read'],
      'heic.jpg': ['\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'it is a HEIC image, which is not read'],
      'pdf.png': ['%PDF-1.7', 'it is a PDF, which is not read'],
      'text.png': ['hello', 'it is no image of a format that is read: AVIF, BMP, GIF, JPEG, PBM, PGM, PNG, PPM, TIFF, WebP'],
      'zeros.png': ['\0'.repeat(5000), 'the file holds nothing but zeros'],
      'short.bmp': ['BM\0\0\0\0', 'the BMP ends early'],
    } as const
    for (const [name, [content]] of Object.entries(files)) writeFileSync(join(folder, name), content, 'latin1')
    writeFileSync(join(folder, 'whole.png'), whole.get('PNG')!)
    expect(await reasonsIn(folder)).toEqual(Object.fromEntries(Object.entries(files).map(([name, [, reason]]) => [name, reason])))
  })

  test('of a thumbnail within a JPEG that ends early, and of bytes behind a whole one, is not mistaken', async () => {
    const jpeg = whole.get('JPEG')!
    const thumbnail = Buffer.concat([Buffer.of(0xff, 0xe1, 0, 8), Buffer.from('Exif'), Buffer.of(0xff, 0xd9)])
    const folder = temporary('thumbnails')
    mkdirSync(folder)
    writeFileSync(join(folder, 'cut.jpg'), Buffer.concat([jpeg.subarray(0, 2), thumbnail, jpeg.subarray(2, jpeg.length - 50)]))
    writeFileSync(join(folder, 'more.jpg'), Buffer.concat([jpeg, Buffer.alloc(500, 7)]))
    expect(await reasonsIn(folder)).toEqual({ 'cut.jpg': 'the JPEG ends early' })
  })

  test('names the limit of an image that claims too many pixels', async () => {
    const header = pngHeader({ width: 20_000, height: 20_000, depth: 8, type: 2 })
    const file = temporary('large.png')
    writeFileSync(file, Buffer.concat([PNG_SIGNATURE, header, chunk('IDAT', Buffer.alloc(9)), chunk('IEND', Buffer.alloc(0))]))
    await expect(decodeImage(file, [8, 8])).rejects.toThrow(`${file} cannot be decoded: it has more than 268,402,689 pixels`)
  })
})

test('decoding a damaged image or mask alone is an error that names the file and the reason', async () => {
  const mask = png({ width: 9, height: 9, depth: 8, type: 0, samples: Array<number>(81).fill(3) })
  const compressed = mask.indexOf('IDAT') + 4
  const files: readonly (readonly [string, Buffer | string, string])[] = [
    ['cut.png', whole.get('PNG')!.subarray(0, 200), 'the PNG ends early'],
    ['text.png', 'text', 'it is no image of a format that is read'],
    ['stream.png', Buffer.concat([mask.subarray(0, compressed), Buffer.of(0, 0), mask.subarray(compressed + 2)]), 'the PNG is damaged'],
    ['empty.tif', '', 'the file is empty'],
  ]
  for (const [name, content, reason] of files) {
    const file = temporary(name)
    writeFileSync(file, content)
    for (const decoding of [decodeImage(file, [8, 8]), decodeMask(file)])
      await expect(decoding).rejects.toMatchObject({ code: 'FILE', message: expect.stringContaining(`${file} cannot be decoded: ${reason}`) as unknown }) // prettier-ignore
  }
  const missing = temporary('missing.png')
  for (const decoding of [decodeImage(missing, [8, 8]), decodeMask(missing)])
    await expect(decoding).rejects.toThrow(`${missing} cannot be decoded: no such file or directory (ENOENT)`)
})
