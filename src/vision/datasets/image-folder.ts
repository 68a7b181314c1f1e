import { extname } from 'node:path'
import { z } from 'zod'
import * as torch from '../../torch'
import { ArgumentError, FileError, type Tensor } from '../../torch'
import { parseOptions } from '../../common/options'
import { plural, sized } from '../../common/text'
import { decode, resizeOption, sizeOption, type Resize, type Size } from './decode'
import { formatOf } from './damage'
import { failureOf } from './failure'
import { IMAGE_EXTENSIONS, imageFiles, type Unfit } from './image-files'
import { firstBytes } from './open-image'

/**
 * Images' bytes, each [H, W, 3], as one float32 tensor [N, 3, H, W] in 0…1.
 *
 * @throws ArgumentError for an image whose length does not match the size.
 * @example
 * imagesFromBytes([new Uint8Array(12).fill(255)], [2, 2]).shape // [1, 3, 2, 2]
 */
export function imagesFromBytes(bytes: readonly Uint8Array[], [height, width]: Size): Tensor {
  const wrong = bytes.find((image) => image.length !== height * width * 3)
  if (wrong !== undefined) {
    throw new ArgumentError(
      `expected ${height * width * 3} bytes for an image, three for each pixel of ${sized([height, width])}, but received ${wrong.length}`,
    )
  }
  const all = new Uint8Array(bytes.length * height * width * 3)
  bytes.forEach((image, i) => all.set(image, i * height * width * 3))
  return torch.tensor(all).view([bytes.length, height, width, 3]).permute([0, 3, 1, 2]).contiguous().to('float32').div_(255)
}

const imageFolderOptions = z.strictObject({
  size: sizeOption,
  resize: resizeOption.default('crop'),
  exclude: z.array(z.string(), 'expected an array of paths').optional(),
})

export interface ImageFolderOptions {
  /** Height and width of all loaded images, in pixels. */
  size: Size
  /** Default: 'crop'. */
  resize?: Resize
  /** Paths of files and folders that are left out, such as a folder of masks beside the images; default: none. */
  exclude?: readonly string[] | undefined
}

const CONVERT = 'convert it to JPEG or PNG'

/** Extensions of images that cameras and editors write, and that are not read. */
const OTHER_IMAGES: Unfit = {
  extensions: ['.heic', '.heif', '.jp2', '.jxl', '.psd', '.svg', '.arw', '.cr2', '.cr3', '.dng', '.nef'],
  hint: (files) =>
    `${plural(files.length, 'file')} of other formats ${files.length === 1 ? 'is' : 'are'} not read, such as ${files[0]!}: ${CONVERT}`,
}

const OPEN_AT_ONCE = 32

/**
 * The images of a folder and all folders in it, in the order of their paths; labels are not needed.
 *
 * Links are followed, each folder once; hidden files are ignored. What cannot be read is skipped: `skipped` says what and why.
 *
 * @throws FileError for a folder that is missing or holds no image files; ArgumentError for wrong options.
 * @example
 * const folder = new ImageFolder('photos', { size: [64, 64] })
 * const image = await folder.load(0) // float32 [3, 64, 64] in 0…1, or null where the file is damaged
 */
export class ImageFolder {
  readonly files: readonly string[]
  readonly size: Size
  readonly resize: Resize
  /** Reasons by path of everything skipped so far: the files that could not be decoded, and the entries of `unreadable`. */
  readonly skipped: Map<string, string>
  /** The part of `skipped` that the listing of the folder found, absent from `files`: images of other formats, and unreadable subfolders and links. */
  readonly unreadable: ReadonlyMap<string, string>
  /** The files in `skipped` with damaged content. They are not read again, unlike files that could not be opened. */
  private readonly damaged = new Set<string>()

  constructor(
    readonly path: string,
    options: ImageFolderOptions,
  ) {
    const { size, resize, exclude } = parseOptions(imageFolderOptions, options, 'ImageFolder')
    const { files, unreadable, unfit } = imageFiles(path, { what: 'images', extensions: IMAGE_EXTENSIONS, exclude, unfit: OTHER_IMAGES })
    this.files = files
    this.unreadable = new Map([...unreadable, ...unfit.map((file) => [file, `${extname(file)} is not read: ${CONVERT}`] as const)])
    this.skipped = new Map(this.unreadable)
    this.size = size
    this.resize = resize
  }

  get length(): number {
    return this.files.length
  }

  /** Number of files that can be decoded, as far as is known: those that were not skipped. */
  get readable(): number {
    return this.length - (this.skipped.size - this.unreadable.size)
  }

  /** @internal Whether the content of a file is known to be damaged. */
  isDamaged(index: number): boolean {
    return this.damaged.has(this.files[index]!)
  }

  /** @internal The same files at another size; what is known of them is shared. */
  resized(size: Size, resize: Resize): ImageFolder {
    return Object.assign(Object.create(ImageFolder.prototype) as ImageFolder, this, { size, resize })
  }

  /**
   * Looks at the first bytes of every file, so that `skipped` has those that are empty or no image.
   *
   * Damage farther in a file shows when it is decoded.
   *
   * @throws FileError if no file of the folder is an image.
   */
  async check(): Promise<void> {
    const isNoImage = async (file: string) => {
      try {
        return formatOf(await firstBytes(file)) === null
      } catch {
        return true
      }
    }
    // A process may open a limited number of files at once.
    for (let first = 0; first < this.length; first += OPEN_AT_ONCE) {
      const checked = this.files.slice(first, first + OPEN_AT_ONCE).map(async (file, i) => {
        if (await isNoImage(file)) await this.loadBytes(first + i)
      })
      await Promise.all(checked)
    }
  }

  /**
   * The bytes of one image, [H, W, 3], or null if its file is damaged or cannot be read now.
   *
   * @throws FileError if no file of the folder can be decoded; ArgumentError for an index out of range.
   */
  async loadBytes(index: number): Promise<Uint8Array | null> {
    const file = this.files[index]
    if (file === undefined)
      throw new ArgumentError(`there is no image ${index}: the folder ${this.path} has ${this.length}, numbered from 0`)
    if (this.damaged.has(file)) return null
    try {
      const bytes = await decode(file, this.size, this.resize)
      this.skipped.delete(file)
      return bytes
    } catch (error) {
      const { reason, isDamaged } = await failureOf(file, error)
      if (isDamaged) this.damaged.add(file)
      this.skipped.set(file, reason)
      if (this.readable === 0) throw noneDecodable(this)
      return null
    }
  }

  /** One image as float32 [3, H, W] in 0…1, or null if its file is damaged. */
  async load(index: number): Promise<Tensor | null> {
    const bytes = await this.loadBytes(index)
    return bytes === null ? null : imagesFromBytes([bytes], this.size).squeeze(0)
  }

  /** The images at these indices except damaged ones, as float32 [N, 3, H, W]. */
  async loadAll(indices: readonly number[]): Promise<Tensor> {
    const bytes = await Promise.all(indices.map((index) => this.loadBytes(index)))
    return imagesFromBytes(
      bytes.filter((image) => image !== null),
      this.size,
    )
  }

  /**
   * A random batch of distinct images, drawn with libtorch's generator, as float32 [N, 3, H, W] in 0…1.
   *
   * A damaged file is replaced by another; the batch is smaller only if the folder has too few readable images.
   *
   * @throws ArgumentError for a count that is not a positive integer.
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

/** @internal The error for a folder without a file that can be decoded. */
export function noneDecodable({ path, files, length, readable, skipped }: ImageFolder): FileError {
  const first = files.find((file) => skipped.has(file))!
  return new FileError(
    `none of the ${length - readable} image files in ${path} can be decoded; the first, ${first}: ${skipped.get(first)!}`,
  )
}
