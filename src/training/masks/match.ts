import { realpathSync } from 'node:fs'
import { basename, extname, relative, resolve } from 'node:path'
import { plural } from '../../common/text'
import { option, worded } from '../../common/wording'
import { FileError } from '../../torch'
import { LOSSY_EXTENSIONS, MASK_EXTENSIONS, imageFiles } from '../../vision/datasets'

/** Which image of a folder has which mask. */
export interface MatchedMasks {
  /** The mask's path by the image's path. */
  readonly of: ReadonlyMap<string, string>
  /** Masks of no image. */
  readonly unmatched: readonly string[]
  /** Files among the masks whose format changes class numbers; images are none of them. */
  readonly lossy: readonly string[]
  /** Files and folders of masks that are no images, where they lie among the images. */
  readonly exclude: readonly string[]
}

/** What a mask's name may have behind its image's name. */
const SUFFIX = /[-_.](masks?|labels?|seg|segmentation|gt)$/i

/**
 * Matches masks to images: by the path within their folders without the extension, where a mask's may end in `_mask`, `_label`, `_seg` or `_gt`;
 * else by the file's name alone, where it is the only one.
 *
 * Both may lie in one folder: a file that serves as the mask of another is no image.
 *
 * @param images - Paths of all image files in `folder`.
 * @throws FileError for a folder of masks that is missing or holds none, and if no mask matches an image.
 */
export function matchMasks(masksFolder: string, folder: string, images: readonly string[]): MatchedMasks {
  const unfit = { extensions: LOSSY_EXTENSIONS, hint: lossyHint }
  const { files: masks, unfit: candidates } = imageFiles(masksFolder, { what: 'masks', extensions: MASK_EXTENSIONS, unfit })
  const isOneFolder = realOf(masksFolder) === realOf(folder)
  const isInside = (path: string) => !relative(realOf(masksFolder), realOf(path)).startsWith('..')
  const others = isOneFolder ? images : images.filter((image) => !isInside(image))
  const known = new Set(others.map((image) => resolve(image)))
  const lossy = candidates.filter((file) => !known.has(resolve(file)))
  const byPath = indexOf(masks, masksFolder)
  const byName = onlyOnes(masks)
  const imageNames = onlyOnes(others)
  const of = new Map<string, string>()
  for (const image of others) {
    const path = keysOf(relative(folder, image)).map((key) => byPath.get(key))
    const name = imageNames.get(nameOf(image)) === image ? byName.get(nameOf(image)) : undefined
    const mask = [...path, name].find((found) => found !== undefined && found !== image)
    if (mask !== undefined) of.set(image, mask)
  }
  const used = new Set(of.values())
  // In one folder, `a.png` beside `a.jpg` serves as the mask of `a.jpg`, so it is not an image, even if `a_mask.png` would match it.
  if (isOneFolder) for (const mask of used) of.delete(mask)
  if (of.size === 0) throw noneMatches(masksFolder, { masks, lossy }, folder, others)
  return {
    of,
    unmatched: isOneFolder ? [] : masks.filter((mask) => !used.has(mask)),
    lossy,
    exclude: isOneFolder ? [...used] : [masksFolder],
  }
}

/** A path without links; itself where it was removed meanwhile. */
function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}

/** The names under which an image's mask is looked up: `a/b` for `a/b.jpg`, then `a/b.jpg`, as in `a/b.jpg.png`. */
function keysOf(path: string): string[] {
  return [withoutExtension(path), path]
}

/** Masks by their path in the folder without the extension, and without a suffix such as `_mask`; the name as it is goes first. */
function indexOf(masks: readonly string[], folder: string): Map<string, string> {
  const paths = masks.map((mask) => [withoutExtension(relative(folder, mask)), mask] as const)
  const plain = paths.filter(([key]) => SUFFIX.test(key)).map(([key, mask]) => [key.replace(SUFFIX, ''), mask] as const)
  return new Map([...plain, ...paths])
}

/** Files by their name without extension and suffix, of names that occur once. */
function onlyOnes(files: readonly string[]): Map<string, string> {
  const found = new Map<string, string | null>()
  for (const file of files) found.set(nameOf(file), found.has(nameOf(file)) ? null : file)
  return new Map([...found].flatMap(([name, file]) => (file === null ? [] : [[name, file]])))
}

function nameOf(path: string): string {
  return withoutExtension(basename(path)).replace(SUFFIX, '')
}

function withoutExtension(path: string): string {
  return path.slice(0, path.length - extname(path).length)
}

/** Why files of these formats are no masks, and what to do. */
export function lossyHint(files: readonly string[]): string {
  const [first] = files
  return (
    `${plural(files.length, 'file')} such as ${first!} cannot be masks, for JPEG, WebP and AVIF change class numbers: ` +
    'write masks as PNG where they are made; a JPEG that is converted keeps its wrong numbers'
  )
}

interface FoundMasks {
  readonly masks: readonly string[]
  readonly lossy: readonly string[]
}

function noneMatches(masksFolder: string, { masks, lossy }: FoundMasks, folder: string, images: readonly string[]): FileError {
  const [mask, image] = [masks[0]!, images[0]]
  const name = image === undefined ? '' : withoutExtension(relative(folder, image))
  if (realOf(masksFolder) === realOf(folder))
    return new FileError(
      worded`${folder} holds images and masks (${option('masks')}), but no file is the mask of another: for ${image ?? ''} it would be ${name}_mask.png`,
    )
  const wanted = image === undefined ? '' : `: for ${image} a mask would be ${name}.png or ${name}_mask.png in it`
  return new FileError(
    worded`none of the ${masks.length} masks in ${masksFolder} (${option('masks')}) has the name of an image in ${folder}${wanted}, but it has ${relative(masksFolder, mask)}${lossy.length === 0 ? '' : `. ${lossyHint(lossy)}`}`,
  )
}
