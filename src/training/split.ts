import * as torch from '../torch'
import { FileError } from '../torch'
import type { ImageFolder } from '../vision/datasets'

/** Indices into a folder's files. */
export interface Split {
  readonly train: readonly number[]
  readonly heldOut: readonly number[]
}

/**
 * Holds images out of the training by chance: as many as are asked for, and no more than a quarter of those there.
 *
 * Only images that can be decoded are held out.
 *
 * @throws FileError when no file can be decoded.
 */
export async function splitFolder(folder: ImageFolder, { heldOut, seed }: { heldOut: number; seed: number }): Promise<Split> {
  const order = torch.randperm(folder.length, { generator: new torch.Generator().manualSeed(seed) }).tolist() as number[]
  const wanted = Math.min(heldOut, Math.floor(folder.length / 4))
  const held: number[] = []
  for (const index of order) {
    if (held.length === wanted) break
    if ((await folder.loadBytes(index)) !== null) held.push(index)
  }
  const train = order.filter((index) => !held.includes(index)).sort((a, b) => a - b)
  if (train.every((index) => folder.skipped.has(folder.files[index]!)))
    throw new FileError(`no image of ${folder.path} is left to train on`)
  return { train, heldOut: held }
}
