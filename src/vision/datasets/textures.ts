import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import sharp from 'sharp'
import { z } from 'zod'
import { FileError } from '../../torch'
import { parseOptions, positiveInt } from '../../common/options'
import { TEXTURE_CLASSES, generatorOf, paintScene, type Scene } from './scenes'

export { TEXTURE_CLASSES }

export interface TextureOptions {
  /** Number of training images; default 300. */
  train?: number
  /** Number of held-out images; default 60. */
  heldOut?: number
  /** Side of the square images in pixels; default 160. */
  size?: number
  /** Default 0. */
  seed?: number
}

const textureOptions = z.strictObject({
  train: positiveInt.default(300),
  heldOut: z.number().int().min(0).default(60),
  size: positiveInt.default(160),
  seed: z.number().int().default(0),
})

/** The folders of images and masks; a mask is named like its image, with the extension .png. */
export interface TextureSet {
  readonly train: string
  readonly trainMasks: string
  readonly heldOut: string
  readonly heldOutMasks: string
  readonly classes: readonly string[]
}

/** Raise this when the images change, so that folders of older images are not reused. */
const VERSION = 2

/**
 * Writes images of textured fields, half of them PNG and half JPEG, with exact masks, unless the folder already holds them.
 *
 * Every field has one of six textures. All fields of an image share its colours, tilt, scale and light, so that these do not reveal the class.
 * The seed determines everything.
 *
 * @throws FileError for a folder that holds other files; ArgumentError for wrong options.
 * @example
 * const { train } = await makeTextures('cache/textures', { train: 12, heldOut: 4 })
 * const folder = new ImageFolder(train, { size: [64, 64] })
 */
export async function makeTextures(folder: string, options: TextureOptions = {}): Promise<TextureSet> {
  const { train, heldOut, size, seed } = parseOptions(textureOptions, options, 'makeTextures')
  const wanted = JSON.stringify({ version: VERSION, train, heldOut, size, seed })
  if (isWhole(folder, wanted)) return partsOf(folder)
  refuseOthers(folder)
  mkdirSync(dirname(resolve(folder)), { recursive: true })
  // Images are made in a temporary folder that is then renamed, so an existing folder is complete and two processes never share files.
  const draft = mkdtempSync(`${resolve(folder)}.part-`)
  try {
    await paint(partsOf(draft), { train, heldOut, size, seed })
    writeFileSync(join(draft, STAMP), wanted)
    if (isWhole(folder, wanted)) return partsOf(folder)
    rmSync(folder, { recursive: true, force: true })
    renameSync(draft, folder)
  } catch (error) {
    if (!isWhole(folder, wanted)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return partsOf(folder)
}

const STAMP = 'textures.json'
const PARTS = { train: 'train', trainMasks: 'train-masks', heldOut: 'held-out', heldOutMasks: 'held-out-masks' } as const

function partsOf(folder: string): TextureSet {
  const { train, trainMasks, heldOut, heldOutMasks } = PARTS
  return {
    train: join(folder, train),
    trainMasks: join(folder, trainMasks),
    heldOut: join(folder, heldOut),
    heldOutMasks: join(folder, heldOutMasks),
    classes: TEXTURE_CLASSES,
  }
}

/** Whether the folder holds exactly the wanted images. */
function isWhole(folder: string, wanted: string): boolean {
  const stamp = join(folder, STAMP)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
}

/** Rejects a folder that holds anything but an older set. */
function refuseOthers(folder: string): void {
  if (!existsSync(folder)) return
  if (!statSync(folder).isDirectory()) throw new FileError(`the folder for textures ${folder} is a file: name another`)
  const entries = readdirSync(folder)
  const own: readonly string[] = entries.includes(STAMP) ? [STAMP, ...Object.values(PARTS)] : []
  const other = entries.find((name) => !own.includes(name))
  if (other !== undefined)
    throw new FileError(`the folder for textures ${folder} holds other files (${other}): name one that is new or empty`)
}

async function paint(set: TextureSet, { train, heldOut, size, seed }: Required<TextureOptions>): Promise<void> {
  for (const part of [set.train, set.trainMasks, set.heldOut, set.heldOutMasks]) mkdirSync(part)
  const random = generatorOf(seed)
  const writing: Promise<void>[] = []
  for (let i = 0; i < train; i++) writing.push(write(paintScene(random, size), set.train, set.trainMasks, i))
  for (let i = 0; i < heldOut; i++) writing.push(write(paintScene(random, size), set.heldOut, set.heldOutMasks, i))
  await Promise.all(writing)
}

async function write({ rgb, mask, size }: Scene, images: string, masks: string, index: number): Promise<void> {
  const name = String(index).padStart(4, '0')
  const image = sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
  await (index % 2 === 0
    ? image.png().toFile(join(images, `${name}.png`))
    : image.jpeg({ quality: 90 }).toFile(join(images, `${name}.jpg`)))
  await sharp(mask, { raw: { width: size, height: size, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(join(masks, `${name}.png`))
}
