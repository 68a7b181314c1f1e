import { open, readFile } from 'node:fs/promises'
import sharp, { type Sharp, type SharpOptions } from 'sharp'
import { isBitmap, readBitmap } from './bitmap'
import { HEAD, formatOf } from './damage'
import { makeOpaque } from './gif'
import { isNetpbm, readNetpbm } from './netpbm'
import type { RawImage } from './raw-image'

/** An image of a file or of a file's bytes, by its content, whatever its extension. */
export async function openImage(file: string | Buffer, options: SharpOptions): Promise<Sharp> {
  return openAs(typeof file === 'string' ? await firstBytes(file) : file, file, options)
}

/** An image of a file, upright and without transparency; the colours under it stay. */
export async function openOpaque(file: string, options: SharpOptions): Promise<Sharp> {
  const head = await firstBytes(file)
  const format = formatOf(head)
  const image = (await openAs(head, format === 'GIF' ? makeOpaque(await readFile(file)) : file, options)).rotate()
  // A JPEG has none, and most images are JPEGs: spare them the reading of the header.
  if (format === 'JPEG' || !(await image.metadata()).hasAlpha) return image
  // sharp removes transparency after resizing, which weighs colours by it: what is transparent would turn black.
  const { data, info } = await image.removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
  return sharp(data, { raw: info })
}

async function openAs(head: Buffer, file: string | Buffer, options: SharpOptions): Promise<Sharp> {
  const read = readerFor(head)
  if (read === null) return sharp(file, options)
  const { pixels, width, height, channels } = read(typeof file === 'string' ? await readFile(file) : file)
  return sharp(pixels, { ...options, raw: { width, height, channels } })
}

/** This package's reader for a file that begins like this; null where libvips reads it. */
function readerFor(head: Buffer): ((bytes: Buffer) => RawImage) | null {
  if (isBitmap(head)) return readBitmap
  return isNetpbm(head) ? readNetpbm : null
}

/** The first bytes of a file, which identify its format. */
export async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
