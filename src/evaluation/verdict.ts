import { plural } from '../common/text'
import { bootstrap, type Interval } from './bootstrap'
import type { Evaluation } from './measure'
import { MEASURES, MEASURE_WORDS, formatChange, formatMeasure, shownChange, type MeasureName } from './measures'
import { meanOfOverlaps, type Overlap } from './overlap'
import { placeShareOf } from './spread'

/** With fewer images, resampling them tells little of others. */
export const FEWEST_IMAGES = 6

/** A measure before and after. */
export interface Change {
  readonly before: number | null
  readonly after: number | null
  /** The difference of the values as they are shown; null if one is missing. */
  readonly change: number | null
  /** Where the change lies when the held-out images are resampled (95 %); null for a measure of all images together, and for fewer than six images. */
  readonly noise: Interval | null
  /** Whether the change is for the better or the worse; null if it is neither, is shown as 0, or lies within the noise. */
  readonly direction: 'better' | 'worse' | null
}

export type Changes = Readonly<Record<MeasureName, Change>>

/** What `changesOf` needs of an evaluation: numbers alone. */
export type Compared = Pick<Evaluation, 'measures' | 'samples'>

/** All measures before and after, on the same images. */
export function changesOf(before: Compared, after: Compared): Changes {
  const noise: Partial<Record<MeasureName, Interval | null>> = {
    knn: overlapNoise(before, after, 'knn'),
    linear: overlapNoise(before, after, 'linear'),
    correspondence: matchNoise(before, after, 'found'),
    copy: matchNoise(before, after, 'copied'),
    placeShare: layoutNoise(before, after),
  }
  return Object.fromEntries(
    MEASURES.map((name) => [name, changeOf(name, before.measures[name], after.measures[name], noise[name] ?? null)]),
  ) as Record<MeasureName, Change>
}

function changeOf(name: MeasureName, before: number | null, after: number | null, noise: Interval | null): Change {
  if (before === null || after === null) return { before, after, change: null, noise: null, direction: null }
  const change = shownChange(name, before, after)
  const { better } = MEASURE_WORDS[name]
  const isClear = noise !== null && (change > 0 ? noise.low > 0 : change < 0 && noise.high < 0)
  return {
    before,
    after,
    change,
    noise,
    direction: isClear && better !== null ? (change > 0 === (better === 'higher') ? 'better' : 'worse') : null,
  }
}

/** The noise of a measure of both states: images are drawn in pairs, an image before with the same one after; null for too few. */
function paired(count: number, before: (weights: readonly number[]) => number | null, after: typeof before): Interval | null {
  if (count < FEWEST_IMAGES) return null
  return bootstrap(count, (weights) => {
    const [one, two] = [before(weights), after(weights)]
    return one === null || two === null ? null : two - one
  })
}

function overlapNoise(before: Compared, after: Compared, name: 'knn' | 'linear'): Interval | null {
  const [one, two] = [before, after].map(({ samples }) => samples[name]?.filter(isLabelled) ?? []) as [Overlap[], Overlap[]]
  return paired(
    one.length,
    (weights) => meanOfOverlaps(one, weights),
    (weights) => meanOfOverlaps(two, weights),
  )
}

/** Whether an image has a labelled pixel; others say nothing. */
function isLabelled({ truth }: Overlap): boolean {
  return truth.some((pixels) => pixels > 0)
}

/** Number of measured images whose masks count. */
export function labelledImages({ samples }: Compared): number {
  return samples.knn?.filter(isLabelled).length ?? 0
}

function matchNoise(before: Compared, after: Compared, name: 'found' | 'copied'): Interval | null {
  const share =
    ({ samples: { matches } }: Compared) =>
    (weights: readonly number[]) => {
      let [hits, compared] = [0, 0]
      weights.forEach((weight, i) => {
        hits += weight * matches[name][i]!
        compared += weight * matches.compared[i]!
      })
      return compared === 0 ? null : hits / compared
    }
  return paired(before.samples.matches.compared.length, share(before), share(after))
}

function layoutNoise({ samples: one }: Compared, { samples: two }: Compared): Interval | null {
  if (one.layout === null || two.layout === null) return null
  const [before, after] = [one.layout, two.layout]
  return paired(
    before.means.length,
    (weights) => placeShareOf(before, weights),
    (weights) => placeShareOf(after, weights),
  )
}

/** What a run did to its backbone. */
export type Outcome = 'better' | 'unchanged' | 'worse' | 'shortcut' | 'unmeasured'

export interface Verdict {
  readonly outcome: Outcome
  /** The outcome in a few words. */
  readonly title: string
  /** One or two sentences with the figures that decide. */
  readonly reason: string
}

export interface VerdictFacts {
  /** Number of images that were measured. */
  readonly images: number
  /** Number of these that have a mask; with too few, masks do not decide. Default: all. */
  readonly labelled?: number
  /** Whether they are training images because none were held out. */
  readonly trainedOn: boolean
  /** Why the view correspondence has no value, if it has none. */
  readonly missing?: string | undefined
}

/** A rise of the place share by as much, and to as much, is looked into. */
const PLACE_RISE = 0.05
const PLACE_LEVEL = 0.1
/** Unit features that deviate less from their mean are as good as equal. */
const COLLAPSED = 0.05

const TITLES: Readonly<Record<Outcome, string>> = {
  better: 'Better',
  unchanged: 'No change within the noise',
  worse: 'Worse',
  shortcut: 'A shortcut: features tell where in the view they lie',
  unmeasured: 'Not measured',
}

/**
 * Judges a run by the change of its measures.
 *
 * Masks decide where enough images have one: kNN and linear mIoU. Otherwise the view correspondence does. A clear rise of the place share means a
 * shortcut, even if other measures rose, if it comes with more pixels that are matched by their own position. Without those, the images share a
 * layout, such as sky at the top. If no measure decides, or masks got better and matches by position are not measured, the verdict mentions the
 * rise as a caution.
 */
export function verdictOf(changes: Changes, facts: VerdictFacts): Verdict {
  const { labelled = facts.images } = facts
  const hasMasks = changes.knn.change !== null || changes.linear.change !== null
  const isMaskless = !hasMasks || labelled < FEWEST_IMAGES
  const known = decidingMeasures(changes, isMaskless)
  if (hasCollapsed(changes.deviation))
    return verdict(
      'worse',
      `The features have collapsed: they hardly differ any more (deviation ${shown('deviation', changes.deviation)}).`,
    )
  const unused =
    hasMasks && isMaskless
      ? `${plural(labelled, 'image')} with a mask ${labelled === 1 ? 'is' : 'are'} too few to judge by (at least ${FEWEST_IMAGES}).`
      : null
  if (known.length === 0)
    return verdict('unmeasured', `There is nothing to judge by: ${facts.missing ?? 'no measure has a value'}.`, unused, caution(changes))
  if (facts.images < FEWEST_IMAGES)
    return verdict('unmeasured', `${plural(facts.images, 'image')} cannot tell a change from chance: at least ${FEWEST_IMAGES} are needed.`)
  const outcome = directionOf(known.map((name) => changes[name].direction))
  if (isShortcut(changes, outcome)) return verdict('shortcut', placeReason(changes))
  const figures = `${known.map((name, i) => `${i === 0 ? title(name) : within(name)} went ${shown(name, changes[name])}`).join(', ')}.`
  const aside = hasPlaceRisen(changes.placeShare) ? placeAside(changes) : null
  const count = isMaskless ? facts.images : labelled
  return verdict(outcome, figures, noiseReason(known, changes, outcome, { ...facts, images: count }), unused, aside)
}

/** Whether the measures speak for a shortcut, given the outcome without it. */
export function isShortcut({ placeShare, copy }: Changes, outcome: Outcome): boolean {
  return hasPlaceRisen(placeShare) && isByPosition(copy, outcome)
}

/** How a change is marked: a place share that rises is bad only where it is a shortcut. */
export function markOf(name: MeasureName, changes: Changes, { outcome }: Verdict): 'better' | 'worse' | null {
  return name === 'placeShare' && outcome !== 'shortcut' ? null : changes[name].direction
}

function verdict(outcome: Outcome, ...reasons: readonly (string | null)[]): Verdict {
  return { outcome, title: TITLES[outcome], reason: reasons.filter((reason) => reason !== null).join(' ') }
}

/** The measures that decide, of those with a value. */
function decidingMeasures(changes: Changes, isMaskless: boolean): MeasureName[] {
  const names = isMaskless ? (['correspondence'] as const) : (['knn', 'linear'] as const)
  return names.filter((name) => changes[name].change !== null)
}

/** The common direction of the measures; 'unchanged' if they disagree. */
function directionOf(directions: readonly Change['direction'][]): 'better' | 'worse' | 'unchanged' {
  const found = new Set(directions.filter((direction) => direction !== null))
  return found.size === 1 ? [...found][0]! : 'unchanged'
}

function hasCollapsed({ before, after }: Change): boolean {
  return before !== null && after !== null && after < COLLAPSED && before >= COLLAPSED
}

function hasPlaceRisen({ change, after, direction }: Change): boolean {
  return direction === 'worse' && change! >= PLACE_RISE && after! >= PLACE_LEVEL
}

/** Whether a risen place share comes from pixels that are known by their position; masks that got better speak against it. */
function isByPosition(copy: Change, outcome: Outcome): boolean {
  return copy.change === null ? outcome !== 'better' : copy.direction === 'worse'
}

function placeReason({ placeShare, copy }: Changes): string {
  const copied =
    copy.direction === 'worse'
      ? `, and matches at the own position in the view from ${formatMeasure('copy', copy.before)} to ${formatMeasure('copy', copy.after)}`
      : ''
  return `The place share went ${shown('placeShare', placeShare)}${copied}: the features have learned where a pixel lies rather than what it shows.`
}

/** What is said of a risen place share that is no shortcut. */
function placeAside({ placeShare, copy }: Changes): string {
  const rise = `The place share rose, too (${shown('placeShare', placeShare)})`
  if (copy.change !== null) return `${rise}, but no more pixels than before are matched by their position: the images share a layout.`
  return `Caution: ${lowerFirst(rise)}, ${MAY_BE_SHORTCUT} ${title('copy')}, which would tell both apart, is not measured.`
}

function caution(changes: Changes): string | null {
  if (!isShortcut(changes, 'unmeasured')) return null
  return `Caution: the place share went ${shown('placeShare', changes.placeShare)}, ${MAY_BE_SHORTCUT}`
}

const MAY_BE_SHORTCUT =
  'which may be a shortcut, features that tell where a pixel lies rather than what it shows. ' +
  'Images that share a layout raise it, too: look at the features in the report before you use this backbone.'

function noiseReason(
  known: readonly MeasureName[],
  changes: Changes,
  outcome: Outcome,
  { images, trainedOn }: VerdictFacts,
): string | null {
  const ranges = known.flatMap((name) => {
    const { noise } = changes[name]
    return noise === null ? [] : [`${formatChange(name, noise.low)} to ${formatChange(name, noise.high)}`]
  })
  const count = plural(images, trainedOn ? 'training image' : 'held-out image')
  const others = `With other images like these ${count} the change would be ${ranges.join(' and ')}`
  if (outcome !== 'unchanged') return `${others}.`
  if (known.some((name) => changes[name].direction !== null)) return 'One of both is clearly better and the other clearly worse.'
  return ranges.length === 0 ? null : `${others}, so this may be chance.`
}

/** `from 0.203 to 0.315`. */
function shown(name: MeasureName, { before, after }: Change): string {
  return `from ${formatMeasure(name, before)} to ${formatMeasure(name, after)}`
}

function title(name: MeasureName): string {
  return MEASURE_WORDS[name].title
}

/** A title within a sentence: `view correspondence`, but `kNN mIoU` as it is. */
function within(name: MeasureName): string {
  return lowerFirst(title(name))
}

function lowerFirst(text: string): string {
  return text[0]!.toLowerCase() + text.slice(1)
}
