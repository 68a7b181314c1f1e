import * as torch from '../torch'
import { FileError } from '../torch'
import type { ImageFolder } from '../vision/datasets'

/** Indices into a folder's files, in random order. */
export interface Split {
  readonly train: readonly number[]
  readonly heldOut: readonly number[]
}

/** The largest share of images that may be held out. */
const LARGEST_SHARE = 1 / 4

export interface SplitOptions {
  heldOut: number
  seed: number
  /** Whether an image has a mask. */
  isMasked?: (index: number) => boolean
}

/**
 * Holds random images out of the training: as many as asked for, at most a quarter of all.
 *
 * Only images that can be decoded are held out, and none that is known to be damaged is trained on. Those with masks come first, but half of them stay in the training, to learn the classes from.
 *
 * @throws FileError when no file can be decoded.
 */
export async function splitFolder(folder: ImageFolder, { heldOut: asked, seed, isMasked = () => false }: SplitOptions): Promise<Split> {
  const generator = new torch.Generator().manualSeed(seed)
  const order = torch.randperm(folder.length, { generator }).tolist() as number[]
  const wanted = Math.min(asked, Math.floor(folder.readable * LARGEST_SHARE))
  const heldOut = await firstDecodable(folder, maskedFirst(order, isMasked), wanted)
  const train = order.filter((index) => !heldOut.includes(index) && !folder.isDamaged(index))
  // Training needs at least one image that can be decoded.
  if ((await firstDecodable(folder, train, 1)).length === 0)
    throw new FileError(`no image file of ${folder.path} is left to train on: all others are damaged`)
  return { train, heldOut }
}

/** Half of the images with masks, then those without; without masks all of them as they come. */
export function maskedFirst(indices: readonly number[], isMasked: (index: number) => boolean): number[] {
  const masked = indices.filter(isMasked)
  return [...masked.slice(0, masked.length >> 1), ...indices.filter((index) => !isMasked(index))]
}

/** The first `count` of these files that can be decoded; fewer if there are not as many. */
export async function firstDecodable(folder: ImageFolder, indices: readonly number[], count: number): Promise<number[]> {
  const found: number[] = []
  for (let at = 0; at < indices.length && found.length < count;) {
    const tried = indices.slice(at, at + count - found.length)
    const images = await Promise.all(tried.map((index) => folder.loadBytes(index)))
    found.push(...tried.filter((_, i) => images[i] !== null))
    at += tried.length
  }
  return found
}
