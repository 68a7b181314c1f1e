import { sized } from '../../common/text'
import * as torch from '../../torch'
import { FileError, type Tensor } from '../../torch'
import { decodeMask, imageSize, resizeMask, type DecodedMask, type ImageFolder, type Size } from '../../vision/datasets'
import { classesIn, type ClassRules } from './classes'

/** Masks of measured images, with numbers as the measures count them. */
export interface LoadedMasks {
  /** Names of the classes 0, 1, …; pixels that count for nothing have a higher number. */
  readonly classes: readonly string[]
  /** Int64 [N, height, width] for each list of images, at the size of the images. */
  readonly masks: readonly Tensor[]
}

/**
 * Loads the masks of images at the images' size; an image without a mask gets one in which nothing counts.
 *
 * @param lists - Lists of image paths.
 * @param of - The mask's path by the image's path.
 * @throws FileError for a mask that cannot be decoded or has another aspect ratio than its image; ArgumentError as `classesIn`.
 */
export async function loadMasks(
  folder: Pick<ImageFolder, 'size' | 'resize'>,
  lists: readonly (readonly string[])[],
  of: ReadonlyMap<string, string>,
  rules: ClassRules,
): Promise<LoadedMasks> {
  const decoded = new Map<string, DecodedMask>()
  for (const image of new Set(lists.flat())) {
    const mask = of.get(image)
    if (mask !== undefined) decoded.set(image, resizeMask(await decodedFor(image, mask), folder.size, folder.resize))
  }
  const numbersOf = new Map([...decoded].map(([image, { classes }]) => [of.get(image)!, new Set<number>(classes)]))
  const { numbers, names } = classesIn(numbersOf, rules)
  const index = new Map(numbers.map((number, i) => [number, i]))
  const pixels = folder.size[0] * folder.size[1]
  const tensorOf = (images: readonly string[]): Tensor => {
    const all = new Int32Array(images.length * pixels).fill(names.length)
    images.forEach((image, i) =>
      decoded.get(image)?.classes.forEach((number, at) => (all[i * pixels + at] = index.get(number) ?? names.length)),
    )
    return torch
      .tensor(all)
      .view([images.length, ...folder.size])
      .to('int64')
  }
  return { classes: names, masks: lists.map(tensorOf) }
}

async function decodedFor(image: string, path: string): Promise<DecodedMask> {
  let mask: DecodedMask
  try {
    mask = await decodeMask(path)
  } catch (error) {
    throw new FileError(`the mask ${(error as Error).message}`, { cause: error })
  }
  const size = await imageSize(image)
  if (size !== null && !isSameShape(mask.size, size)) {
    const turned = isSameShape([mask.size[1], mask.size[0]], size)
      ? '. The image is turned by its EXIF orientation, which a mask must follow'
      : ''
    throw new FileError(
      `the mask ${path} has ${sized(mask.size, ' pixels')}, and its image ${image} ${sized(size, ' pixels')}: a mask may be larger or smaller, but needs the aspect ratio of its image${turned}`,
    )
  }
  return mask
}

/** Whether one size is the other, enlarged or reduced and rounded to whole pixels. */
function isSameShape([h, w]: Size, [height, width]: Size): boolean {
  return Math.abs(h - (height * w) / width) <= 1 || Math.abs(w - (width * h) / height) <= 1
}
