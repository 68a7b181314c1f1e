import { basename, resolve } from 'node:path'
import * as torch from '../torch'
import { FileError, type Tensor } from '../torch'
import { PixelCL } from '../pixelcl'
import { parseOptions, pixelCLOptions } from '../pixelcl/options'
import { ImageFolder } from '../vision/datasets'
import { loadBackbone, saveBackbone, type LoadedBackbone } from './backbone'
import { Interrupts } from './interrupts'
import { batches } from './loader'
import { partOf, pretrainOptions, trainerOptions, type PretrainOptions, type ResolvedPretrainOptions } from './options'
import { measure, renderReport, type Evaluation, type EvaluationSet } from './report'
import { RUN_FILES, RunFolder, type StepMetrics } from './run-folder'
import { splitFolder, type Split } from './split'
import { train } from './trainer'

export interface PretrainHooks {
  /** Told, one line at a time, what a person should know. */
  say?: (line: string) => void
  /** After every step. */
  onStep?: (metrics: StepMetrics) => void
  /** After each measuring of the backbone. */
  onEvaluation?: (when: 'before' | 'after', evaluation: Evaluation) => void
  /** What is measured, in place of the held-out images without masks that are given. */
  evaluationSet?: (set: EvaluationSet) => EvaluationSet | Promise<EvaluationSet>
  /** Lets Ctrl-C and SIGTERM end the training after its step; default false. */
  catchSignals?: boolean
}

/** What a run has done. */
export interface PretrainResult {
  /** Paths of what was written. */
  readonly files: Readonly<Record<keyof typeof RUN_FILES, string>>
  /** What the backbone's file is. */
  readonly format: 'torchscript' | 'state-dict'
  readonly arch: string | null
  readonly options: ResolvedPretrainOptions
  readonly steps: number
  readonly seconds: number
  readonly before: Evaluation
  readonly after: Evaluation
  /** Files that could not be decoded, and why. */
  readonly skipped: ReadonlyMap<string, string>
  /** The signal that ended the training early, or null. */
  readonly interrupted: NodeJS.Signals | null
}

/**
 * Pretrains a backbone on a folder of images and writes a run: `improved-resnet.pt`, `report.html`, `metrics.jsonl`, `config.json`.
 *
 * Everything is checked before anything is written.
 *
 * @throws ArgumentError for wrong options, FileError for files that cannot be read or written, TrainingError for a loss that is not finite.
 */
export async function pretrain(options: PretrainOptions, hooks: PretrainHooks = {}): Promise<PretrainResult> {
  const resolved = parseOptions(pretrainOptions, options, 'pretrain')
  const say = hooks.say ?? (() => undefined)
  RunFolder.check(resolved.out, resolved)
  if (resolved.threads !== undefined) torch.setNumThreads(resolved.threads)
  torch.manualSeed(resolved.seed)
  const backbone = loadBackbone(resolved.backbone, { arch: resolved.arch, say })
  const size = resolved.inputSize ?? [resolved.imageSize, resolved.imageSize]
  const folder = new ImageFolder(resolved.data, { size: size as [number, number], resize: resolved.resize })
  const learner = new PixelCL(backbone.net, partOf(pixelCLOptions, resolved)).to(resolved.device)
  const split = await splitFolder(folder, resolved)
  const own = await evaluationSet(folder, split, learner)
  const set = (await hooks.evaluationSet?.(own)) ?? own

  const run = RunFolder.open(resolved.out, resolved)
  const interrupts =
    hooks.catchSignals === true ? new Interrupts((signal) => say(`${signal}: stopping after this step; once more quits at once`)) : null
  try {
    run.write(RUN_FILES.config, `${JSON.stringify(resolved, null, 2)}\n`)
    const evaluate = (when: 'before' | 'after') => {
      const evaluation = measure(backbone.net, resolved.hiddenLayerPixel, set)
      hooks.onEvaluation?.(when, evaluation)
      return evaluation
    }
    const before = evaluate('before')
    const metrics: StepMetrics[] = []
    const began = performance.now()
    const save = () => saveInto(run, backbone)
    const images = batches(folder, {
      batchSize: resolved.batchSize,
      seed: resolved.seed,
      prefetch: resolved.prefetch,
      indices: split.train,
    })
    const steps = await train(learner, images, partOf(trainerOptions, resolved), {
      onStep(step) {
        metrics.push(step)
        run.log(step)
        hooks.onStep?.(step)
        if (resolved.saveEvery > 0 && step.step % resolved.saveEvery === 0 && step.step < resolved.steps) save()
      },
      shouldStop: () => interrupts !== null && interrupts.received !== null,
    })
    const seconds = (performance.now() - began) / 1000
    save()
    const after = evaluate('after')
    run.write(
      RUN_FILES.report,
      await renderReport({
        title: basename(resolve(run.path)),
        config: resolved,
        metrics,
        set,
        before,
        after,
        learner: learner.options,
        skipped: folder.skipped,
      }),
    )
    return {
      files: mapValues(RUN_FILES, (name) => run.file(name)),
      format: backbone.arch === null ? 'torchscript' : 'state-dict',
      arch: backbone.arch,
      options: resolved,
      steps,
      seconds,
      before,
      after,
      skipped: folder.skipped,
      interrupted: interrupts?.received ?? null,
    }
  } finally {
    interrupts?.dispose()
    run.close()
  }
}

function saveInto(run: RunFolder, backbone: LoadedBackbone): void {
  run.replace(RUN_FILES.backbone, (path) => saveBackbone(backbone, path))
}

/** Held-out images without masks, and as many of the others as give sound statistics. */
async function evaluationSet(folder: ImageFolder, split: Split, learner: PixelCL): Promise<EvaluationSet> {
  const { cutoutRatioRange, probRandHflip } = learner.options
  const heldOut = split.heldOut.length > 0 ? split.heldOut : split.train.slice(0, 8)
  const [images, statistics] = (await Promise.all([folder.loadAll(heldOut), folder.loadAll(split.train.slice(0, STATISTICS))])) as [
    Tensor,
    Tensor,
  ]
  if (images.shape[0] === 0) throw new FileError(`no image of ${folder.path} could be decoded`)
  return { images, statistics, views: { augment: learner.augment1, cutoutRatioRange, probRandHflip } }
}

/** Images from which batch-norm statistics are taken for measuring. */
const STATISTICS = 64

function mapValues<K extends string, A, B>(record: Readonly<Record<K, A>>, map: (value: A) => B): Record<K, B> {
  return Object.fromEntries(Object.entries<A>(record).map(([key, value]) => [key, map(value)])) as Record<K, B>
}
