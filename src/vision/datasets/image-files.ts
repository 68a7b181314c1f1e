import { readdirSync, realpathSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { FileError } from '../../torch'

/** The extensions of files that are decoded, by sharp's prebuilt libvips or by this package; torchvision's are among them. */
export const IMAGE_EXTENSIONS = ['.avif', '.bmp', '.gif', '.jpeg', '.jpg', '.pbm', '.pgm', '.png', '.ppm', '.tif', '.tiff', '.webp']

export interface FoundImages {
  /** Paths, sorted. */
  readonly files: readonly string[]
  /** Subfolders and links that could not be read, with the reason. */
  readonly unreadable: ReadonlyMap<string, string>
}

/**
 * @internal The image files of a folder and of all folders in it, hidden ones left out; links are followed, each folder once.
 *
 * @throws FileError for a folder that is missing, cannot be read or holds no image files.
 */
export function imageFiles(folder: string): FoundImages {
  const found: Findings = { files: [], unreadable: new Map() }
  try {
    if (!statSync(folder).isDirectory()) throw new FileError(`expected a folder of images but ${folder} is a file`)
    search(folder, new Set([realpathSync(folder)]), found)
  } catch (error) {
    if (error instanceof FileError) throw error
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new FileError(
      missing
        ? `the folder of images ${folder} does not exist`
        : `the folder of images ${folder} cannot be read: ${(error as Error).message}`,
    )
  }
  if (found.files.length === 0) throw nothingIn(folder, found)
  return { ...found, files: found.files.sort() }
}

interface Findings {
  readonly files: string[]
  readonly unreadable: Map<string, string>
}

function search(folder: string, visited: Set<string>, found: Findings): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    try {
      const kind = entry.isSymbolicLink() ? statSync(path) : entry
      // Skip pipes and sockets, because reading them could block forever.
      if (kind.isFile() && isImage(entry.name)) found.files.push(path)
      if (kind.isDirectory() && !isVisited(visited, path)) search(path, visited, found)
    } catch (error) {
      found.unreadable.set(path, (error as Error).message)
    }
  }
}

/** Whether a folder was searched already; links may lead to a parent or to the same folder by another name. */
function isVisited(visited: Set<string>, folder: string): boolean {
  const real = realpathSync(folder)
  if (visited.has(real)) return true
  visited.add(real)
  return false
}

function isImage(name: string): boolean {
  return IMAGE_EXTENSIONS.includes(extname(name).toLowerCase())
}

function nothingIn(folder: string, { unreadable }: FoundImages): FileError {
  const [first] = unreadable
  const aside = first === undefined ? '' : `; ${unreadable.size} could not be read, the first of them ${first[0]}: ${first[1]}`
  return new FileError(
    `the folder ${folder} holds no images: expected files ending in ${IMAGE_EXTENSIONS.join(', ')}, in it or in folders below${aside}`,
  )
}
