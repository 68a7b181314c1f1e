import * as torch from '../torch'
import type { Tensor } from '../torch'
import { imagesFromBytes, noneDecodable, type ImageFolder } from '../vision/datasets'

export interface LoaderOptions {
  batchSize: number
  /** Seeds the order of the images. */
  seed: number
  /** Batches that are decoded ahead; default 2. */
  prefetch?: number
  /** Which files of the folder take part; default: all. */
  indices?: readonly number[]
}

/**
 * Endless shuffled batches of a folder, float32 [N, 3, H, W] in 0…1: each image once, in a new order, before any comes again.
 *
 * Images are decoded ahead, on other threads, while the caller trains. A damaged file is left out and the next takes its place.
 *
 * @throws FileError when no file can be decoded, from the start or any more.
 * @example
 * for await (const images of batches(folder, { batchSize: 16, seed: 0 })) break
 */
export async function* batches(folder: ImageFolder, options: LoaderOptions): AsyncGenerator<Tensor, never> {
  const order = shuffled(options.indices ?? folder.files.map((_, i) => i), options.seed)
  const ahead: Promise<Uint8Array[]>[] = []
  const schedule = () => {
    const batch = decodeBatch(folder, order, options.batchSize)
    // The error is met when this batch's turn comes; until then it must not count as unhandled.
    batch.catch(() => undefined)
    ahead.push(batch)
  }
  for (let i = 0; i <= (options.prefetch ?? 2); i++) schedule()
  for (;;) {
    const images = await ahead.shift()!
    schedule()
    yield imagesFromBytes(images, folder.size)
  }
}

/** Decodes at once as many as are wanted, then as many as turned out damaged. */
async function decodeBatch(folder: ImageFolder, order: Iterator<Turn, never>, count: number): Promise<Uint8Array[]> {
  const images: Uint8Array[] = []
  while (images.length < count) {
    const turns = Array.from({ length: count - images.length }, () => order.next().value)
    for (const image of await Promise.all(turns.map((turn) => decodeOne(folder, turn)))) if (image !== null) images.push(image)
  }
  return images
}

async function decodeOne(folder: ImageFolder, { index, round }: Turn): Promise<Uint8Array | null> {
  const image = await folder.loadBytes(index)
  round.left--
  if (image !== null) round.isEmpty = false
  // Those that are held out may be whole, and not be asked for again: a folder that is gone must not be searched for ever.
  if (round.left === 0 && round.isEmpty) throw noneDecodable(folder)
  return image
}

/** An image's turn in a round, in which every image has one. */
interface Turn {
  readonly index: number
  /** Shared by the turns of a round: how many are not done yet, and whether none has given an image. */
  readonly round: { left: number; isEmpty: boolean }
}

/** Endless: every index once in each round, in an order that the seed fixes. */
function* shuffled(indices: readonly number[], seed: number): Generator<Turn, never> {
  const generator = new torch.Generator().manualSeed(seed)
  for (;;) {
    const round = { left: indices.length, isEmpty: true }
    for (const position of torch.randperm(indices.length, { generator }).tolist() as number[]) yield { index: indices[position]!, round }
  }
}
