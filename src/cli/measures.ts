import { Style } from '../common/terminal'
import { MEASURES, MEASURE_WORDS, formatChange, formatMeasure, judge, type Evaluation } from '../evaluation'

const NAME_WIDTH = 22

/** The measures of one evaluation in one line: those that have a value. */
export function measuresLine({ measures }: Evaluation): string {
  const known = MEASURES.filter((name) => measures[name] !== null)
  return known.map((name) => `${lowerFirst(MEASURE_WORDS[name].title)} ${formatMeasure(name, measures[name])}`).join(' · ')
}

/** A table of the measures before and after; below it the reasons for those that have no value. */
export function measuresTable(before: Evaluation, after: Evaluation, heading: string): string {
  const { bold, green, dim } = new Style()
  const head = `${bold(heading.padEnd(NAME_WIDTH + 2))}${'before'.padStart(8)}${'after'.padStart(8)}${'change'.padStart(9)}\n`
  const rows = MEASURES.flatMap((name) => {
    const [one, two] = [before.measures[name], after.measures[name]]
    if (one === null && two === null) return []
    const change = one === null || two === null ? null : two - one
    const text = (change === null ? '' : formatChange(name, change)).padStart(9)
    const shown = change !== null && judge(name, change) === 'better' ? green(text) : text
    return [
      `  ${MEASURE_WORDS[name].title.padEnd(NAME_WIDTH)}${formatMeasure(name, one).padStart(8)}${bold(formatMeasure(name, two).padStart(8))}${shown}\n`,
    ]
  })
  const absent = MEASURES.filter(
    (name) => before.measures[name] === null && after.measures[name] === null && name !== 'knn' && name !== 'linear',
  )
  const reasons = absent.map((name) => dim(`  ${MEASURE_WORDS[name].title} is not measured: ${after.missing[name] ?? ''}\n`))
  return [head, ...rows, ...reasons].join('')
}

/** `View correspondence` as `view correspondence`, but `kNN mIoU` as it is. */
function lowerFirst(title: string): string {
  return title[0]!.toLowerCase() + title.slice(1)
}
