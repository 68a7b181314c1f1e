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

/**
 * Holds random images out of the training: as many as asked for, at most a quarter of all.
 *
 * Only images that can be decoded are held out.
 *
 * @throws FileError when no file can be decoded.
 */
export async function splitFolder(folder: ImageFolder, options: { heldOut: number; seed: number }): Promise<Split> {
  const generator = new torch.Generator().manualSeed(options.seed)
  const order = torch.randperm(folder.length, { generator }).tolist() as number[]
  const wanted = Math.min(options.heldOut, Math.floor(folder.length * LARGEST_SHARE))
  const heldOut = await firstDecodable(folder, order, wanted)
  const train = order.filter((index) => !heldOut.includes(index))
  // Training needs at least one image that can be decoded.
  if ((await firstDecodable(folder, train, 1)).length === 0)
    throw new FileError(`no image file of ${folder.path} is left to train on: all others are damaged`)
  return { train, heldOut }
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
