import { option, worded, type Naming, type Say } from '../common/wording'
import { changesOf, isShortcut, labelledImages, measure, verdictOf, type Evaluation } from '../evaluation'
import { adviceFor } from './advice'
import * as torch from '../torch'
import { saveBackbone } from './backbone'
import { afterSaving, saveAfterFailure, withLine } from './failures'
import { factsOf } from './facts'
import { handOffs, pythonLines } from './python-lines'
import { Interrupts } from './interrupts'
import { ImageLoader } from './loader'
import { EventStream, type RunEvent, type StepMetrics } from './metrics'
import type { PretrainOptions, ResolvedPretrainOptions } from './options'
import { prepare, type PrepareHooks, type Prepared } from './prepare'
import { TrainingError } from './errors'
import { pretrainingLoop } from './pretraining-loop'
import { resultJson, type FinishedRun, type Judgement, type PretrainResult } from './result'
import { RUN_FILES, RunFolder } from './run/folder'

/** The resolved options without `overwrite`. */
export type Configured = Omit<ResolvedPretrainOptions, 'run'> & { readonly run: Omit<ResolvedPretrainOptions['run'], 'overwrite'> }

export interface PretrainHooks extends PrepareHooks {
  /** Makes the content of `config.json`; default: the options in their sections. */
  config?: (options: Configured) => Readonly<Record<string, unknown>>
  /** Names options in `result.json`; default: as in code. */
  naming?: Naming
  /** Makes the text of `report.html`; without it no report is written. */
  report?: (run: FinishedRun) => Promise<string>
  /** Receives the run's events; subscribe before calling. */
  events?: EventStream<RunEvent>
  /** Ctrl-C, SIGTERM and SIGHUP end the training after its current step, a second signal the process; default false. */
  catchSignals?: boolean
}

/**
 * Pretrains a backbone on a folder of images and writes a run's folder: `improved-resnet.pt`, `metrics.jsonl`, `config.json`, `result.json`, and `report.html` if the hook `report` is given.
 *
 * The backbone is written in the form in which it was read: TorchScript, or a state dict with the same keys. All checks run before anything is
 * written. The files of a replaced run are kept in `previous-run` until the new run is complete.
 *
 * @throws ArgumentError for wrong options, FileError for files that cannot be read or written, TrainingError for a loss that is not finite.
 */
export async function pretrain(options: PretrainOptions, hooks: PretrainHooks = {}): Promise<PretrainResult> {
  const began = new Date()
  const isDryRun = hooks.isDryRun === true
  const events = new EventStream<RunEvent>()
  events.subscribe((event) => hooks.events?.emit(event))
  const say: Say = (text) => events.emit({ type: 'note', text })
  const prepared = await prepare(options, say, hooks)
  const { options: resolved, backbone, learner, layer, split, set, masks } = prepared
  events.emit({ type: 'start', options: resolved })
  const evaluate = (when: 'before' | 'after'): Evaluation => {
    const images = set.images.shape[0]!
    const onProgress = (share: number) => events.emit({ type: 'measuring', when, done: Math.floor(share * images), images })
    const evaluation = measure(backbone.net, layer, set, onProgress)
    events.emit({ type: 'evaluation', when, evaluation })
    return evaluation
  }
  const before = evaluate('before')

  // Omit `overwrite`, so that reusing this config asks again.
  const { overwrite: _, ...where } = resolved.run
  const chosen = (hooks.config ?? ((sections) => sections))({ ...resolved, run: where })
  const config = isDryRun ? { dryRun: true, ...chosen } : chosen
  const run = RunFolder.open(resolved.run.out, resolved.run)
  const interrupts = hooks.catchSignals === true ? new Interrupts() : null
  try {
    run.write(RUN_FILES.config, `${JSON.stringify(config, null, 2)}\n`)
    const metrics = await trainInto(run, prepared, () => interrupts !== null && interrupts.received !== null, events)
    if (learner.options.instanceWeight === 0) sayIfNothingWasLearned(metrics, prepared, say)
    const files = run.files()
    interrupts?.saved()
    // After the last step a signal no longer ends the training early.
    const interrupted = metrics.length < resolved.schedule.steps ? (interrupts?.received ?? null) : null
    if (interrupted !== null)
      say(`saved ${files.backbone}, as it is after step ${metrics.length}; it is measured now, and a second Ctrl-C leaves that out`)
    const skipped = new Map([...prepared.folder.skipped].sort(([a], [b]) => (a < b ? -1 : 1)))
    return await afterSaving(files.backbone, async () => {
      const after = evaluate('after')
      const facts = factsOf(prepared, began, metrics.length)
      const judged = judge(before, after, metrics.length, facts.images.trained, prepared)
      const result: PretrainResult = {
        files,
        arch: backbone.arch,
        options: resolved,
        steps: metrics.length,
        seconds: metrics.at(-1)?.seconds ?? 0,
        metrics,
        layer,
        before,
        after,
        ...judged,
        // A dry run tells nothing of the backbone, so nothing follows from it.
        next: isDryRun ? [] : judged.next,
        facts,
        heldOut: split.heldOut.length,
        masks,
        skipped,
        python: pythonLines(backbone, files.backbone),
        handOffs: handOffs(backbone, files.backbone),
        interrupted,
        isDryRun,
      }
      run.write(RUN_FILES.result, `${JSON.stringify(resultJson(result, hooks.naming), null, 2)}\n`)
      const shown = { ...result, title: run.name, config, planned: resolved.schedule.steps, set, learner: learner.options }
      if (hooks.report !== undefined) run.write(RUN_FILES.report, await hooks.report(shown))
      run.finish()
      return result
    })
  } catch (error) {
    throw run.previous === null ? error : withLine(error, `The run that was to be replaced is kept in ${run.previous}`)
  } finally {
    interrupts?.dispose()
    run.close()
  }
}

/** Compares the measures before and after `steps` steps with `trained` images. */
function judge(before: Evaluation, after: Evaluation, steps: number, trained: number, { options, layer, set, masks }: Prepared): Judgement {
  const changes = changesOf(before, after)
  const measured = set.images.shape[0]!
  const missing = after.missing.correspondence ?? before.missing.correspondence
  const labelled = labelledImages(before)
  const verdict = verdictOf(changes, { images: measured, labelled, trainedOn: set.trainedOn === true, missing })
  const taken = { ...options, schedule: { ...options.schedule, steps } }
  const images = masks === null ? { measured } : { measured: labelled, masked: masks.images }
  const mayBeShortcut = isShortcut(changes, verdict.outcome)
  return {
    changes,
    verdict,
    next: adviceFor(verdict.outcome, {
      options: taken,
      planned: options.schedule.steps,
      layer,
      trained,
      missing,
      mayBeShortcut,
      ...images,
    }),
  }
}

/** Trains, logs every step, and saves the backbone even if an error ends the training early. */
async function trainInto(
  run: RunFolder,
  { options, backbone, folder, split, learner }: Prepared,
  shouldStop: () => boolean,
  events: EventStream<RunEvent>,
): Promise<StepMetrics[]> {
  const metrics: StepMetrics[] = []
  const loader = new ImageLoader(folder, { ...options.data, seed: options.run.seed, indices: split.train })
  const { saveEvery } = options.run
  const loop = pretrainingLoop(learner, loader, options, events)
  let saved = 0
  const write = () => {
    checkWeights(backbone.net, loop.step)
    run.save(RUN_FILES.backbone, (path) => saveBackbone(backbone, path))
    saved = loop.step
  }
  const save = () => {
    write()
    events.emit({ type: 'saved', step: saved, path: run.files().backbone })
  }
  events.subscribe((event) => {
    if (event.type === 'step') {
      metrics.push(event.metrics)
      run.log(event.metrics)
    }
    // Save at the next loss, which shows whether the weights of the last step are finite.
    if (event.type === 'loss' && saveEvery > 0 && loop.step > saved && loop.step % saveEvery === 0) save()
  })
  try {
    await loop.run(shouldStop)
    save()
  } catch (error) {
    if (!(error instanceof TrainingError)) throw saveAfterFailure(error, loop.step, write)
    throw saved === 0
      ? error
      : withLine(error, `The backbone after step ${saved}, whose loss was finite, is saved: ${run.files().backbone}`)
  }
  return metrics
}

/** Refuses to save weights that are not finite. */
function checkWeights(net: torch.nn.AnyModule, steps: number): void {
  const isFinite = torch.noGrad(() => net.parameters().every((parameter) => parameter.isfinite().all().item<boolean>()))
  if (!isFinite)
    throw new TrainingError(
      worded`the weights are not finite after step ${steps}, so they are not saved. Try a lower learning rate (${option('lr')})`,
    )
}

function sayIfNothingWasLearned(metrics: readonly StepMetrics[], { learner }: Prepared, say: Say): void {
  if (metrics.length === 0 || metrics.some(({ positivePairs }) => positivePairs > 0)) return
  const { distanceThres, cutoutRatioRange } = learner.options
  say(
    worded`warning: no step had a positive pair, and ${option('instanceWeight')} is 0, so nothing was learned: raise ${option('distanceThres')} (now ${distanceThres}) or ${option('cutoutRatioRange')} (now ${cutoutRatioRange.join(',')}), or give an ${option('instanceWeight')} above 0`,
  )
}
