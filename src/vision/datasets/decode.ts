import { z } from 'zod'
import { parseOptions } from '../../common/options'
import { undecodable } from './failure'
import { openOpaque } from './open-image'

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number]

/** How an image with another aspect ratio is resized: 'crop' keeps the aspect ratio and cuts out the middle, 'stretch' keeps the whole image. */
export type Resize = 'crop' | 'stretch'

/** @internal */
export const sizeOption = z.custom<Size>(isSize, 'expected a size [height, width] in whole pixels')
/** @internal */
export const resizeOption = z.enum(['crop', 'stretch'])

const decodeOptions = z.strictObject({ path: z.string(), size: sizeOption, resize: resizeOption })

function isSize(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((side: number) => Number.isInteger(side) && side > 0)
}

/**
 * Decodes an image file to RGB bytes, [height, width, 3], rotated by its EXIF orientation; transparency is dropped before resizing, as by
 * PIL's `convert('RGB')`, and the colours under it stay.
 *
 * It runs on libuv's threads, so decoding continues while a training step blocks the JavaScript thread; only BMP, PPM, PGM and PBM are unpacked on the
 * JavaScript thread, because libvips does not read them.
 *
 * @throws FileError for a file that cannot be read, is damaged or no image; ArgumentError for an invalid size or way of resizing.
 * @example
 * const bytes = await decodeImage('photos/red.png', [32, 48])
 * bytes.length // 4608
 */
export async function decodeImage(path: string, size: Size, resize: Resize = 'crop'): Promise<Uint8Array> {
  parseOptions(decodeOptions, { path, size, resize }, 'decodeImage')
  try {
    return await decode(path, size, resize)
  } catch (error) {
    throw await undecodable(path, error)
  }
}

/** @internal `decodeImage` without its checks and its wording of errors, for which there is `failureOf`. */
export async function decode(path: string, [height, width]: Size, resize: Resize): Promise<Uint8Array> {
  const image = await openOpaque(path, { failOn: 'error', sequentialRead: true })
  const { data } = await image
    .resize(width, height, { fit: resize === 'crop' ? 'cover' : 'fill', kernel: 'cubic' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return data
}
