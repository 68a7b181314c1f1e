import { readAs, type Naming, type Wording } from '../common/wording'
import { MEASURES, classChanges, markOf, type Changes, type Evaluation, type EvaluationSet, type Verdict } from '../evaluation'
import type { ResolvedOptions } from '../pixelcl'
import type { Architecture } from '../vision/models'
import type { RunFacts } from './facts'
import type { MaskSummary } from './measuring'
import type { StepMetrics } from './metrics'
import type { ResolvedPretrainOptions } from './options'
import type { HandOff } from './python-lines'
import type { RUN_FILES } from './run/folder'

/** Whether a run made its backbone better, and what to do about it. */
export interface Judgement {
  /** The measures before and after, and the noise of their change. */
  readonly changes: Changes
  readonly verdict: Verdict
  /** What to try next, the most promising first. */
  readonly next: readonly Wording[]
}

/** What a run ran on, and how to go on with its backbone. */
interface Surroundings {
  readonly facts: RunFacts
  /** How libraries in Python take the backbone's file. */
  readonly handOffs: readonly HandOff[]
}

/** A trained and measured run, as a report shows it. */
export interface FinishedRun extends Judgement, Surroundings {
  /** The name of the run's folder. */
  readonly title: string
  /** The content of `config.json`. */
  readonly config: Readonly<Record<string, unknown>>
  /** One entry per step, in order. */
  readonly metrics: readonly StepMetrics[]
  /** Number of steps asked for. */
  readonly planned: number
  /** The signal that ended the training early, or null. */
  readonly interrupted: NodeJS.Signals | null
  readonly set: EvaluationSet
  readonly before: Evaluation
  readonly after: Evaluation
  /** The learner's options; the report draws views with them. */
  readonly learner: ResolvedOptions
  /** Files that could not be decoded, and subfolders and links that could not be read, with the reason. */
  readonly skipped?: ReadonlyMap<string, string>
}

/** The result of a run. */
export interface PretrainResult extends Judgement, Surroundings {
  /** Paths of the written files. */
  readonly files: Readonly<Record<keyof typeof RUN_FILES, string>>
  /** The architecture of the written state dict; null for a TorchScript file. */
  readonly arch: Architecture | null
  readonly options: ResolvedPretrainOptions
  /** Number of steps taken. */
  readonly steps: number
  /** Duration of the training. */
  readonly seconds: number
  readonly metrics: readonly StepMetrics[]
  /** The layer that was measured. */
  readonly layer: string | number
  readonly before: Evaluation
  readonly after: Evaluation
  /** Number of held-out images; if 0, training images are measured. */
  readonly heldOut: number
  /** What the masks were measured on; null without masks. */
  readonly masks: MaskSummary | null
  /** Files that could not be decoded, and subfolders and links that could not be read, with the reason. */
  readonly skipped: ReadonlyMap<string, string>
  /** Two lines of Python that load the backbone's file. */
  readonly python: readonly [string, string]
  /** The signal that ended the training early, or null. */
  readonly interrupted: NodeJS.Signals | null
  /** Whether nothing of it is a result. */
  readonly isDryRun: boolean
}

/**
 * A run's result as JSON holds it: the verdict, all measures, and the facts; the content of `result.json`.
 *
 * @param naming - How options are named in what to try next; default: as in code.
 */
export function resultJson(result: PretrainResult, naming?: Naming): Readonly<Record<string, unknown>> {
  const { files, arch, steps, seconds, layer, before, after, changes, verdict, next, heldOut, masks, skipped, python, handOffs, facts } =
    result
  const measures = ({ measures, missing }: Evaluation) => ({ ...measures, missing })
  // As the terminal and the report mark it, so that all say the same.
  const changed = MEASURES.map((name) => {
    const { change, noise } = changes[name]
    return [name, { change, noise, direction: markOf(name, changes, verdict) }]
  })
  const advice = next.map((wording) => (naming === undefined ? String(wording) : readAs(naming, wording)))
  return {
    ...(result.isDryRun ? { dryRun: true } : {}),
    files,
    format: arch === null ? 'torchscript' : 'state-dict',
    arch,
    steps,
    seconds,
    layer,
    before: measures(before),
    after: measures(after),
    verdict: { ...verdict, next: advice, changes: Object.fromEntries(changed) as object },
    heldOut,
    masks: masks === null ? null : { ...masks, classes: classChanges(before, after, masks.classes) },
    skipped: Object.fromEntries(skipped),
    python,
    handOffs,
    facts,
    interrupted: result.interrupted,
  }
}
