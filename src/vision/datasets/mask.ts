import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { parseOptions } from '../../common/options'
import { FileError } from '../../torch'
import { resizeOption, sizeOption, type Resize, type Size } from './decode'
import { undecodable } from './failure'
import { openImage } from './open-image'
import { isPng, readPngSamples } from './png-samples'

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
 * Decodes a mask of class numbers, [height, width], without resizing: the indices of a palette PNG, the grey values of any other, 8 or 16 bits.
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
  const file = await readFile(path)
  if (isPng(file)) {
    const { values, width, height, isColoured } = await readPngSamples(file)
    if (isColoured) throw noClasses()
    return { classes: values, size: [height, width] }
  }
  const { data, info } = await (await openImage(file, {})).raw().toBuffer({ resolveWithObject: true })
  const classes = new Uint8Array(info.width * info.height)
  for (let i = 0; i < classes.length; i++) {
    const first = i * info.channels
    classes[i] = data[first]!
    if (info.channels >= 3 && (data[first + 1] !== data[first] || data[first + 2] !== data[first])) throw noClasses()
  }
  return { classes, size: [info.height, info.width] }
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
