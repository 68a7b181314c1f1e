import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as torch from '../../torch'
import type { Tensor } from '../../torch'
import { cacheFolder } from '../../native'
import { ImageFolder, decodeMask, makeTextures, type Size, type TextureSet } from '../../vision/datasets'
import type { EvaluationSet } from '../../evaluation'

/** Numbers of images to make. */
export interface ImageCounts {
  readonly train: number
  readonly heldOut: number
}

export const IMAGES: ImageCounts = { train: 300, heldOut: 60 }

/** The folder of these images, in the cache of the set-up. */
export function imagesFolder({ train, heldOut }: ImageCounts): string {
  return join(cacheFolder(), 'demo', `textures-${train}-${heldOut}`)
}

/** The demo's images, which are created on first use. */
export function demoImages(counts: ImageCounts): Promise<TextureSet> {
  return makeTextures(imagesFolder(counts), counts)
}

/** Labelled images for the nearest-neighbour bank; more take longer and hardly change the result. */
const BANK = 96

/** The demo's evaluation set: held-out images with masks, and labelled training images as the bank. */
export async function labelledSet(textures: TextureSet, size: Size, views: EvaluationSet['views']): Promise<EvaluationSet> {
  const [bank, heldOut] = await Promise.all([
    load(textures.train, textures.trainMasks, size, BANK),
    load(textures.heldOut, textures.heldOutMasks, size, Infinity),
  ])
  return { images: heldOut.images, statistics: bank.images, views, labels: { classes: textures.classes, masks: heldOut.masks, bank } }
}

/** The first images of a folder, [N, 3, H, W], and their masks as they are stored, [N, h, w]. */
async function load(images: string, masks: string, size: Size, most: number): Promise<{ images: Tensor; masks: Tensor }> {
  const folder = new ImageFolder(images, { size })
  const indices = folder.files.map((_, i) => i).slice(0, most)
  const files = readdirSync(masks).sort().slice(0, most)
  const [loaded, classes] = await Promise.all([folder.loadAll(indices), Promise.all(files.map((file) => loadMask(join(masks, file))))])
  return { images: loaded, masks: torch.stack(classes) }
}

async function loadMask(path: string): Promise<Tensor> {
  const { classes, size } = await decodeMask(path)
  return torch
    .tensor(classes)
    .view([...size])
    .to('int64')
}
