import { readdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import * as torch from '../../torch'
import { ArgumentError, FileError, type Tensor } from '../../torch'
import { decodeImage, type Resize, type Size } from './decode'

/** What sharp's prebuilt libvips decodes. */
export const IMAGE_EXTENSIONS = ['.avif', '.gif', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp']

/**
 * Images' bytes, each [H, W, 3], as one float32 tensor [N, 3, H, W] in 0…1.
 *
 * @throws ArgumentError for an image of another length than the size says.
 * @example
 * imagesFromBytes([new Uint8Array(12).fill(255)], [2, 2]).shape // [1, 3, 2, 2]
 */
export function imagesFromBytes(bytes: readonly Uint8Array[], [height, width]: Size): Tensor {
  const wrong = bytes.find((image) => image.length !== height * width * 3)
  if (wrong !== undefined) {
    throw new ArgumentError(`expected ${height} × ${width} × 3 = ${height * width * 3} bytes for an image but received ${wrong.length}`)
  }
  const all = new Uint8Array(bytes.length * height * width * 3)
  bytes.forEach((image, i) => all.set(image, i * height * width * 3))
  return torch.tensor(all).view([bytes.length, height, width, 3]).permute([0, 3, 1, 2]).contiguous().to('float32').div_(255)
}

export interface ImageFolderOptions {
  /** Height and width that every image is brought to, in pixels. */
  size: Size
  /** Default: 'crop'. */
  resize?: Resize
}

/**
 * The images of a folder and all folders in it, in the order of their paths; labels are not needed.
 *
 * A file that cannot be decoded is skipped, and counted in `skipped`.
 *
 * @throws FileError for a folder that is missing or holds no image files; ArgumentError for a size that is none.
 * @example
 * const folder = new ImageFolder('photos', { size: [64, 64] })
 * const image = await folder.load(0) // float32 [3, 64, 64] in 0…1, or null where the file is damaged
 */
export class ImageFolder {
  readonly files: readonly string[]
  readonly size: Size
  readonly resize: Resize
  /** Why each damaged file could not be decoded, by its path. */
  readonly skipped = new Map<string, string>()

  constructor(
    readonly path: string,
    options: ImageFolderOptions,
  ) {
    checkSize(options.size)
    this.files = imageFiles(path)
    this.size = options.size
    this.resize = options.resize ?? 'crop'
  }

  get length(): number {
    return this.files.length
  }

  /**
   * The bytes of one image, [H, W, 3], or null where its file is damaged.
   *
   * @throws FileError once every file of the folder has proved damaged; ArgumentError for an index that the folder lacks.
   */
  async loadBytes(index: number): Promise<Uint8Array | null> {
    const file = this.files[index]
    if (file === undefined)
      throw new ArgumentError(`there is no image ${index}: the folder ${this.path} has ${this.length}, numbered from 0`)
    if (this.skipped.has(file)) return null
    try {
      return await decodeImage(file, this.size, this.resize)
    } catch (error) {
      this.skipped.set(file, (error as Error).message)
      if (this.skipped.size === this.files.length) throw allDamaged(this)
      return null
    }
  }

  /** One image as float32 [3, H, W] in 0…1, or null where its file is damaged. */
  async load(index: number): Promise<Tensor | null> {
    const bytes = await this.loadBytes(index)
    return bytes === null ? null : imagesFromBytes([bytes], this.size).squeeze(0)
  }

  /** The images of these indices, damaged ones left out, as float32 [N, 3, H, W]. */
  async loadAll(indices: readonly number[]): Promise<Tensor> {
    const bytes = await Promise.all(indices.map((index) => this.loadBytes(index)))
    return imagesFromBytes(
      bytes.filter((image) => image !== null),
      this.size,
    )
  }

  /**
   * A batch of different images drawn by chance, by libtorch's generator, as float32 [N, 3, H, W] in 0…1.
   *
   * A damaged file is left out and another takes its place; only a folder with fewer whole images gives a smaller batch.
   *
   * @throws ArgumentError for a count that is no positive whole number.
   */
  async sample(count: number): Promise<Tensor> {
    if (!Number.isInteger(count) || count < 1)
      throw new ArgumentError(`sample(count) takes a positive whole number but received ${String(count)}`)
    const order = torch.randperm(this.length).tolist() as number[]
    const images: Uint8Array[] = []
    for (let next = 0; images.length < count && next < order.length;) {
      const chosen = order.slice(next, next + count - images.length)
      next += chosen.length
      for (const bytes of await Promise.all(chosen.map((index) => this.loadBytes(index)))) if (bytes !== null) images.push(bytes)
    }
    return imagesFromBytes(images, this.size)
  }
}

function checkSize(size: Size): void {
  if (Array.isArray(size) && size.length === 2 && size.every((side: number) => Number.isInteger(side) && side > 0)) return
  throw new ArgumentError(`expected a size [height, width] in whole pixels but received ${JSON.stringify(size)}`)
}

function allDamaged({ path, skipped }: ImageFolder): FileError {
  const [file, reason] = [...skipped][0]!
  return new FileError(`none of the ${skipped.size} image files in ${path} can be decoded; the first, ${file}: ${reason}`)
}

function imageFiles(folder: string): string[] {
  let entries
  try {
    if (!statSync(folder).isDirectory()) throw new FileError(`expected a folder of images but ${folder} is a file`)
    entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  } catch (error) {
    if (error instanceof FileError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw new FileError(
      code === 'ENOENT' ? `the folder of images ${folder} does not exist` : `the folder of images ${folder} cannot be read: ${message}`,
    )
  }
  const files = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && IMAGE_EXTENSIONS.includes(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  if (files.length === 0) {
    throw new FileError(
      `the folder ${folder} holds no images: expected files ending in ${IMAGE_EXTENSIONS.join(', ')}, in it or in folders below`,
    )
  }
  return files
}
