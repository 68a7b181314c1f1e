import type { Size } from './decode'
import { openImage } from './open-image'

/**
 * Height and width of an image as it is shown, from its header; null for a file that is damaged or no image.
 *
 * @example
 * await imageSize('photos/red.png') // [72, 80]
 */
export async function imageSize(path: string): Promise<Size | null> {
  try {
    const { width, height, orientation = 1 } = await (await openImage(path, {})).metadata()
    // EXIF's orientations from 5 on turn the image by a quarter.
    return orientation >= 5 ? [width, height] : [height, width]
  } catch {
    return null
  }
}

/** Most files whose headers are read. */
const SAMPLE = 64

/**
 * The median height and width of images, from some of their headers; null if none can be read.
 *
 * @example
 * await medianSize(['photos/red.png']) // [72, 80]
 */
export async function medianSize(files: readonly string[]): Promise<Size | null> {
  const every = Math.ceil(files.length / SAMPLE)
  const sizes = (await Promise.all(files.filter((_, i) => i % every === 0).map(imageSize))).filter((size) => size !== null)
  if (sizes.length === 0) return null
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!
  return [median(sizes.map(([height]) => height)), median(sizes.map(([, width]) => width))]
}
