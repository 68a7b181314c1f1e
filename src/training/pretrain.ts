import { statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import * as torch from '../torch'
import { ArgumentError, FileError, type Tensor } from '../torch'
import { PixelCL } from '../pixelcl'
import { spatialLayer } from '../pixelcl/encoder'
import { parseOptions, pixelCLOptions } from '../pixelcl/options'
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
  const resolved = parseOptions(pretrainOptions, options, 'pretrain')
  const say = hooks.say ?? (() => undefined)
  const { backbone, folder } = read(resolved, say)
  torch.manualSeed(resolved.seed)
  const learner = new PixelCL(backbone.net, partOf(pixelCLOptions, resolved)).to(resolved.device)
  const layer = spatialLayer(backbone.net, resolved.hiddenLayerPixel, resolved.imageSize) ?? resolved.hiddenLayerPixel
  const split = await splitFolder(folder, resolved)
  say(inputsOf(resolved, backbone, folder, split))
  const own = await ownEvaluationSet(folder, split, learner)
  const set = (await hooks.evaluationSet?.(own)) ?? own
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
  const metrics: StepMetrics[] = []
  const save = () => run.save(RUN_FILES.backbone, (path) => saveBackbone(backbone, path))
  try {
    run.write(RUN_FILES.config, `${JSON.stringify(config, null, 2)}\n`)
    const images = batches(folder, { ...resolved, indices: split.train })
    const steps = await train(learner, images, partOf(trainerOptions, resolved), {
      onStep(step) {
        metrics.push(step)
        run.log(step)
        hooks.onStep?.(step)
        if (resolved.saveEvery > 0 && step.step % resolved.saveEvery === 0) save()
      },
      shouldStop: () => interrupts !== null && interrupts.received !== null,
    }).catch((error: unknown) => {
      throw error instanceof FileError && metrics.length > 0 ? savedAtLeast(error, metrics.length, save) : error
    })
    save()
    const after = evaluate('after')
    const title = basename(resolve(run.path))
    const skipped = new Map([...folder.skipped].sort(([a], [b]) => (a < b ? -1 : 1)))
    run.write(RUN_FILES.report, await renderReport({ title, config, metrics, set, before, after, learner: learner.options, skipped }))
    const files = Object.fromEntries(Object.entries(RUN_FILES).map(([key, name]) => [key, run.file(name)])) as PretrainResult['files']
    const seconds = metrics.at(-1)?.seconds ?? 0
    const interrupted = interrupts?.received ?? null
    const python = pythonLines(backbone, files.backbone)
    const measures = { layer, before, after, heldOut: split.heldOut.length }
    return { files, arch: backbone.arch, python, options: resolved, steps, seconds, metrics, ...measures, skipped, interrupted }
  } finally {
    interrupts?.dispose()
    run.close()
  }
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
async function ownEvaluationSet(folder: ImageFolder, split: Split, learner: PixelCL): Promise<EvaluationSet> {
  const { cutoutRatioRange, probRandHflip } = learner.options
  const shown = split.heldOut.length > 0 ? split.heldOut : await firstDecodable(folder, split.train, FEW)
  const load = async (indices: readonly number[]): Promise<Tensor> => torch.keep(await folder.loadAll(indices))
  const [images, statistics] = await Promise.all([load(shown), firstDecodable(folder, split.train, STATISTICS).then(load)])
  return { images, statistics, views: { augment: learner.augment1, cutoutRatioRange, probRandHflip } }
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
