import * as torch from '../torch'
import { ArgumentError, type Tensor } from '../torch'
import { imagesFromBytes, noneDecodable, type ImageFolder } from '../vision/datasets'
import type { Loader } from './loop'

export interface LoaderOptions {
  batchSize: number
  /** Seeds the order of the images. */
  seed: number
  /** Batches that are decoded ahead; default 2. */
  prefetch?: number
  /** Indices of the files to use; default: all. */
  indices?: readonly number[]
}

/** A loader's position: the generator's state before the order of the current round was drawn, and the number of images already used of it. */
interface LoaderState {
  readonly images: number
  readonly round: Tensor
  readonly taken: number
}

/** One image of a round, being decoded ahead of its use; a round is one pass over all images. */
interface Turn {
  readonly image: Promise<Uint8Array | null>
  readonly round: Tensor
  /** Its position in the round. */
  readonly at: number
}

/**
 * Endless shuffled batches of a folder, float32 [N, 3, H, W] in 0…1. Each round holds every image once, in a new order.
 *
 * Images are decoded ahead on other threads while the caller trains. A damaged file is skipped and the next one used instead. The batches depend
 * on the seed alone, not on the timing of the decoding.
 *
 * @throws FileError when no file can be decoded.
 * @example
 * const loader = new ImageLoader(folder, { batchSize: 16, seed: 0 })
 * const { value: images } = await loader.next()
 * images.shape // [16, 3, 64, 64]
 */
export class ImageLoader implements Loader<Tensor>, AsyncIterableIterator<Tensor, never> {
  private readonly indices: readonly number[]
  private readonly generator: torch.Generator
  private ahead: Turn[] = []
  private upcoming: Iterator<Turn, never>
  /** The position after the images returned so far, without those decoded ahead. */
  private position: Pick<LoaderState, 'round' | 'taken'>
  /** Whether an image of this round could be decoded. */
  private found = false

  constructor(
    private readonly folder: ImageFolder,
    private readonly options: LoaderOptions,
  ) {
    this.indices = options.indices ?? folder.files.map((_, i) => i)
    this.generator = new torch.Generator().manualSeed(options.seed)
    this.position = { round: this.generator.getState(), taken: 0 }
    this.upcoming = this.turns(0)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorYieldResult<Tensor>> {
    const images: Uint8Array[] = []
    while (images.length < this.options.batchSize) {
      this.decodeAhead()
      const image = await this.take(this.ahead.shift()!)
      if (image !== null) images.push(image)
    }
    this.decodeAhead()
    return { done: false, value: imagesFromBytes(images, this.folder.size) }
  }

  private decodeAhead(): void {
    const { batchSize, prefetch = 2 } = this.options
    while (this.ahead.length < batchSize * (prefetch + 1)) this.ahead.push(this.upcoming.next().value)
  }

  private async take({ image, round, at }: Turn): Promise<Uint8Array | null> {
    const bytes = await image
    this.position = { round, taken: at + 1 }
    this.found ||= bytes !== null
    if (at + 1 < this.indices.length) return bytes
    // Stop if a whole round decodes nothing; readable held-out files would hide this from the folder itself.
    if (!this.found) throw noneDecodable(this.folder)
    this.found = false
    return bytes
  }

  /** Yields every image once per round, in an order drawn from the generator; skips the first `done` images of the first round. */
  private *turns(done: number): Generator<Turn, never> {
    for (let skipped = done; ; skipped = 0) {
      const round = this.generator.getState()
      const order = torch.randperm(this.indices.length, { generator: this.generator }).tolist() as number[]
      for (let at = skipped; at < order.length; at++) {
        const image = this.folder.loadBytes(this.indices[order[at]!]!)
        // The error is thrown when the image is used; until then it must not count as unhandled.
        image.catch(() => undefined)
        yield { image, round, at }
      }
    }
  }

  stateDict(): LoaderState {
    return { images: this.indices.length, ...this.position }
  }

  /** @throws ArgumentError if the state was saved with another number of images, because the order would differ. */
  loadStateDict({ images, round, taken }: LoaderState): void {
    if (images !== this.indices.length) {
      throw new ArgumentError(
        `the state is of a loader of ${String(images)} images, but this one has ${this.indices.length}: give it the same files`,
      )
    }
    this.generator.setState(round)
    this.position = { round, taken }
    this.ahead = []
    this.found = taken > 0
    this.upcoming = this.turns(taken)
  }
}
