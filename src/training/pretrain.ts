import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import * as torch from '../torch'
import { ArgumentError, FileError, type Tensor } from '../torch'
import { PixelCL } from '../pixelcl'
import { augmentationOptions, defaultAugmentation } from '../pixelcl/augment'
import { spatialLayer } from '../pixelcl/encoder'
import { pixelCLOptions } from '../pixelcl/options'
import { parseOptions } from '../vision/validation'
import { ImageFolder } from '../vision/datasets'
import type { Architecture } from '../vision/models'
import { loadBackbone, saveBackbone, type LoadedBackbone } from './backbone'
import { pythonLines } from './hand-off'
import { Interrupts } from './interrupts'
import { batches } from './loader'
import { partOf, pretrainOptions, trainerOptions, type PretrainOptions, type ResolvedPretrainOptions } from './options'
import { measure, renderReport, type Evaluation, type EvaluationSet } from './report'
import { RUN_FILES, RunFolder, type StepMetrics } from './run-folder'
import { firstDecodable, splitFolder, type Split } from './split'
import { train } from './trainer'

export interface PretrainHooks {
  /** Told, a line at a time, what a person should know. */
  say?: (line: string) => void
  /** After every step. */
  onStep?: (metrics: StepMetrics) => void
  /** After each measuring of the backbone. */
  onEvaluation?: (when: 'before' | 'after', evaluation: Evaluation) => void
  /** What is measured, in place of the held-out images without masks that are given. */
  evaluationSet?: (set: EvaluationSet) => EvaluationSet | Promise<EvaluationSet>
  /** Lets Ctrl-C and SIGTERM end the training after its step, and a second one the process; default false. */
  catchSignals?: boolean
}

/** What a run has done. */
export interface PretrainResult {
  /** Paths of what was written. */
  readonly files: Readonly<Record<keyof typeof RUN_FILES, string>>
  /** The ResNet whose state dict was written; null where it is a TorchScript file. */
  readonly arch: Architecture | null
  readonly options: ResolvedPretrainOptions
  /** Steps that were taken. */
  readonly steps: number
  /** How long they took. */
  readonly seconds: number
  readonly metrics: readonly StepMetrics[]
  /** The layer that was measured. */
  readonly layer: string | number
  readonly before: Evaluation
  readonly after: Evaluation
  /** Images that were held out of the training; without any, images that were trained on are measured. */
  readonly heldOut: number
  /** Files that could not be decoded, and why. */
  readonly skipped: ReadonlyMap<string, string>
  /** The two lines of Python that load the backbone's file. */
  readonly python: readonly [string, string]
  /** The signal that ended the training early, or null. */
  readonly interrupted: NodeJS.Signals | null
}

/** Images that are measured where none are held out. */
const FEW = 8
/** Images from which batch-norm statistics are taken for measuring. */
const STATISTICS = 64

/**
 * Pretrains a backbone on a folder of images and writes a run: `improved-resnet.pt`, `report.html`, `metrics.jsonl`, `config.json`.
 *
 * The backbone's file is TorchScript where it was one, else a state dict of the same names. Everything is checked before anything is written.
 *
 * @throws ArgumentError for wrong options, FileError for files that cannot be read or written, TrainingError for a loss that is not finite.
 */
export async function pretrain(options: PretrainOptions, hooks: PretrainHooks = {}): Promise<PretrainResult> {
  const prepared = await prepare(parseOptions(pretrainOptions, options, 'pretrain'), hooks)
  const { options: resolved, backbone, learner, layer, split, set } = prepared
  const evaluate = (when: 'before' | 'after'): Evaluation => {
    const evaluation = measure(backbone.net, layer, set)
    hooks.onEvaluation?.(when, evaluation)
    return evaluation
  }
  const before = evaluate('before')

  // Whether a run may be replaced is asked anew of who gives this file to --config.
  const { overwrite: _, ...config } = resolved
  const run = RunFolder.open(resolved.out, resolved)
  const interrupts = hooks.catchSignals === true ? new Interrupts() : null
  try {
    run.write(RUN_FILES.config, `${JSON.stringify(config, null, 2)}\n`)
    const metrics = await trainInto(run, prepared, () => interrupts !== null && interrupts.received !== null, hooks)
    const after = evaluate('after')
    const skipped = new Map([...prepared.folder.skipped].sort(([a], [b]) => (a < b ? -1 : 1)))
    const report = await renderReport({ title: run.name, config, metrics, set, before, after, learner: learner.options, skipped })
    const files = run.files()
    writeReport(run, report)
    return {
      files,
      arch: backbone.arch,
      options: resolved,
      steps: metrics.length,
      seconds: metrics.at(-1)?.seconds ?? 0,
      metrics,
      layer,
      before,
      after,
      heldOut: split.heldOut.length,
      skipped,
      python: pythonLines(backbone, files.backbone),
      interrupted: interrupts?.received ?? null,
    }
  } finally {
    interrupts?.dispose()
    run.close()
  }
}

/** All that a run needs, read and checked. */
interface Prepared {
  readonly options: ResolvedPretrainOptions
  readonly backbone: LoadedBackbone
  readonly folder: ImageFolder
  readonly split: Split
  readonly learner: PixelCL
  /** The layer that is measured: the learner's, or the last with a map where that has none. */
  readonly layer: string | number
  readonly set: EvaluationSet
}

async function prepare(options: ResolvedPretrainOptions, { say = () => undefined, evaluationSet }: PretrainHooks): Promise<Prepared> {
  const { backbone, folder } = read(options, say)
  torch.manualSeed(options.seed)
  // The measures have their own, for the learner's are where it is, and the measures run on the CPU.
  const augment = () => defaultAugmentation(partOf(augmentationOptions, options))
  const learner = new PixelCL(backbone.net, { ...partOf(pixelCLOptions, options), augmentFn: augment() }).to(options.device)
  const layer = spatialLayer(backbone.net, options.hiddenLayerPixel, options.imageSize) ?? options.hiddenLayerPixel
  const split = await splitFolder(folder, options)
  for (const [path, reason] of folder.unreadable) say(`passed over ${path}: ${reason}`)
  // Who brings what is measured tells of it, too.
  if (evaluationSet === undefined) say(inputsOf(options, backbone, folder, split))
  const own = await ownEvaluationSet(folder, split, learner, augment())
  return { options, backbone, folder, split, learner, layer, set: (await evaluationSet?.(own)) ?? own }
}

/** Trains, logs every step and saves the backbone; what goes wrong in writing the log does not cost the weights. */
async function trainInto(run: RunFolder, prepared: Prepared, shouldStop: () => boolean, { onStep }: PretrainHooks): Promise<StepMetrics[]> {
  const { options, backbone, folder, split, learner } = prepared
  const metrics: StepMetrics[] = []
  const save = () => run.save(RUN_FILES.backbone, (path) => saveBackbone(backbone, path))
  try {
    await train(learner, batches(folder, { ...options, indices: split.train }), partOf(trainerOptions, options), {
      shouldStop,
      onStep(step) {
        metrics.push(step)
        run.log(step)
        onStep?.(step)
        if (options.saveEvery > 0 && step.step % options.saveEvery === 0) save()
      },
    })
  } catch (error) {
    throw error instanceof FileError && metrics.length > 0 ? savedAtLeast(error, metrics.length, save) : error
  }
  save()
  return metrics
}

/** Reads and checks what is quick to check first. */
function read(options: ResolvedPretrainOptions, say: (line: string) => void): { backbone: LoadedBackbone; folder: ImageFolder } {
  const { imageSize, inputSize, resize, threads } = options
  const bytes = statSync(options.backbone, { throwIfNoEntry: false })?.size ?? 0
  // While a file is replaced, both are there.
  RunFolder.check(options.out, options, options.saveEvery > 0 ? 2 * bytes : bytes)
  const overwritten = Object.values(RUN_FILES).find((name) => resolve(options.out, name) === resolve(options.backbone))
  if (overwritten !== undefined) {
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

function writeReport(run: RunFolder, report: string): void {
  try {
    run.write(RUN_FILES.report, report)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    throw new FileError(`${error.message}\nThe backbone is saved: ${run.file(RUN_FILES.backbone)}`, { cause: error })
  }
}

/** What went wrong in writing a log need not cost the weights. */
function savedAtLeast(error: FileError, steps: number, save: () => void): FileError {
  try {
    save()
    return new FileError(`${error.message}\nTraining stopped after step ${steps}; the backbone of then is saved`, { cause: error })
  } catch {
    return new FileError(`${error.message}\nTraining stopped after step ${steps}; the backbone could not be saved either`, { cause: error })
  }
}
