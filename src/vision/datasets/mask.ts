import { readFile } from 'node:fs/promises'
import type { Size } from './decode'
import { openImage } from './open-image'
import { isPng, readPngSamples } from './png-samples'

/** A class number for every pixel. */
export interface DecodedMask {
  /** Row by row, [height · width]; of a 16-bit file a Uint16Array. */
  readonly classes: Uint8Array | Uint16Array
  readonly size: Size
}

/**
 * Decodes a mask of class numbers, [height, width], without resizing: the indices of a palette PNG, the grey values of any other, 8 or 16 bits.
 *
 * @throws Error for a file that is damaged or no image, or whose pixels are colours instead of class numbers.
 * @example
 * const { classes, size } = await decodeMask('mask.png')
 * size // [72, 80]
 * classes[0] // 3
 */
export async function decodeMask(path: string): Promise<DecodedMask> {
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

function noClasses(): Error {
  return new Error(
    'its pixels are colours, not class numbers: save it as a PNG with a palette, or in grey with the number of the class as value',
  )
}
