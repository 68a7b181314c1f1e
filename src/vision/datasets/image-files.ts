import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { systemReason } from '../../common/errors'
import { FileError } from '../../torch'

/** The extensions of files that are decoded, by sharp's prebuilt libvips or by this package; torchvision's are among them. */
export const IMAGE_EXTENSIONS = ['.avif', '.bmp', '.gif', '.jpeg', '.jpg', '.pbm', '.pgm', '.png', '.ppm', '.tif', '.tiff', '.webp']

export interface FoundImages {
  /** Paths, sorted. */
  readonly files: readonly string[]
  /** Subfolders and links that could not be read, with the reason. */
  readonly unreadable: ReadonlyMap<string, string>
  /** Paths of files that are likely meant but unfit, sorted. */
  readonly unfit: readonly string[]
}

/** Extensions of files that are likely meant but unfit, and what to say of those that are found where there is nothing else. */
export interface Unfit {
  readonly extensions: readonly string[]
  readonly hint: (files: readonly string[]) => string
}

/** Which files a search takes. */
export interface Wanted {
  /** What they are, in the plural. */
  readonly what: string
  readonly extensions: readonly string[]
  readonly unfit?: Unfit
  /** Files and folders that are left out. */
  readonly exclude?: readonly string[] | undefined
}

/**
 * @internal The image files of a folder and of all folders in it, hidden ones left out; links are followed, each folder once.
 *
 * @throws FileError for a folder that is missing, cannot be read or holds no image files.
 */
export function imageFiles(folder: string, wanted: Wanted = { what: 'images', extensions: IMAGE_EXTENSIONS }): FoundImages {
  const found: Findings = { files: [], unreadable: new Map(), unfit: [] }
  const { what, exclude = [] } = wanted
  try {
    if (!statSync(folder).isDirectory()) throw new FileError(`expected a folder of ${what} but ${folder} is a file`)
    search(folder, wanted, new Set([folder, ...exclude.filter((path) => existsSync(path))].map((path) => realpathSync(path))), found)
  } catch (error) {
    if (error instanceof FileError) throw error
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new FileError(
      missing ? `the folder of ${what} ${folder} does not exist` : `the folder of ${what} ${folder} cannot be read: ${systemReason(error)}`,
    )
  }
  if (found.files.length === 0) throw nothingIn(folder, wanted, found)
  return { ...found, files: found.files.sort(), unfit: found.unfit.sort() }
}

interface Findings {
  readonly files: string[]
  readonly unreadable: Map<string, string>
  readonly unfit: string[]
}

/** Adds what it finds; `done` holds the real paths of files and folders that are left out, and of folders that were searched. */
function search(folder: string, wanted: Wanted, done: Set<string>, found: Findings): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    try {
      const kind = entry.isSymbolicLink() ? statSync(path) : entry
      // Skip pipes and sockets, because reading them could block forever.
      if (kind.isFile() && hasExtension(entry.name, wanted.extensions) && !isLeftOut(path, wanted, done)) found.files.push(path)
      if (kind.isFile() && hasExtension(entry.name, wanted.unfit?.extensions ?? [])) found.unfit.push(path)
      if (kind.isDirectory() && !isVisited(done, path)) search(path, wanted, done, found)
    } catch (error) {
      found.unreadable.set(path, systemReason(error))
    }
  }
}

function isLeftOut(path: string, { exclude = [] }: Wanted, done: ReadonlySet<string>): boolean {
  return exclude.length > 0 && done.has(realpathSync(path))
}

/** Whether a folder was searched already; links may lead to a parent or to the same folder by another name. */
function isVisited(visited: Set<string>, folder: string): boolean {
  const real = realpathSync(folder)
  if (visited.has(real)) return true
  visited.add(real)
  return false
}

function hasExtension(name: string, extensions: readonly string[]): boolean {
  return extensions.includes(extname(name).toLowerCase())
}

function nothingIn(folder: string, { what, extensions, unfit }: Wanted, { unreadable, unfit: others }: FoundImages): FileError {
  const [first] = unreadable
  const aside = first === undefined ? '' : `; ${unreadable.size} could not be read, the first of them ${first[0]}: ${first[1]}`
  return new FileError(
    `the folder ${folder} holds no ${what}: expected files ending in ${extensions.join(', ')}, in it or in folders below${aside}${unfit === undefined || others.length === 0 ? '' : `. ${unfit.hint(others)}`}`,
  )
}
