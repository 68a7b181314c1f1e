import { plural } from '../common/text'
import type { Matches } from './correspondence'
import type { Spread } from './spread'

/** The measures of a backbone's frozen features, in the order in which they are shown. */
export const MEASURES = ['knn', 'linear', 'correspondence', 'copy', 'placeShare', 'rank', 'deviation'] as const

export type MeasureName = (typeof MEASURES)[number]

/** What a measure is called and means. */
export interface MeasureWords {
  readonly title: string
  readonly about: string
  /** Whether a higher value is better, a lower one, or neither by itself. */
  readonly better: 'higher' | 'lower' | null
}

export const MEASURE_WORDS: Readonly<Record<MeasureName, MeasureWords>> = {
  knn: {
    title: 'kNN mIoU',
    better: 'higher',
    about:
      'Mean intersection over union with the masks, when every feature pixel takes the class of its nearest neighbours among labelled images.',
  },
  linear: {
    title: 'Linear mIoU',
    better: 'higher',
    about: 'Mean intersection over union with the masks, when one 1×1 layer is trained on the features of labelled images.',
  },
  correspondence: {
    title: 'View correspondence',
    better: 'higher',
    about:
      'Of the feature pixels of one augmented view that the other view shows at another position, more than 3 bin diagonals away, the share whose nearest neighbour there, by cosine, lies within 1.5 bin diagonals of the same place.',
  },
  copy: {
    title: 'Copied position',
    better: 'lower',
    about:
      'Of the same feature pixels, the share whose nearest neighbour lies at their own position in the view: near 1, features tell only where they lie.',
  },
  placeShare: {
    title: 'Place share',
    better: 'lower',
    about:
      'The share of the variance of the features that their position in the image explains, at least about 1 / images. A rise is a shortcut, unless the images share a layout, such as a sky above.',
  },
  rank: {
    title: 'Effective rank',
    better: null,
    about: 'The number of directions that the features use: exp of the entropy of their singular values.',
  },
  deviation: {
    title: 'Deviation',
    better: null,
    about: 'The root mean square distance of unit features from their mean: 0 if all are alike.',
  },
}

/** A value as it is shown; a dash for none. */
export function formatMeasure(name: MeasureName, value: number | null): string {
  return value === null ? '–' : value.toFixed(digitsOf(name))
}

/** Decimals of a value that is shown. */
function digitsOf(name: MeasureName): number {
  return name === 'rank' ? 1 : 3
}

/** The difference of two values as they are shown, so that values that look equal have none. */
export function shownChange(name: MeasureName, before: number, after: number): number {
  const difference = Number(formatMeasure(name, after)) - Number(formatMeasure(name, before))
  // 0.324 − 0.3 is 0.02400000000000002 in doubles.
  return Number(difference.toFixed(digitsOf(name)))
}

/** A change as it is shown, with its sign; 0 has none. */
export function formatChange(name: MeasureName, change: number): string {
  const text = formatMeasure(name, Math.abs(change))
  return Number(text) === 0 ? text : `${change < 0 ? '−' : '+'}${text}`
}

/** Measures with a value each, or null. */
export type Measures = Readonly<Record<MeasureName, number | null>>

/** Why a measure has no value, for each that is null. */
export type Missing = Readonly<Partial<Record<MeasureName, string>>>

/** Values, and reasons for those that are null. */
export interface Measured {
  readonly measures: Measures
  readonly missing: Missing
}

/** A value, or the reason why there is none. */
type Found = number | string

/** Side of the smallest map whose matches say something: the circle of 1.5 diagonals covers 13 bins, more than a third of a smaller map. */
export const SMALLEST_MAP = 6
/** With fewer compared pixels a share is mostly chance. */
const FEWEST_PIXELS = 100

/** Why matches on a map of this height and width say nothing; null if they say something. */
export function tooSmallMap(grid: readonly [number, number]): string | null {
  if (Math.min(...grid) >= SMALLEST_MAP) return null
  return `a view's map has ${grid.join(' × ')} pixels; at least ${SMALLEST_MAP} × ${SMALLEST_MAP} are needed`
}

/** The shares of matches that were found and copied. */
export function foundInMatches({ compared, found, copied, grid }: Matches): Record<'correspondence' | 'copy', Found> {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const pixels = sum(compared)
  const few = `${plural(pixels, 'pixel')} at different positions in both views; at least ${FEWEST_PIXELS} are needed`
  const reason = tooSmallMap(grid) ?? (pixels < FEWEST_PIXELS ? few : null)
  return { correspondence: reason ?? sum(found) / pixels, copy: reason ?? sum(copied) / pixels }
}

/** The measures of a spread over features of shape [N, C, h, w]. */
export function foundInSpread(
  { placeShare, rank, deviation }: Spread,
  [images, , rows, columns]: readonly [number, number, number, number],
): Record<'placeShare' | 'rank' | 'deviation', Found> {
  const isSingle = images * rows * columns < 2 ? 'there is one feature; at least two are needed' : null
  const noPlaces = images < 2 ? 'there is one image; at least two are needed' : rows * columns < 2 ? 'the map has a single pixel' : null
  return { placeShare: noPlaces ?? placeShare ?? 'all features are alike', rank: isSingle ?? rank, deviation: isSingle ?? deviation }
}

/** The measures where none can be taken. */
export function unmeasured(reason: string): Measured {
  return measured(Object.fromEntries(MEASURES.map((name) => [name, reason])) as Record<MeasureName, Found>)
}

/** Sorts what was found into values and reasons; a number that is not finite is no value. */
export function measured(found: Readonly<Record<MeasureName, Found>>): Measured {
  const known = MEASURES.map((name) => {
    const value = found[name]
    return [name, typeof value === 'string' || Number.isFinite(value) ? value : `its value is ${value}`] as const
  })
  const values = known.map(([name, value]) => [name, typeof value === 'number' ? value : null])
  const reasons = known.filter(([, value]) => typeof value === 'string')
  return { measures: Object.fromEntries(values) as Measures, missing: Object.fromEntries(reasons) as Missing }
}

/** Measures that have no value for one reason. */
export interface Gap {
  readonly names: readonly MeasureName[]
  readonly reason: string
  /** The only time at which they have none; null for both times. */
  readonly when: 'before' | 'after' | null
}

/** All measures that have no value before or after a run, those of one reason together. */
export function gapsOf(before: Measured, after: Measured): Gap[] {
  const gaps = new Map<string, Gap>()
  const add = (name: MeasureName, reason: string | undefined, when: Gap['when']) => {
    if (reason === undefined) return
    const key = `${when} ${reason}`
    gaps.set(key, { reason, when, names: [...(gaps.get(key)?.names ?? []), name] })
  }
  for (const name of MEASURES) {
    const [one, two] = [before.missing[name], after.missing[name]]
    if (one === two) add(name, one, null)
    else {
      add(name, one, 'before')
      add(name, two, 'after')
    }
  }
  return [...gaps.values()]
}

/** The measures of a gap and its reason, in words. */
export function gapWords({ names, reason, when }: Gap): { readonly titles: string; readonly reason: string } {
  const titles = names.map((name) => MEASURE_WORDS[name].title)
  const time = when === null ? '' : ` ${when} the training`
  return { titles: titles.join(', '), reason: `not measured${time}: ${reason}` }
}
