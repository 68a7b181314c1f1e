import * as torch from '../torch'
import { ArgumentError, jit, nn, type Device, type DType, type Tensor } from '../torch'
import { nearestFirst, nearestName } from '../common/suggestions'
import { option, warn, worded, type Wording } from '../common/wording'
import { ConvMLP, MLP } from './heads'

/** A backbone: a module of this package or a TorchScript one. */
export type Backbone = nn.AnyModule

export interface EncoderOptions {
  hiddenLayerPixel: string | number
  hiddenLayerInstance: string | number
  projectionSize: number
  projectionHiddenSize: number
}

/** The dotted name of a layer given by name or by its index among the children. */
export function layerName(net: Backbone, layer: string | number): string {
  const names = [...net.namedModules()].map(([name]) => name)
  if (typeof layer === 'string') {
    if (names.includes(layer)) return layer
    const meant = nearestName(layer, names.filter(Boolean))
    throw new ArgumentError(
      `the backbone has no layer '${layer}'${meant === null ? '' : ` (did you mean '${meant}'?)`}. Its layers, nearest first: ${nearestFirst(layer, names.filter(Boolean))}`,
    )
  }
  const children = childNames(net)
  const name = children.at(layer)
  if (name === undefined || layer >= children.length) {
    throw new ArgumentError(
      `the backbone has no child ${layer}: it has ${children.length} (${children.join(', ')}), numbered from 0, or from −1 at the end`,
    )
  }
  return name
}

/** Names of the direct children; a child with two names counts once, as in Python's `children()`. */
function childNames(net: Backbone): string[] {
  const seen = new Set<nn.AnyModule>()
  return [...net.namedChildren()].filter(([, child]) => !seen.has(child) && seen.add(child)).map(([name]) => name)
}

/** Reads the outputs of hidden layers during one full forward of a backbone. */
export class HiddenLayers {
  private readonly taps: jit.Taps | null
  private readonly distinct: readonly string[]

  constructor(
    net: Backbone,
    readonly paths: readonly string[],
  ) {
    this.distinct = [...new Set(paths)]
    this.taps = net instanceof jit.ScriptModule ? net.taps(this.distinct) : null
  }

  /** The layers' outputs in the order of `paths`; the last output of a layer that is called several times. */
  run(net: Backbone, images: Tensor): Tensor[] {
    const { taps } = this
    const outputs = taps !== null && net instanceof jit.ScriptModule ? taps.run(net, images) : this.runWithHooks(net, images)
    return this.paths.map((path) => {
      const output = outputs[this.distinct.indexOf(path)]
      if (torch.isTensor(output)) return output
      throw new ArgumentError(
        `the hidden layer '${path}' ${output === undefined ? 'was never called' : 'gives no tensor'} in the backbone's forward: choose another`,
      )
    })
  }

  /** Hooks are removed after each run, so that the backbone can be saved without traces of the learner. */
  private runWithHooks(net: Backbone, images: Tensor): unknown[] {
    const outputs: unknown[] = this.distinct.map(() => undefined)
    const handles = this.distinct.map((path, i) =>
      net.getSubmodule(path).registerForwardHook((_, __, output) => {
        outputs[i] = torch.isTensor(output) ? torch.keep(output) : output
      }),
    )
    try {
      ;(net as unknown as nn.Module).call(images)
    } finally {
      for (const handle of handles) handle.remove()
    }
    return outputs
  }
}

/** The backbone with its two projectors: images [N, 3, H, W] to a map [N, D, h, w] and vectors [N, D]. */
export class Encoder extends nn.Module<[Tensor, { instance: boolean }], { pixels: Tensor; instance: Tensor | null }> {
  readonly net: Backbone
  readonly pixelProjector: ConvMLP
  readonly instanceProjector: MLP
  private readonly layers: HiddenLayers

  constructor(net: Backbone, imageSize: number, options: EncoderOptions) {
    super()
    this.net = net
    const paths = [layerName(net, options.hiddenLayerPixel), layerName(net, options.hiddenLayerInstance)]
    this.layers = new HiddenLayers(net, paths)
    const [pixels, instance] = dryRun(net, this.layers, imageSize) as [Tensor, Tensor]
    if (pixels.dim() !== 4) {
      throw new ArgumentError(
        worded`the hidden pixel layer '${paths[0]!}' gives [${pixels.shape.join(', ')}], but the pixel loss needs a map [N, C, H, W]${hintOfSpatialLayer(net, paths[0]!, imageSize)}`,
      )
    }
    if (!isSpatial(pixels)) {
      const hint = hintOfSpatialLayer(net, paths[0]!, imageSize)
      warn(
        worded`the hidden pixel layer '${paths[0]!}' gives a map of 1×1 pixel, so the pixel loss compares whole images${hint}`,
        'PIXELCL_SINGLE_PIXEL',
      )
    }
    const where = firstParameter(net)
    this.pixelProjector = new ConvMLP(pixels.shape[1]!, options.projectionSize, options.projectionHiddenSize).to(where)
    this.instanceProjector = new MLP(instance.flatten(1).shape[1]!, options.projectionSize, options.projectionHiddenSize).to(where)
  }

  override forward(images: Tensor, { instance: withInstance }: { instance: boolean }): { pixels: Tensor; instance: Tensor | null } {
    const [map, vector] = this.layers.run(this.net, images) as [Tensor, Tensor]
    const pixels = this.pixelProjector.call(map)
    if (!withInstance) return { pixels, instance: null }
    const flat = vector.flatten(1)
    const expected = (this.instanceProjector.net.at(0) as nn.Linear).inFeatures
    if (flat.shape[1] !== expected) {
      throw new ArgumentError(
        worded`the hidden instance layer '${this.layers.paths[1]!}' gives ${flat.shape[1]!} numbers per image, but its projector was made for ${expected}: a spatial layer ties it to ${option('imageSize')}. Give images of that size, or choose a pooled layer such as 'avgpool'`,
      )
    }
    return { pixels, instance: this.instanceProjector.call(flat) }
  }
}

/** Runs the backbone on random images, then restores buffers and generators. */
function dryRun(net: Backbone, layers: HiddenLayers, imageSize: number): Tensor[] {
  const { dtype, device } = firstParameter(net)
  return torch.noGrad(() => {
    const generators = [...new Set<Device>(['cpu', device])].map((place) => torch.defaultGenerator(place))
    const states = generators.map((generator) => generator.getState())
    const buffers = net.buffers()
    const saved = buffers.map((buffer) => buffer.clone())
    try {
      return layers.run(net, torch.randn([2, 3, imageSize, imageSize], { dtype, device }))
    } catch (error) {
      if (error instanceof ArgumentError || !(error instanceof Error)) throw error
      const tried = `[2, 3, ${imageSize}, ${imageSize}]`
      throw new ArgumentError(
        worded`the backbone failed on images ${tried}, which ${option('imageSize', imageSize)} asks for: ${error.message}`,
        { cause: error },
      )
    } finally {
      buffers.forEach((buffer, i) => buffer.copy_(saved[i]!))
      generators.forEach((generator, i) => generator.setState(states[i]!))
    }
  })
}

/** The device and dtype of a backbone's first parameter. */
export function firstParameter(net: Backbone): { dtype: DType; device: Device } {
  const [parameter] = net.parameters()
  if (parameter === undefined) throw new ArgumentError('the backbone has no parameters, so there is nothing to train')
  return { dtype: parameter.dtype, device: parameter.device }
}

function isSpatial(map: Tensor): boolean {
  return map.dim() === 4 && (map.shape[2]! > 1 || map.shape[3]! > 1)
}

/** @internal The layer itself if its map is larger than 1×1, else the last child with such a map; null if there is none. */
export function spatialLayer(net: Backbone, layer: string | number, imageSize: number): string | null {
  for (const name of [layerName(net, layer), ...childNames(net).reverse()]) {
    try {
      const [map] = dryRun(net, new HiddenLayers(net, [name]), imageSize)
      if (isSpatial(map!)) return name
    } catch {
      // Skip children that forward never calls or that return no tensor.
    }
  }
  return null
}

/** Ends a message with the last layer that has a larger map, if there is one. */
function hintOfSpatialLayer(net: Backbone, layer: string, imageSize: number): Wording | null {
  const name = spatialLayer(net, layer, imageSize)
  return name === null ? null : worded`; the last layer with a larger map is '${name}': write ${option('hiddenLayerPixel', name)}`
}
