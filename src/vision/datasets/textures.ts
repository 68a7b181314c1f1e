import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { TEXTURE_CLASSES, generatorOf, paintScene, type Scene } from './scenes'

export { TEXTURE_CLASSES }

export interface TextureOptions {
  /** Images to train on; default 360. */
  train?: number
  /** Images that are held out; default 72. */
  heldOut?: number
  /** Side of the square images in pixels; default 128. */
  size?: number
  /** Default 0. */
  seed?: number
}

/** Where the images and their masks lie: a mask has its image's name, and ends in .png. */
export interface TextureSet {
  readonly train: string
  readonly trainMasks: string
  readonly heldOut: string
  readonly heldOutMasks: string
  readonly classes: readonly string[]
}

/** Raised when what is painted changes, so that older folders are not taken for it. */
const VERSION = 1

/**
 * Writes images of textured shapes, half of them PNG and half JPEG, with exact masks; a folder that holds them already is left as it is.
 *
 * Every region has one of six textures, in a tilt, scale and contrast of its own; grey levels say nothing of the class. The seed decides all.
 *
 * @example
 * const { train } = await makeTextures('cache/textures', { train: 12, heldOut: 4 })
 * const folder = new ImageFolder(train, { size: [64, 64] })
 */
export async function makeTextures(folder: string, options: TextureOptions = {}): Promise<TextureSet> {
  const { train = 360, heldOut = 72, size = 128, seed = 0 } = options
  const set: TextureSet = {
    train: join(folder, 'train'),
    trainMasks: join(folder, 'train-masks'),
    heldOut: join(folder, 'held-out'),
    heldOutMasks: join(folder, 'held-out-masks'),
    classes: TEXTURE_CLASSES,
  }
  const stamp = join(folder, 'textures.json')
  const wanted = JSON.stringify({ version: VERSION, train, heldOut, size, seed })
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return set
  for (const part of [set.train, set.trainMasks, set.heldOut, set.heldOutMasks]) {
    rmSync(part, { recursive: true, force: true })
    mkdirSync(part, { recursive: true })
  }
  const random = generatorOf(seed)
  const writing: Promise<void>[] = []
  for (let i = 0; i < train; i++) writing.push(write(paintScene(random, size), set.train, set.trainMasks, i))
  for (let i = 0; i < heldOut; i++) writing.push(write(paintScene(random, size), set.heldOut, set.heldOutMasks, i))
  await Promise.all(writing)
  // The stamp comes last and at once: a folder that has it is whole.
  writeFileSync(`${stamp}.part`, wanted)
  renameSync(`${stamp}.part`, stamp)
  return set
}

async function write({ grey, mask, size }: Scene, images: string, masks: string, index: number): Promise<void> {
  const name = String(index).padStart(4, '0')
  const raw = { width: size, height: size, channels: 1 } as const
  const image = sharp(grey, { raw }).toColourspace('srgb')
  await (index % 2 === 0 ? image.png().toFile(join(images, `${name}.png`)) : image.jpeg({ quality: 90 }).toFile(join(images, `${name}.jpg`)))
  await sharp(mask, { raw }).toColourspace('b-w').png().toFile(join(masks, `${name}.png`))
}
