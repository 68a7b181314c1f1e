import { parseOptions } from '../common/options'
import { option, warn, worded } from '../common/wording'
import { tooSmallMap } from '../evaluation'
import type { Backbone } from '../pixelcl'
import { USUAL_SIDES, firstConvolution, lastMapLayer, mapLayer, takes, type MapLayer } from '../pixelcl/internal'
import { ArgumentError } from '../torch'
import type { Size } from '../vision/datasets'
import { pretrainOptions, type AskedPretrainOptions, type PretrainOptions, type ResolvedPretrainOptions } from './options'
import { RECIPES, inputSizeFor, layered, learningRateFor, stepsFor, strideOf, viewSizeFor, type SomeOptions } from './recipes'

/**
 * Options as they are asked for: the given ones, over the values of their recipe, over the defaults.
 *
 * @throws ArgumentError for wrong options.
 */
export function askedOf(given: PretrainOptions): AskedPretrainOptions {
  const { recipe, schedule } = parseOptions(pretrainOptions, given, 'pretrain')
  if (schedule.steps !== undefined && schedule.epochs !== undefined)
    throw new ArgumentError(worded`${option('steps')} and ${option('epochs')} both set the length of the training: give one of them`)
  return parse(given, RECIPES[recipe].options)
}

/** What the options that are left open depend on. */
export interface Found {
  readonly net: Backbone
  /** Median size of the images; null if it is not known. */
  readonly size: Size | null
  /** Number of images in the folder. */
  readonly images: number
}

/** Fills in what depends on the backbone and the images; what is given stays. */
export function choose(given: PretrainOptions, asked: AskedPretrainOptions, found: Found): ResolvedPretrainOptions {
  const { batchSize } = asked.data
  const trained = found.images - Math.min(asked.evaluation.heldOut, Math.floor(found.images / 4))
  const steps = given.schedule?.steps ?? stepsFor(trained, batchSize, given.schedule?.epochs)
  const choices = asked.recipe === 'dense' ? denseChoices(given, asked, found, steps) : {}
  const { schedule, ...rest } = parse(given, RECIPES[asked.recipe].options, choices)
  const { epochs: _, ...known } = schedule
  return { ...rest, schedule: { ...known, steps } }
}

function parse(given: PretrainOptions, ...below: readonly SomeOptions[]): AskedPretrainOptions {
  const { recipe, ...sections } = given
  return parseOptions(pretrainOptions, { recipe, ...layered(...below, sections) }, 'pretrain')
}

/** Minimum side, in pixels, of the map of images in the layer that `dense` chooses. */
const SMALLEST_MAP = 4
/** The assumed size of images whose size is not known. */
const USUAL_SIZE: Size = [256, 256]

/** Maximum factor by which images are enlarged for a network that accepts only larger ones. */
const MOST_ENLARGED = 1.5

function denseChoices(given: PretrainOptions, asked: AskedPretrainOptions, { net, size: own }: Found, steps: number): SomeOptions {
  const square = given.learner?.imageSize
  const size =
    given.data.inputSize ?? (square === undefined ? takenSize(net, inputSizeFor(own ?? USUAL_SIZE)) : ([square, square] as const))
  const imageSize = square ?? Math.min(...size)
  const named = given.learner?.hiddenLayerPixel
  const layer = named === undefined ? layerFor(net, size, imageSize) : mapLayer(net, named, imageSize)
  const schedule = { warmupSteps: Math.floor(steps / 20) }
  const data = square === undefined ? { inputSize: [...size] as [number, number] } : {}
  // No layer serves: the learner throws the error that explains why.
  if (layer === null) return { data, schedule, learner: { imageSize } }
  if (named === undefined) warnIfShallow(net, layer, imageSize)
  return {
    data,
    schedule,
    optimizer: { lr: learningRateFor(asked.data.batchSize, layer.channels) },
    learner: { imageSize, hiddenLayerPixel: layer.name, viewSize: viewsFor(net, layer, size, imageSize) },
  }
}

/**
 * The last layer whose map of a view can be measured, for without measures a run ends without a verdict; else the last layer with a map of at
 * least 4 × 4. The stem is chosen only where all else is smaller than that.
 */
function layerFor(net: Backbone, size: Size, imageSize: number): MapLayer | null {
  const last = lastMapLayer(net, imageSize, SMALLEST_MAP)
  for (let layer = last; layer !== null && !isStem(net, layer); layer = lastMapLayer(net, imageSize, Math.min(...layer.map) + 1)) {
    const seen = mapLayer(net, layer.name, viewsFor(net, layer, size, imageSize))
    if (seen !== null && tooSmallMap(seen.map) === null) return layer
  }
  return last
}

/** The size of views for a layer; the images' size for a network that takes no other. */
function viewsFor(net: Backbone, layer: MapLayer, size: Size, imageSize: number): [number, number] {
  const views = viewSizeFor(size, strideOf(imageSize, Math.min(...layer.map)))
  return takes(net, views) ? views : [imageSize, imageSize]
}

/** The given size if the network accepts it, else a square of a usual size near it that the network accepts. */
function takenSize(net: Backbone, size: [number, number]): [number, number] {
  const side = Math.min(...size)
  if (takes(net, side)) return size
  const taken = USUAL_SIDES.find((other) => other <= MOST_ENLARGED * side && takes(net, other))
  return taken === undefined ? size : [taken, taken]
}

/** Warns if images are so small that only the map of the stem is large enough. */
function warnIfShallow(net: Backbone, layer: MapLayer, imageSize: number): void {
  if (!isStem(net, layer)) return
  const { name } = layer
  const deeper = lastMapLayer(net, imageSize, 2)
  if (deeper === null || deeper.name === name) return
  const larger = Math.ceil((SMALLEST_MAP * imageSize) / Math.min(...deeper.map))
  warn(
    worded`images of ${imageSize} × ${imageSize} are too small for a layer behind '${name}', the first one: the map of '${deeper.name}' has ${deeper.map.join(' × ')} pixels. Larger images teach more: ${option('imageSize', larger)}`,
    'PIXELCL_SHALLOW_LAYER',
  )
}

/** Whether the layer ends in the network's first convolution. */
function isStem(net: Backbone, { name }: MapLayer): boolean {
  const first = firstConvolution(net)?.path
  return first === name || first?.startsWith(`${name}.`) === true
}
