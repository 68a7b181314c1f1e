import { existsSync, realpathSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import { plural, printable } from '../common/text'
import { option, worded, type Say } from '../common/wording'
import type { EvaluationSet } from '../evaluation'
import * as torch from '../torch'
import { ArgumentError, FileError, type Tensor } from '../torch'
import { PixelCL, defaultAugmentation } from '../pixelcl'
import { channelsOf, checkSmallestBox, spatialLayer } from '../pixelcl/internal'
import { ImageFolder } from '../vision/datasets'
import { loadBackbone, type LoadedBackbone } from './backbone'
import type { ResolvedPretrainOptions } from './options'
import { RunFolder } from './run/folder'
import { firstDecodable, splitFolder, type Split } from './split'

/** Number of training images to measure if none are held out. */
const FEW = 8
/** Number of images for recomputing batch-norm statistics before evaluation. */
const STATISTICS = 64

export interface PrepareHooks {
  /** Replaces the default evaluation set, the held-out images without masks. */
  evaluationSet?: (set: EvaluationSet) => EvaluationSet | Promise<EvaluationSet>
}

/** The inputs of a run, read and checked. */
export interface Prepared {
  readonly options: ResolvedPretrainOptions
  readonly backbone: LoadedBackbone
  readonly folder: ImageFolder
  readonly split: Split
  readonly learner: PixelCL
  /** The layer to measure: the learner's pixel layer, or the last layer with a map if that one has none. */
  readonly layer: string | number
  readonly set: EvaluationSet
}

/** Reads and checks all inputs of a run without writing anything; `say` receives messages for the user. */
export async function prepare(options: ResolvedPretrainOptions, say: Say, { evaluationSet }: PrepareHooks): Promise<Prepared> {
  const { backbone, folder } = read(options, say)
  torch.manualSeed(options.run.seed)
  // Evaluation runs on the CPU, so it needs its own augmentation.
  const channels = options.learner.channels ?? channelsOf(backbone.net)
  checkChannels(options.backbone.file, channels)
  const augment = () => defaultAugmentation(options.augmentation, channels)
  const learner = new PixelCL(backbone.net, { ...options.learner, augmentFn: augment() }).to(torch.device(options.run.device))
  checkSizes(options, learner)
  const { hiddenLayerPixel, imageSize } = options.learner
  const layer = spatialLayer(backbone.net, hiddenLayerPixel, imageSize, channels) ?? hiddenLayerPixel
  const split = await splitFolder(folder, { ...options.evaluation, ...options.run })
  // Callers with their own evaluation set print their own summary.
  if (evaluationSet === undefined) say(inputsOf(options, backbone, folder, split))
  sayIfOnlyWarmUp(options, say)
  for (const [path, reason] of folder.unreadable) say(`passed over ${printable(path)}: ${printable(reason)}`)
  const own = await ownEvaluationSet(folder, split, learner, augment())
  return { options, backbone, folder, split, learner, layer, set: (await evaluationSet?.(own)) ?? own }
}

function sayIfOnlyWarmUp({ schedule: { steps, warmupSteps }, optimizer: { lr } }: ResolvedPretrainOptions, say: Say): void {
  if (warmupSteps < steps) return
  say(worded`the warm-up takes all ${steps} steps (${option('warmupSteps')} is ${warmupSteps}), so the learning rate stays below ${lr}`)
}

/** Runs the quick checks, then reads the backbone and lists the folder. */
function read({ backbone, data, run, learner }: ResolvedPretrainOptions, say: Say): { backbone: LoadedBackbone; folder: ImageFolder } {
  const { file, arch } = backbone
  if (!existsSync(file)) throw new FileError(worded`there is no file ${file}: name the backbone's file with ${option('backbone.file')}`)
  checkDevice(run.device)
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  // While the saved backbone is replaced, the old and the new file exist together.
  RunFolder.check(run.out, run, run.saveEvery > 0 ? 2 * bytes : bytes)
  if (RunFolder.filesIn(run.out).some((other) => isSameFile(other, file))) {
    throw new ArgumentError(
      worded`the backbone ${file} is a file of the run that ${option('overwrite')} replaces: name another folder with ${option('out')}`,
    )
  }
  const size = data.inputSize ?? ([learner.imageSize, learner.imageSize] as const)
  checkBatchFits(data.batchSize, size)
  const folder = new ImageFolder(data.folder, { size, resize: data.resize })
  if (run.threads !== undefined) torch.setNumThreads(run.threads)
  return { backbone: loadBackbone(file, { arch, say }), folder }
}

/** The loader holds the batch and those that it decodes ahead. */
function checkBatchFits(batchSize: number, [height, width]: readonly [number, number]): void {
  const bytes = batchSize * 3 * height * width * Float32Array.BYTES_PER_ELEMENT
  if (bytes * 3 <= totalmem()) return
  const gigabytes = (count: number) => `${(count / 2 ** 30).toFixed(count < 2 ** 33 ? 1 : 0)} GB`
  throw new ArgumentError(
    worded`${option('batchSize')}: expected a batch that fits into memory but received ${batchSize}: three batches of ${height} × ${width} need ${gigabytes(bytes * 3)}, and this machine has ${gigabytes(totalmem())}`,
  )
}

/** A summary of backbone, data and options. */
function inputsOf(options: ResolvedPretrainOptions, { net, arch }: LoadedBackbone, { length }: ImageFolder, { heldOut }: Split): string {
  const parameters = net.parameters().reduce((sum, parameter) => sum + parameter.numel(), 0) / 1e6
  const wanted = options.evaluation.heldOut
  const fewer = heldOut.length < wanted ? ` (a quarter at most, not ${wanted})` : ''
  const aside =
    heldOut.length === 0 ? 'none held out, so images that are trained on are measured' : `${heldOut.length} of them held out${fewer}`
  return (
    `${options.backbone.file}: ${arch ?? 'TorchScript'}, ${parameters.toFixed(1)} M parameters\n` +
    `${options.data.folder}: ${plural(length, 'image')}, ${aside}`
  )
}

/** Held-out images without masks, and training images for batch-norm statistics. */
async function ownEvaluationSet(folder: ImageFolder, split: Split, learner: PixelCL, augment: torch.nn.Module): Promise<EvaluationSet> {
  const { cutoutRatioRange, probRandHflip, viewSize } = learner.options
  const shown = split.heldOut.length > 0 ? split.heldOut : await firstDecodable(folder, split.train, FEW)
  const load = async (indices: readonly number[]): Promise<Tensor> => torch.keep(await folder.loadAll(indices))
  const [images, statistics] = await Promise.all([load(shown), firstDecodable(folder, split.train, STATISTICS).then(load)])
  return {
    images,
    statistics,
    trainedOn: split.heldOut.length === 0,
    channels: learner.channels,
    views: { augment, cutoutRatioRange, probRandHflip, viewSize },
  }
}

/** Whether two paths name the same file, also through links. */
function isSameFile(one: string, other: string): boolean {
  const real = (path: string) => (existsSync(path) ? realpathSync(path) : resolve(path))
  return real(one) === real(other)
}

/** Checks sizes other than `imageSize`, the only one that the learner's dry run has seen. */
function checkSizes({ data: { inputSize }, learner: { viewSize, imageSize } }: ResolvedPretrainOptions, learner: PixelCL): void {
  if (inputSize !== undefined) checkSmallestBox(...inputSize, learner.options)
  const [height, width] = viewSize ?? inputSize ?? [imageSize, imageSize]
  if (height < 2 || width < 2)
    throw new ArgumentError(
      worded`views of ${height} × ${width} are too small: a blur needs two pixels each way. Give a larger ${option('viewSize')}`,
    )
}

/** Image files give three channels, or one as grey. */
function checkChannels(file: string, channels: number): void {
  if (channels === 1 || channels === 3) return
  throw new ArgumentError(
    worded`the backbone ${file} takes images of ${channels} channels, and image files have 3, or 1 as grey: train it by the class PixelCL, which takes tensors [N, ${channels}, H, W], or correct ${option('channels')}`,
  )
}

function checkDevice(device: string): void {
  try {
    torch.zeros([1], { device: torch.device(device) })
  } catch (error) {
    throw new ArgumentError(`the device '${device}' cannot be used: ${(error as Error).message}`, { cause: error })
  }
}
