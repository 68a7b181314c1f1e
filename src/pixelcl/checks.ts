import { ArgumentError, jit, nn } from '../torch'
import { describe } from '../common/describe'
import { suggestion } from '../common/suggestions'
import { sized } from '../common/text'
import { option, worded } from '../common/wording'
import type { Backbone } from './encoder'
import type { ResolvedOptions } from './options'
import { isPerSample, type View, type Views } from './views'

/** Rejects images so small that the smallest box would have no pixel. */
export function checkSmallestBox(height: number, width: number, { cutoutRatioRange: [low] }: ResolvedOptions): void {
  if (Math.floor(low * height) >= 1 && Math.floor(low * width) >= 1) return
  throw new ArgumentError(
    worded`images of ${sized([height, width])} are too small: the smallest box has ${low} of each side, which is less than one pixel. Give larger images or a larger ${option('cutoutRatioRange')}`,
  )
}

/** Options of `learner.forward`. */
export interface ForwardOptions {
  /** Returns `[loss, positivePairs]` instead of the loss. */
  returnPositivePairs?: boolean
  /** Uses these views instead of random ones. */
  views?: readonly [Views, Views]
}

const forwardOptions = ['returnPositivePairs', 'views']

/** Rejects unknown options of forward. */
export function checkOptions(options: ForwardOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new ArgumentError(`forward() takes options { returnPositivePairs?, views? } but received ${describe(options)}`)
  for (const key of Object.keys(options)) {
    if (!forwardOptions.includes(key)) throw new ArgumentError(`forward() has no option '${key}'${suggestion(key, forwardOptions)}`)
  }
  const { returnPositivePairs } = options
  if (returnPositivePairs !== undefined && typeof returnPositivePairs !== 'boolean')
    throw new ArgumentError(`forward(): expected returnPositivePairs to be true or false but received ${describe(returnPositivePairs)}`)
}

/** Rejects views that do not fit the images. */
export function checkViews(views: readonly [Views, Views], count: number, height: number, width: number): void {
  if (!Array.isArray(views) || views.length !== 2) {
    throw new ArgumentError('views must be two: [one, two], each { box: { y0, y1, x0, x1 }, hflip } or an array of these, one an image')
  }
  for (const view of views as readonly Views[]) {
    const list = isPerSample(view) ? view : [view]
    if (isPerSample(view) && view.length !== count) {
      throw new ArgumentError(`views has ${view.length} boxes for ${count} images: give one for each, or one for all`)
    }
    for (const each of list) checkView(each, height, width)
  }
  if (isPerSample(views[0] as Views) !== isPerSample(views[1] as Views)) {
    throw new ArgumentError('both views must be given per image, or both for the whole batch')
  }
}

function checkView(view: Partial<View> | null, height: number, width: number): void {
  const box = view?.box
  if (box === undefined || box === null || typeof view?.hflip !== 'boolean') {
    throw new ArgumentError(`a view must be { box: { y0, y1, x0, x1 }, hflip } but is ${JSON.stringify(view)}`)
  }
  const isWhole = [box.y0, box.y1, box.x0, box.x1].every(Number.isInteger)
  const isInside = box.y0 >= 0 && box.y0 < box.y1 && box.y1 <= height && box.x0 >= 0 && box.x0 < box.x1 && box.x1 <= width
  if (isWhole && isInside) return
  throw new ArgumentError(
    `the box ${JSON.stringify(box)} does not lie in an image of ${sized([height, width])}; its sides are in pixels, half-open`,
  )
}

/** Rejects anything but a module, such as a file name. */
export function checkBackbone(net: unknown): void {
  if (net instanceof nn.Module) return
  const hint = typeof net === 'string' ? `: load the file first, by torch.jit.load('${net}') or models.resnet50({ weights: '${net}' })` : ''
  throw new ArgumentError(`PixelCL takes a backbone first, a Module or a TorchScript one, but received ${describe(net)}${hint}`)
}

/** Rejects a backbone without trainable parameters and warns of frozen ones, which no metric would reveal. */
export function checkTrainable(net: Backbone): void {
  const parameters = [...net.namedParameters()]
  const still = parameters.filter(([, parameter]) => !parameter.requiresGrad).map(([name]) => name)
  if (still.length === 0) return
  const remedy =
    'call parameter.requiresGrad_(true) on those that are to train, or net.requiresGrad_(true) for all (in Python, before the export: model.requires_grad_(True))'
  if (still.length === parameters.length) {
    throw new ArgumentError(
      `none of the backbone's ${still.length} parameters requires a gradient, so nothing of it would train: ${remedy}`,
    )
  }
  const named = `${still.slice(0, 3).join(', ')}${still.length > 3 ? ', …' : ''}`
  process.emitWarning(
    `${still.length} of the backbone's ${parameters.length} parameters (${named}) require no gradient and stay as they are: ${remedy}`,
    { code: 'PIXELCL_FROZEN_PARAMETERS' },
  )
}

/** Rejects batch norms that are frozen in the graph and warns of those in eval mode, which keep using running statistics. */
export function checkBatchNorms(net: Backbone): void {
  if (net instanceof jit.ScriptModule) {
    const frozen = net.frozenBatchNorms()
    if (frozen.length > 0) {
      throw new ArgumentError(
        `the backbone was traced in eval mode, so its ${frozen.length} batch norms are frozen in the graph (${frozen.slice(0, 3).join(', ')}…) and would not train. Export it again with torch.jit.script(model), or call model.train() before torch.jit.trace`,
      )
    }
  }
  const isNorm = (module: nn.AnyModule) =>
    module instanceof nn.BatchNorm1d ||
    module instanceof nn.BatchNorm2d ||
    (module instanceof jit.ScriptModule && /^BatchNorm/.test(module.originalName))
  const norms = net.modules().filter(isNorm)
  const still = norms.filter((module) => !module.training).length
  if (still > 0) {
    process.emitWarning(
      `${still} of the backbone's ${norms.length} batch norms are in eval mode and stay so: they use running statistics. Call train() on the backbone to train them`,
      {
        code: 'PIXELCL_EVAL_BATCH_NORM',
      },
    )
  }
}
