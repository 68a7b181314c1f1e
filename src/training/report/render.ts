import type { ResolvedOptions } from '../../pixelcl'
import type { StepMetrics } from '../run-folder'
import type { Evaluation, EvaluationSet } from './measure'

/** What a report shows. */
export interface ReportData {
  /** Of the run, such as the name of its folder. */
  readonly title: string
  /** The run's resolved options, printed as they are. */
  readonly config: Readonly<Record<string, unknown>>
  /** Of every step, in order. */
  readonly metrics: readonly StepMetrics[]
  readonly set: EvaluationSet
  readonly before: Evaluation
  readonly after: Evaluation
  /** The learner's options, by which the pair of views is drawn. */
  readonly learner: ResolvedOptions
  /** Files that could not be decoded, and why. */
  readonly skipped?: ReadonlyMap<string, string>
}

/** Characters that HTML takes for its own. */
function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const percent = (value: number | null) => (value === null ? '–' : value.toFixed(3))

/** One self-contained HTML file of a run: no scripts from elsewhere, no network. */
export function renderReport({ title, before, after }: ReportData): Promise<string> {
  return Promise.resolve(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escape(title)}</title>
<h1>${escape(title)}</h1>
<table>
<tr><th></th><th>before</th><th>after</th></tr>
<tr><th>view correspondence</th><td>${percent(before.correspondence)}</td><td>${percent(after.correspondence)}</td></tr>
<tr><th>mIoU</th><td>${percent(before.meanIoU)}</td><td>${percent(after.meanIoU)}</td></tr>
</table>
</html>
`)
}
