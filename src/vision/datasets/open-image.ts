import { open, readFile } from 'node:fs/promises'
import sharp, { type Sharp, type SharpOptions } from 'sharp'
import { isBitmap, readBitmap, type RawImage } from './bitmap'
import { isNetpbm, readNetpbm } from './netpbm'

/** An image of a file or of a file's bytes, by its content, whatever its extension. */
export async function openImage(file: string | Buffer, options: SharpOptions): Promise<Sharp> {
  const read = readerFor(typeof file === 'string' ? await firstBytes(file) : file)
  if (read === null) return sharp(file, options)
  const { pixels, width, height, channels } = read(typeof file === 'string' ? await readFile(file) : file)
  return sharp(pixels, { ...options, raw: { width, height, channels } })
}

/** This package's reader for a file that begins like this; null where libvips reads it. */
function readerFor(bytes: Buffer): ((bytes: Buffer) => RawImage) | null {
  if (isBitmap(bytes)) return readBitmap
  return isNetpbm(bytes) ? readNetpbm : null
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
