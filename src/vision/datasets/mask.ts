import { readFile } from 'node:fs/promises'
import type { Sharp } from 'sharp'
import { z } from 'zod'
import { parseOptions } from '../../common/options'
import { FileError } from '../../torch'
import { isBitmap, readBitmapSamples } from './bitmap'
import { resizeOption, sizeOption, type Resize, type Size } from './decode'
import { undecodable } from './failure'
import { isNetpbm, readNetpbmSamples } from './netpbm'
import { openImage } from './open-image'
import { isPng, readPngSamples } from './png-samples'
import { samplesOf, type Samples } from './raw-image'
import { hasTiffPalette } from './tiff'

/** The extensions of files that keep class numbers as they are. */
export const MASK_EXTENSIONS = ['.bmp', '.gif', '.pgm', '.png', '.tif', '.tiff']

/** The extensions of files that change class numbers when they are compressed. */
export const LOSSY_EXTENSIONS = ['.avif', '.jpeg', '.jpg', '.webp']

/** A class number for every pixel. */
export interface DecodedMask {
  /** Row by row, [height · width]; of a 16-bit file a Uint16Array. */
  readonly classes: Uint8Array | Uint16Array
  readonly size: Size
}

/**
 * Decodes a mask of class numbers, [height, width], without resizing: the indices of a palette (PNG, BMP), else the grey values as they are stored,
 * 8 or 16 bits.
 *
 * @throws FileError for a file that cannot be read, is damaged or no image, or whose pixels are colours instead of class numbers.
 * @example
 * const { classes, size } = await decodeMask('mask.png')
 * size // [72, 80]
 * classes[0] // 3
 */
export async function decodeMask(path: string): Promise<DecodedMask> {
  try {
    return await readMask(path)
  } catch (error) {
    throw await undecodable(path, error)
  }
}

/** @internal `decodeMask` without its wording of errors, for which there is `failureOf`. */
export async function readMask(path: string): Promise<DecodedMask> {
  const { values, width, height, isColoured } = await readSamples(await readFile(path))
  if (isColoured) throw noClasses()
  return { classes: values, size: [height, width] }
}

async function readSamples(file: Buffer): Promise<Samples> {
  if (isPng(file)) return readPngSamples(file)
  if (isBitmap(file)) return readBitmapSamples(file)
  if (isNetpbm(file)) return readNetpbmSamples(file)
  // libvips gives the colours of a palette, and grey ones would pass for class numbers.
  if (hasTiffPalette(file))
    throw new FileError(
      'a palette is read from PNG and BMP, not from TIFF: save it as a PNG, or in grey with the number of the class as value',
    )
  const image = await openImage(file, {})
  const { depth = 'uchar', channels } = await image.metadata()
  if (depth !== 'uchar' && channels <= 2) return readDeepSamples(image, depth)
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true })
  return samplesOf({ pixels: data, ...info })
}

/** The grey values of more than 8 bits, which libvips scales or cuts to 8 where nothing is said. */
async function readDeepSamples(image: Sharp, depth: string): Promise<Samples> {
  if (!['ushort', 'short', 'uint', 'int'].includes(depth))
    throw new FileError(`its values are of the kind ${depth}: class numbers are whole, from 0 to 65,535`)
  const isShort = depth === 'ushort'
  const grey = isShort ? image.pipelineColourspace('grey16').toColourspace('grey16') : image.toColourspace('b-w')
  const { data, info } = await grey.raw({ depth: isShort ? 'ushort' : 'int' }).toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  const stored = isShort ? new Uint16Array(aligned(data)) : new Int32Array(aligned(data))
  const values = new Uint16Array(width * height)
  for (let i = 0; i < values.length; i++) {
    const value = stored[i * channels]!
    if (value < 0 || value > 65_535) throw new FileError(`it has the class ${value}: class numbers go from 0 to 65,535`)
    values[i] = value
  }
  return { values, width, height, isColoured: false }
}

/** The bytes in a buffer of their own, as typed arrays need them. */
function aligned(data: Buffer): ArrayBuffer {
  return Uint8Array.from(data).buffer
}

function noClasses(): FileError {
  return new FileError(
    'its pixels are colours, not class numbers: save it as a PNG with a palette, or in grey with the number of the class as value',
  )
}

const resizeMaskOptions = z.strictObject({ size: sizeOption, resize: resizeOption })

/**
 * Brings a mask to another size, as `decodeImage` brings its image: each pixel takes the class at its centre.
 *
 * @param resize - 'crop' keeps the aspect ratio and cuts out the middle, 'stretch' keeps the whole mask.
 * @throws ArgumentError for an invalid size or way of resizing.
 * @example
 * const mask = { classes: Uint8Array.of(0, 1, 2, 3), size: [1, 4] }
 * resizeMask(mask, [1, 2], 'crop').classes // Uint8Array.of(1, 2)
 * resizeMask(mask, [1, 2], 'stretch').classes // Uint8Array.of(1, 3)
 */
export function resizeMask({ classes, size: [rows, columns] }: DecodedMask, size: Size, resize: Resize = 'crop'): DecodedMask {
  parseOptions(resizeMaskOptions, { size, resize }, 'resizeMask')
  const [height, width] = size
  const scales = [rows / height, columns / width] as const
  const [down, across] = resize === 'crop' ? [Math.min(...scales), Math.min(...scales)] : scales
  const [ys, xs] = [centres(height, down, rows), centres(width, across, columns)]
  const resized = classes instanceof Uint16Array ? new Uint16Array(height * width) : new Uint8Array(height * width)
  ys.forEach((y, i) => xs.forEach((x, j) => (resized[i * width + j] = classes[y * columns + x]!)))
  return { classes: resized, size }
}

/** The source pixels at the centres of `count` pixels, each `scale` source pixels long, in the middle of `extent` source pixels. */
function centres(count: number, scale: number, extent: number): number[] {
  const first = (extent - count * scale) / 2
  return Array.from({ length: count }, (_, i) => Math.min(extent - 1, Math.floor(first + (i + 0.5) * scale)))
}
