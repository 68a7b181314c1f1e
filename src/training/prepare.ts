import { existsSync, realpathSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import { plural, sized } from '../common/text'
import { option, worded, type Say } from '../common/wording'
import { FEWEST_IMAGES, type EvaluationSet } from '../evaluation'
import * as torch from '../torch'
import { ArgumentError } from '../torch'
import { PixelCL, defaultAugmentation } from '../pixelcl'
import { channelsOf, checkSmallestBox, spatialLayer } from '../pixelcl/internal'
import { ImageFolder, medianSize, type Size } from '../vision/datasets'
import type { LoadedBackbone } from './backbone'
import { backboneSource, openBackbone } from './backbone-source'
import { askedOf, choose } from './choose'
import { secondsOfTraining } from './estimate'
import { noVerdict } from './foresight'
import { givenMasks, type GivenMasks } from './masks'
import { ImageLoader } from './loader'
import { evaluationSetFor, type MaskSummary } from './measuring'
import type { AskedPretrainOptions, PretrainOptions, ResolvedPretrainOptions } from './options'
import { RunFolder } from './run/folder'
import { firstSkipped } from './skipped'
import { splitFolder, type Split } from './split'

export interface PrepareHooks {
  /** Replaces the default evaluation set, the held-out images. */
  evaluationSet?: (set: EvaluationSet) => EvaluationSet | Promise<EvaluationSet>
  /** Marks the run as a dry run, which any later run may replace; default false. */
  isDryRun?: boolean
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
  /** What the masks are measured on; null without masks. */
  readonly masks: MaskSummary | null
}

/** Reads and checks all inputs of a run without writing anything; `say` receives messages for the user. */
export async function prepare(given: PretrainOptions, say: Say, { evaluationSet, isDryRun }: PrepareHooks): Promise<Prepared> {
  const asked = askedOf(given)
  const { backbone, listed, masks } = await read(asked, say)
  const options = choose(given, asked, { net: backbone.net, size: await medianSize(listed.files), images: listed.readable })
  checkBatchFits(options)
  const folder = listed.resized(sizeOf(options), options.data.resize)
  torch.manualSeed(options.run.seed)
  // Evaluation runs on the CPU, so it needs its own augmentation.
  const channels = options.learner.channels ?? channelsOf(backbone.net)
  checkChannels(options.backbone.file, channels)
  const augment = () => defaultAugmentation(options.augmentation, channels)
  const learner = new PixelCL(backbone.net, { ...options.learner, augmentFn: augment() }).to(torch.device(options.run.device))
  checkSizes(options, learner)
  const { hiddenLayerPixel, imageSize } = options.learner
  const layer = spatialLayer(backbone.net, hiddenLayerPixel, imageSize, channels) ?? hiddenLayerPixel
  const isMasked = (index: number) => masks?.of.has(folder.files[index]!) === true
  const split = await splitFolder(folder, { ...options.evaluation, ...options.run, isMasked })
  // Callers with their own evaluation set print their own summary.
  if (evaluationSet === undefined) {
    say(inputsOf(options, backbone, folder, split))
    say(planOf(options, split))
  }
  sayIfOnlyWarmUp(options, say)
  saySkipped(folder, say)
  if (isDryRun !== true) say(`the training takes ${roughly(await estimated(options, learner, folder, split))}`)
  const seen = options.schedule.steps * options.data.batchSize
  const own = await evaluationSetFor({ folder, split, learner, augment: augment(), masks, seen }, say)
  if (evaluationSet === undefined && isDryRun !== true && (own.masks?.measured ?? 0) < FEWEST_IMAGES) {
    const images = own.set.images.shape[0]!
    const warning = noVerdict({
      net: backbone.net,
      layer,
      size: sizeOf(options),
      sizeOption: options.data.inputSize === undefined ? 'imageSize' : 'inputSize',
      viewSize: viewSizeOf(options),
      isViewSizeGiven: asked.learner.viewSize !== undefined,
      channels,
      images,
      heldOut: options.evaluation.heldOut,
      all: folder.readable,
    })
    if (warning !== null) say(warning)
  }
  return { options, backbone, folder, split, learner, layer, masks: own.masks, set: (await evaluationSet?.(own.set)) ?? own.set }
}

/** Height and width that images are brought to. */
function sizeOf({ data: { inputSize }, learner: { imageSize } }: ResolvedPretrainOptions): Size {
  return inputSize ?? [imageSize, imageSize]
}

/** Height and width of the views. */
function viewSizeOf(options: ResolvedPretrainOptions): Size {
  return options.learner.viewSize ?? sizeOf(options)
}

/** The recipe and what it means for this backbone and these images. */
function planOf(options: ResolvedPretrainOptions, { train }: Split): string {
  const { recipe, data, learner, schedule, optimizer } = options
  const loss = learner.usePixpro ? 'PixPro' : 'PixContrast'
  const view = learner.viewSize === undefined ? '' : `, views of ${sized(learner.viewSize)}`
  const epochs = (schedule.steps * data.batchSize) / train.length
  return (
    `recipe ${recipe}: ${loss} on ${typeof learner.hiddenLayerPixel === 'string' ? '' : 'layer '}${learner.hiddenLayerPixel}, images of ${sized(sizeOf(options))}${view}\n` +
    `${plural(schedule.steps, 'step')} of ${data.batchSize} images (${plural(Number(epochs.toPrecision(2)), 'epoch')}), ${optimizer.algorithm} with a rate of ${optimizer.lr}`
  )
}

/** Roughly the seconds of the training; its first batches are loaded for the trial, too. */
function estimated(options: ResolvedPretrainOptions, learner: PixelCL, folder: ImageFolder, { train }: Split): Promise<number> {
  const { data, run, optimizer, schedule } = options
  return secondsOfTraining(learner, {
    loop: { optimizer, schedule },
    batchSize: data.batchSize,
    viewSize: viewSizeOf(options),
    // With nothing decoded ahead the trial waits for images where the training will.
    loader: (batchSize) => new ImageLoader(folder, { batchSize, prefetch: 0, seed: run.seed, indices: train }),
  })
}

/** `a few seconds`, `about 40 seconds`, `about 9 minutes`, `about 2.5 hours`. */
function roughly(seconds: number): string {
  if (seconds < 5) return 'a few seconds'
  if (seconds < 90) return `about ${Math.round(seconds / 10) * 10} seconds`
  if (seconds < 90 * 60) return `about ${plural(Math.round(seconds / 60), 'minute')}`
  return `about ${Math.round(seconds / 1800) / 2} hours`
}

function sayIfOnlyWarmUp({ schedule: { steps, warmupSteps }, optimizer: { lr } }: ResolvedPretrainOptions, say: Say): void {
  if (warmupSteps < steps) return
  say(worded`the warm-up takes all ${steps} steps (${option('warmupSteps')} is ${warmupSteps}), so the learning rate stays below ${lr}`)
}

/** What is read before the options are chosen. */
interface Read {
  readonly backbone: LoadedBackbone
  /** The images; their size is chosen later, by what the folder holds. */
  readonly listed: ImageFolder
  readonly masks: GivenMasks | null
}

/** Runs the quick checks, then lists images and masks and reads the backbone, which may have to be downloaded. */
async function read({ backbone, data, run, evaluation }: AskedPretrainOptions, say: Say): Promise<Read> {
  const { file, arch, prefix } = backbone
  const source = backboneSource(file)
  checkDevice(run.device)
  const bytes = source.kind === 'file' ? (statSync(file, { throwIfNoEntry: false })?.size ?? 0) : 0
  // While the saved backbone is replaced, the old and the new file exist together.
  RunFolder.check(run.out, run, run.saveEvery > 0 ? 2 * bytes : bytes)
  if (RunFolder.isCutOff(run.out)) say(`${run.out} has the files of a run that ended before it saved anything: they are replaced`)
  if (source.kind === 'file' && RunFolder.filesIn(run.out).some((other) => isSameFile(other, file))) {
    throw new ArgumentError(
      worded`the backbone ${file} is a file of the run that ${option('overwrite')} replaces: name another folder with ${option('out')}`,
    )
  }
  const found = new ImageFolder(data.folder, { size: [1, 1] })
  const masks = givenMasks(evaluation, found, say)
  const listed = masks === null ? found : new ImageFolder(data.folder, { size: [1, 1], exclude: masks.exclude })
  await listed.check()
  if (run.threads !== undefined) torch.setNumThreads(run.threads)
  return { backbone: await openBackbone(source, { arch, prefix, say, seed: run.seed }), listed, masks }
}

/** With as few images a batch is still of use. */
const FEWEST_IN_BATCH = 2

/** Checks that the batch and those that the loader decodes ahead fit into memory; names the size where even the smallest batches of it do not. */
function checkBatchFits(options: ResolvedPretrainOptions): void {
  const { batchSize, inputSize } = options.data
  const [height, width] = sizeOf(options)
  const bytesOf = (images: number) => images * 3 * 3 * height * width * Float32Array.BYTES_PER_ELEMENT
  if (bytesOf(batchSize) <= totalmem()) return
  const gigabytes = (count: number) => `${(count / 2 ** 30).toFixed(count < 2 ** 33 ? 1 : 0)} GB`
  const needs = (images: string, bytes: number) =>
    `three batches of ${images} need ${gigabytes(bytes)}, and this machine has ${gigabytes(totalmem())}`
  if (bytesOf(FEWEST_IN_BATCH) > totalmem()) {
    const size = inputSize === undefined ? worded`${option('imageSize')}` : worded`${option('inputSize')}`
    throw new ArgumentError(
      worded`${size}: expected images that fit into memory but received ${sized([height, width], ' pixels')}: ${needs(`${FEWEST_IN_BATCH} such images`, bytesOf(FEWEST_IN_BATCH))}`,
    )
  }
  throw new ArgumentError(
    worded`${option('batchSize')}: expected a batch that fits into memory but received ${batchSize}: ${needs(`images of ${sized([height, width])}`, bytesOf(batchSize))}`,
  )
}

function saySkipped({ skipped }: ImageFolder, say: Say): void {
  const { named, more } = firstSkipped(skipped)
  for (const [path, reason] of named) say(`skipped ${path}: ${reason}`)
  if (more > 0) say(`skipped ${more} more`)
}

/** A summary of backbone, data and options. */
function inputsOf(
  options: ResolvedPretrainOptions,
  { net, arch }: LoadedBackbone,
  { readable, skipped }: ImageFolder,
  { heldOut }: Split,
): string {
  const parameters = net.parameters().reduce((sum, parameter) => sum + parameter.numel(), 0) / 1e6
  const wanted = options.evaluation.heldOut
  const fewer = heldOut.length < wanted ? ` (a quarter at most, not ${wanted})` : ''
  const aside =
    heldOut.length === 0 ? 'none held out, so images that are trained on are measured' : `${heldOut.length} of them held out${fewer}`
  return (
    `${options.backbone.file}: ${arch ?? 'TorchScript'}, ${parameters.toFixed(1)} M parameters\n` +
    `${options.data.folder}: ${plural(readable, 'image')}, ${aside}${skipped.size === 0 ? '' : `; ${plural(skipped.size, 'file')} skipped`}`
  )
}

/** Whether two paths name the same file, also through links. */
function isSameFile(one: string, other: string): boolean {
  const real = (path: string) => (existsSync(path) ? realpathSync(path) : resolve(path))
  return real(one) === real(other)
}

/** Checks sizes other than `imageSize`, the only one that the learner's dry run has seen. */
function checkSizes(options: ResolvedPretrainOptions, learner: PixelCL): void {
  const { inputSize } = options.data
  if (inputSize !== undefined) checkSmallestBox(...inputSize, learner.options)
  const [height, width] = viewSizeOf(options)
  if (height < 2 || width < 2)
    throw new ArgumentError(
      worded`views of ${sized([height, width])} are too small: a blur needs two pixels each way. Give a larger ${option('viewSize')}`,
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
    // Names the devices that are there.
    if (device.startsWith('cuda')) torch.cuda.synchronize(torch.device(device))
    torch.zeros([1], { device: torch.device(device) })
  } catch (error) {
    const { message } = error as Error
    // libtorch lists every backend it knows, over a hundred lines.
    const reason = message.startsWith('Could not run') ? 'this libtorch has nothing that runs on it' : message
    const advice = worded`Without ${option('device')} the training runs on the CPU`
    throw new ArgumentError(worded`the device '${device}' cannot be used: ${reason.replace(/\.$/, '')}. ${advice}`, { cause: error })
  }
}
