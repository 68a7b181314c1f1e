import * as torch from '../torch'
import { FileError } from '../torch'
import type { ImageFolder } from '../vision/datasets'

/** Indices into a folder's files, in an order of chance. */
export interface Split {
  readonly train: readonly number[]
  readonly heldOut: readonly number[]
}

/** At least three of four images are trained on. */
const LARGEST_SHARE = 1 / 4

/**
 * Holds images out of the training by chance: as many as are asked for, and no more than a quarter of those there.
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
  // One that can be decoded is needed, and shows that the training can begin.
  if ((await firstDecodable(folder, train, 1)).length === 0)
    throw new FileError(`no image file of ${folder.path} is left to train on: all others are damaged`)
  return { train, heldOut }
}

/** The first of these files that can be decoded, as many as are asked for or there. */
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
