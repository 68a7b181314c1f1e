import { Style } from '../common/terminal'
import { wrapped } from '../common/text'
import { readAs } from '../common/wording'
import {
  MEASURES,
  MEASURE_WORDS,
  formatChange,
  formatMeasure,
  gapWords,
  gapsOf,
  markOf,
  type Evaluation,
  type Measured,
  type Outcome,
} from '../evaluation'
import type { PretrainResult } from '../training'
import { asFlag } from './flags'

const NAME_WIDTH = 22
/** Width of a table with the column of the noise. */
const WIDE = 72

/** The measures of one evaluation in one line: those that have a value, or why there are none. */
export function measuresLine({ measures, missing }: Pick<Evaluation, 'measures' | 'missing'>): string {
  const known = MEASURES.filter((name) => measures[name] !== null)
  if (known.length === 0) return `nothing is measured: ${[...new Set(Object.values(missing))].join('; ')}`
  return known.map((name) => `${lowerFirst(MEASURE_WORDS[name].title)} ${formatMeasure(name, measures[name])}`).join(' · ')
}

/** A table of the measures before and after; below it the reasons for all that have no value. */
export function measuresTable(
  {
    changes,
    verdict,
    before: first,
    after: last,
  }: Pick<PretrainResult, 'changes' | 'verdict'> & { readonly before: Measured; readonly after: Measured },
  heading: string,
  width = widthOf(),
): string {
  const { bold, green, red, dim } = new Style()
  const isWide = width >= WIDE
  const head =
    bold(heading.padEnd(NAME_WIDTH + 2)) +
    `${'before'.padStart(8)}${'after'.padStart(8)}${'change'.padStart(9)}${isWide ? `   ${dim('with other images')}` : ''}\n`
  const rows = MEASURES.flatMap((name) => {
    const { before, after, change, noise } = changes[name]
    if (before === null && after === null) return []
    const text = (change === null ? '' : formatChange(name, change)).padStart(9)
    const mark = markOf(name, changes, verdict)
    const shown = mark === 'better' ? green(text) : mark === 'worse' ? red(text) : text
    const range = isWide && noise !== null ? dim(`   ${formatChange(name, noise.low)} to ${formatChange(name, noise.high)}`) : ''
    return [
      `  ${MEASURE_WORDS[name].title.padEnd(NAME_WIDTH)}${formatMeasure(name, before).padStart(8)}${bold(formatMeasure(name, after).padStart(8))}${shown}${range}\n`,
    ]
  })
  const reasons = gapsOf(first, last).map((gap) => {
    const { titles, reason } = gapWords(gap)
    return `${dim(wrapped(`  ${titles}: ${reason}`, width, 4))}\n`
  })
  return [head, ...rows, ...reasons].join('')
}

/** The verdict of a run and what to try next. */
export function verdictText({ verdict, next }: Pick<PretrainResult, 'verdict' | 'next'>, width = widthOf()): string {
  const style = new Style()
  const colour: Record<Outcome, (text: string) => string> = {
    better: style.green,
    unchanged: (text) => text,
    worse: style.red,
    shortcut: style.yellow,
    unmeasured: (text) => text,
  }
  const items = next.map((wording) => `${wrapped(`  - ${readAs(asFlag, wording)}`, width, 4)}\n`)
  return [
    `${style.bold('Verdict:')} ${style.bold(colour[verdict.outcome](verdict.title))}\n`,
    `${wrapped(`  ${verdict.reason}`, width, 2)}\n`,
    ...(items.length === 0 ? [] : ['  To try next:\n', ...items]),
  ].join('')
}

/** Columns of standard output for text, at most 100. */
export function widthOf(): number {
  return Math.min(process.stdout.columns || 80, 100)
}

/** `View correspondence` as `view correspondence`, but `kNN mIoU` as it is. */
function lowerFirst(title: string): string {
  return title[0]!.toLowerCase() + title.slice(1)
}
