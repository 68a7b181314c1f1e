import { existsSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { printable } from '../common/text'
import type { EvaluationSet } from '../evaluation'
import * as torch from '../torch'
import { ArgumentError, FileError, type Tensor } from '../torch'
import { PixelCL, augmentationOptions, defaultAugmentation, pixelCLOptions } from '../pixelcl'
import { checkSmallestBox, spatialLayer } from '../pixelcl/internal'
import { ImageFolder } from '../vision/datasets'
import { loadBackbone, type LoadedBackbone } from './backbone'
import { partOf, type ResolvedPretrainOptions } from './options'
import { RunFolder } from './run/folder'
import { firstDecodable, splitFolder, type Split } from './split'

/** Images that are measured where none are held out. */
const FEW = 8
/** Images from which batch-norm statistics are taken for measuring. */
const STATISTICS = 64

export interface PrepareHooks {
  /** What is measured, in place of the held-out images without masks that are given. */
  evaluationSet?: (set: EvaluationSet) => EvaluationSet | Promise<EvaluationSet>
}

/** All that a run needs, read and checked. */
export interface Prepared {
  readonly options: ResolvedPretrainOptions
  readonly backbone: LoadedBackbone
  readonly folder: ImageFolder
  readonly split: Split
  readonly learner: PixelCL
  /** The layer that is measured: the learner's, or the last with a map where that has none. */
  readonly layer: string | number
  readonly set: EvaluationSet
}

/** Reads and checks all that a run needs, and writes nothing; `say` is told what a person should know. */
export async function prepare(
  options: ResolvedPretrainOptions,
  say: (text: string) => void,
  { evaluationSet }: PrepareHooks,
): Promise<Prepared> {
  const { backbone, folder } = read(options, say)
  torch.manualSeed(options.seed)
  // The measures have their own, for the learner's are where it is, and the measures run on the CPU.
  const augment = () => defaultAugmentation(partOf(augmentationOptions, options))
  const learner = new PixelCL(backbone.net, { ...partOf(pixelCLOptions, options), augmentFn: augment() }).to(options.device)
  checkSizes(options, learner)
  const layer = spatialLayer(backbone.net, options.hiddenLayerPixel, options.imageSize) ?? options.hiddenLayerPixel
  const split = await splitFolder(folder, options)
  // Who brings what is measured tells of it, too.
  if (evaluationSet === undefined) say(inputsOf(options, backbone, folder, split))
  if (options.warmupSteps >= options.steps)
    say(
      `the warm-up takes all ${options.steps} steps (warmupSteps is ${options.warmupSteps}), so the learning rate stays below ${options.lr}`,
    )
  for (const [path, reason] of folder.unreadable) say(`passed over ${printable(path)}: ${printable(reason)}`)
  const own = await ownEvaluationSet(folder, split, learner, augment())
  return { options, backbone, folder, split, learner, layer, set: (await evaluationSet?.(own)) ?? own }
}

/** Reads and checks what is quick to check first. */
function read(options: ResolvedPretrainOptions, say: (line: string) => void): { backbone: LoadedBackbone; folder: ImageFolder } {
  const { imageSize, inputSize, resize, threads } = options
  if (!existsSync(options.backbone)) throw new FileError(`there is no file ${options.backbone}: name the backbone's file with --backbone`)
  checkDevice(options.device)
  const bytes = statSync(options.backbone, { throwIfNoEntry: false })?.size ?? 0
  // While a file is replaced, both are there.
  RunFolder.check(options.out, options, options.saveEvery > 0 ? 2 * bytes : bytes)
  if (RunFolder.filesIn(options.out).some((file) => isSameFile(file, options.backbone))) {
    throw new ArgumentError(
      `the backbone ${options.backbone} is a file of the run that --overwrite replaces: name another folder with --out`,
    )
  }
  const folder = new ImageFolder(options.data, { size: inputSize ?? [imageSize, imageSize], resize })
  if (threads !== undefined) torch.setNumThreads(threads)
  return { backbone: loadBackbone(options.backbone, { arch: options.arch, say }), folder }
}

/** What is trained on what. */
function inputsOf(options: ResolvedPretrainOptions, { net, arch }: LoadedBackbone, { length }: ImageFolder, { heldOut }: Split): string {
  const parameters = net.parameters().reduce((sum, parameter) => sum + parameter.numel(), 0) / 1e6
  const fewer = heldOut.length < options.heldOut ? ` (a quarter at most, not ${options.heldOut})` : ''
  const aside =
    heldOut.length === 0 ? 'none held out, so images that are trained on are measured' : `${heldOut.length} of them held out${fewer}`
  return (
    `${options.backbone}: ${arch ?? 'TorchScript'}, ${parameters.toFixed(1)} M parameters\n` +
    `${options.data}: ${length.toLocaleString('en-US')} ${length === 1 ? 'image' : 'images'}, ${aside}`
  )
}

/** Held-out images without masks, and as many of the others as give sound statistics. */
async function ownEvaluationSet(folder: ImageFolder, split: Split, learner: PixelCL, augment: torch.nn.Module): Promise<EvaluationSet> {
  const { cutoutRatioRange, probRandHflip, viewSize } = learner.options
  const shown = split.heldOut.length > 0 ? split.heldOut : await firstDecodable(folder, split.train, FEW)
  const load = async (indices: readonly number[]): Promise<Tensor> => torch.keep(await folder.loadAll(indices))
  const [images, statistics] = await Promise.all([load(shown), firstDecodable(folder, split.train, STATISTICS).then(load)])
  return {
    images,
    statistics,
    trainedOn: split.heldOut.length === 0,
    views: { augment, cutoutRatioRange, probRandHflip, viewSize },
  }
}

/** Whether two paths lead to one file, by whatever links. */
function isSameFile(one: string, other: string): boolean {
  const real = (path: string) => (existsSync(path) ? realpathSync(path) : resolve(path))
  return real(one) === real(other)
}

/** The dry run of the learner has seen images of `imageSize` alone. */
function checkSizes({ inputSize, viewSize, imageSize }: ResolvedPretrainOptions, learner: PixelCL): void {
  if (inputSize !== undefined) checkSmallestBox(...inputSize, learner.options)
  const [height, width] = viewSize ?? inputSize ?? [imageSize, imageSize]
  if (height < 2 || width < 2)
    throw new ArgumentError(`views of ${height} × ${width} are too small: a blur needs two pixels each way. Give a larger viewSize`)
}

function checkDevice(device: string): void {
  try {
    torch.zeros([1], { device })
  } catch (error) {
    throw new ArgumentError(`the device '${device}' cannot be used: ${(error as Error).message}`, { cause: error })
  }
}
