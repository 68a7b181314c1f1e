import { plural, sized } from '../common/text'
import { option, worded, type Wording } from '../common/wording'
import { FEWEST_IMAGES, type Outcome } from '../evaluation'
import type { ResolvedPretrainOptions } from './options'

/** What advice follows from, besides the outcome. */
export interface AdviceFacts {
  readonly options: Pick<ResolvedPretrainOptions, 'schedule' | 'data' | 'optimizer' | 'learner' | 'augmentation'>
  /** Steps that were planned; more than were taken if the run was stopped. Default: those taken. */
  readonly planned?: number
  /** The layer that was measured. */
  readonly layer: string | number
  /** Number of images that were trained on. */
  readonly trained: number
  /** Number of images that were measured; where masks decide, of those with a mask. */
  readonly measured: number
  /** Why the view correspondence has no value; undefined if it has one. */
  readonly missing?: string | undefined
  /** Whether a run without a verdict may have learned a shortcut. Default: false. */
  readonly mayBeShortcut?: boolean
  /** Number of all images with a mask; undefined without masks. */
  readonly masked?: number | undefined
}

/** How often each image was seen; with fewer, more steps usually help. */
const MANY_EPOCHS = 100
/** Training images below which more of them usually help. */
const FEW_IMAGES = 200
/** Measured images below which the noise is wide. */
const FEW_MEASURED = 30

/** What to try next, the most promising first; what a run has done already is left out. */
export function adviceFor(outcome: Outcome, facts: AdviceFacts): Wording[] {
  return {
    better: [toTheEndOrMore, compare],
    unchanged: [toTheEndOrMore, moreMeasured, milderColours, anotherLayer, moreImages],
    worse: [milderColours, lowerRate, anotherLayer, moreImages],
    shortcut: [smallerCrops, ownCrops, anotherLayer, moreImages],
    unmeasured: [
      toTheEnd,
      ...(facts.measured < FEWEST_IMAGES ? [moreMeasured] : []),
      // With a value, only the number of images is too small, which no other map changes.
      ...(facts.missing === undefined ? [] : [largerMap, anotherLayer]),
      ...(facts.mayBeShortcut === true ? [smallerCrops, ownCrops] : []),
    ],
  }[outcome].flatMap((advice) => advice(facts) ?? [])
}

type Advice = (facts: AdviceFacts) => Wording | null

const toTheEnd: Advice = ({ options: { schedule }, planned }) =>
  planned === undefined || planned <= schedule.steps
    ? null
    : worded`the run to its end: ${option('steps', planned)} (stopped after ${schedule.steps})`

const moreSteps: Advice = ({ options: { schedule, data }, trained }) => {
  const { steps } = schedule
  const epochs = (steps * data.batchSize) / Math.max(1, trained)
  if (epochs >= MANY_EPOCHS) return null
  return worded`more steps: ${option('steps', 3 * steps)} (now ${steps}, which saw each image ${times(epochs)})`
}

const toTheEndOrMore: Advice = (facts) => toTheEnd(facts) ?? moreSteps(facts)

const compare: Advice = () => worded`fine-tune both backbones on your own task: that alone tells what the gain is worth there`

const moreMeasured: Advice = ({ measured, trained, masked }) => {
  if (measured >= FEW_MEASURED) return null
  const wanted = Math.min(2 * FEW_MEASURED, Math.floor((measured + trained) / 4), Math.floor((masked ?? Infinity) / 2))
  if (wanted > measured && wanted >= FEWEST_IMAGES)
    return worded`measure on more images, which narrows the noise: ${option('heldOut', wanted)} (now ${measured})`
  return masked !== undefined && masked < (measured + trained) / 2
    ? worded`masks of more images: half of them are measured, and ${plural(measured, 'image')} ${measured === 1 ? 'says' : 'say'} little (at least ${FEWEST_IMAGES} are needed)`
    : worded`more images: a quarter is held out, and ${plural(measured, 'image')} ${measured === 1 ? 'says' : 'say'} little (at least ${FEWEST_IMAGES} are needed)`
}

const milderColours: Advice = ({ options: { augmentation } }) => {
  const { colorJitter, probSolarize, probGrayscale } = augmentation
  const isMild = Math.max(...colorJitter.slice(0, 3)) <= 0.4 && colorJitter[3] <= 0.1 && probSolarize === 0 && probGrayscale === 0
  if (isMild) return null
  return worded`milder colours, where colour tells things apart: ${option('colorJitter', '0.4,0.4,0.4,0.1')} ${option('probSolarize', 0)} ${option('probGrayscale', 0)}`
}

const anotherLayer: Advice = ({ layer }) =>
  worded`another layer, earlier or later: ${option('hiddenLayerPixel')} (now ${typeof layer === 'string' ? layer : `number ${layer}`})`

const moreImages: Advice = ({ trained }) =>
  trained >= FEW_IMAGES
    ? null
    : worded`more images: ${plural(trained, 'image')} of training soon ${trained === 1 ? 'has' : 'have'} nothing new to show`

const lowerRate: Advice = ({ options: { optimizer } }) =>
  worded`a lower learning rate: ${option('lr', Number((optimizer.lr / 3).toPrecision(1)))} (now ${optimizer.lr})`

const smallerCrops: Advice = ({ options: { learner } }) => {
  const [low, high] = learner.cutoutRatioRange
  if (high <= 0.6) return null
  return worded`smaller views, which overlap less at the same place: ${option('cutoutRatioRange', '0.3,0.6')} (now ${low},${high})`
}

const ownCrops: Advice = ({ options: { learner } }) =>
  learner.cropPer === 'sample' ? null : worded`crops of its own for every image: ${option('cropPer', 'sample')}`

const largerMap: Advice = ({ options: { learner, data } }) => {
  const [height, width] = learner.viewSize ?? data.inputSize ?? [learner.imageSize, learner.imageSize]
  return worded`larger images, for a map with more pixels: ${option('imageSize')} or ${option('viewSize')} (views have ${sized([height, width], ' pixels')})`
}

function times(epochs: number): string {
  if (epochs < 1) return 'less than once'
  return epochs < 10 ? `${Number(epochs.toPrecision(2))} times` : `${Math.round(epochs)} times`
}
