import * as torch from '../torch'
import { ArgumentError, jit, nn, type Device, type DType, type Tensor } from '../torch'
import { nearestName } from '../common/suggestions'
import { option, warn, worded, type Wording } from '../common/wording'
import { channelsOf, firstConvolution, type Backbone } from './backbone-input'
import { cutsOf, type Cuts } from './cuts'
import { explainedFailure, type ImageSize } from './dry-run-failure'
import { ConvMLP, MLP } from './heads'
import { isSpatial, layoutOf, toMap, type Layout } from './layout'

export type { Backbone } from './backbone-input'

export interface EncoderOptions {
  hiddenLayerPixel: string | number
  hiddenLayerInstance: string | number
  instanceWeight: number
  projectionSize: number
  projectionHiddenSize: number
  viewSize?: readonly [number, number] | undefined
}

/** The dotted name of a layer given by name or by its index among the children; an error lists the layers that `isSensible`. */
export function layerName(net: Backbone, layer: string | number, isSensible: (name: string) => boolean = () => true): string {
  if (typeof layer === 'string') {
    const names = [...net.namedModules()].map(([name]) => name)
    if (names.includes(layer)) return layer
    const meant = nearestName(layer, names.filter(Boolean))
    const sensible = childNames(net).filter(isSensible)
    throw new ArgumentError(
      `the backbone has no layer '${layer}'${meant === null ? '' : ` (did you mean '${meant}'?)`}: ` +
        `choose among ${(sensible.length > 0 ? sensible : childNames(net)).join(', ')}, or a layer inside of them; ` +
        'print(model) in Python shows all, as net.namedModules() does here',
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

/** The hidden layers of a backbone by their dotted names: one read as a map, and one read as a vector, or none. */
export interface HiddenPaths {
  readonly map: string
  readonly vector?: string | null
}

/** Reads the outputs of hidden layers during one full forward of a backbone. */
export class HiddenLayers {
  private readonly distinct: readonly string[]
  private readonly taps: jit.Taps | null
  /** How the map's layer holds it, known from the first run. */
  private layout: Layout | null = null

  constructor(
    net: Backbone,
    readonly paths: HiddenPaths,
  ) {
    const { map, vector = null } = paths
    this.distinct = vector === null || vector === map ? [map] : [map, vector]
    this.taps = net instanceof jit.ScriptModule ? net.taps(this.distinct) : null
  }

  /**
   * The layers' outputs for images [N, C, H, W], of a layer that is called several times the last one. A map of vision transformers becomes [N, C, h, w]:
   * from [N, h, w, C], and from tokens [N, 1 + h·w, C] without those of class and registers.
   */
  run(net: Backbone, images: Tensor): { map: Tensor; vector: Tensor | null } {
    const { map, vector = null } = this.paths
    const outputs = runTapped(net, this.taps, this.distinct, images)
    const raw = outputs[0]!
    this.layout ??= layoutOf(raw, images, () => stemSize(net, images))
    if (this.layout === null && raw.dim() === 3)
      throw new ArgumentError(
        `the hidden layer '${map}' gives [${raw.shape.join(', ')}], which is no map and no tokens of a grid for images [${images.shape.join(', ')}]: choose another`,
      )
    return { map: this.layout === null ? raw : toMap(raw, images, this.layout), vector: vector === null ? null : outputs.at(-1)! }
  }
}

function runTapped(net: Backbone, taps: jit.Taps | null, paths: readonly string[], images: Tensor): Tensor[] {
  const outputs = taps !== null && net instanceof jit.ScriptModule ? taps.run(net, images) : runWithHooks(net, paths, images)
  return paths.map((path, i) => {
    const output = outputs[i]
    if (torch.isTensor(output)) return output
    throw new ArgumentError(
      `the hidden layer '${path}' ${output === undefined ? 'was never called' : 'gives no tensor'} in the backbone's forward: choose another`,
    )
  })
}

/** Hooks are removed after each run, so that the backbone can be saved without traces of the learner. */
function runWithHooks(net: Backbone, paths: readonly string[], images: Tensor): unknown[] {
  const outputs: unknown[] = paths.map(() => undefined)
  const handles = paths.map((path, i) =>
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

/** Height and width of the first convolution's map; null without one that forward calls. */
function stemSize(net: Backbone, images: Tensor): readonly [number, number] | null {
  const stem = firstConvolution(net)
  if (stem === null) return null
  try {
    const taps = net instanceof jit.ScriptModule ? net.taps([stem.path]) : null
    return withoutTraces(net, () => {
      const [output] = runTapped(net, taps, [stem.path], images) as [Tensor]
      return output.dim() === 4 ? (output.shape.slice(2) as [number, number]) : null
    })
  } catch (error) {
    if (error instanceof ArgumentError || error instanceof torch.JitError) return null
    throw error
  }
}

/** The backbone with its two projectors: images [N, C, H, W] to a map [N, D, h, w] and vectors [N, D]. */
export class Encoder extends nn.Module {
  readonly net: Backbone
  readonly pixelProjector: ConvMLP
  /** Null where the instance loss has no weight. */
  readonly instanceProjector: MLP | null
  private readonly layers: HiddenLayers

  constructor(net: Backbone, imageSize: number, channels: number, options: EncoderOptions) {
    super()
    this.net = net
    const path = layerName(net, options.hiddenLayerPixel, (name) => isMapLayer(net, name, imageSize, channels))
    const instance = options.instanceWeight > 0 ? layerName(net, options.hiddenLayerInstance) : null
    this.layers = hiddenLayers(net, { map: path, vector: instance }, imageSize, channels)
    const { map, vector } = dryRun(net, 'imageSize', imageSize, channels, (size) => runOnce(net, this.layers, size, channels))
    const { viewSize } = options
    if (viewSize?.some((side) => side !== imageSize) === true)
      dryRun(net, 'viewSize', viewSize, channels, (size) => runOnce(net, this.layers, size, channels))
    if (map.dim() !== 4) {
      throw new ArgumentError(
        worded`the hidden pixel layer '${path}' gives [${map.shape.join(', ')}], but the pixel loss needs a map [N, C, H, W]${hintOfSpatialLayer(net, path, imageSize, channels)}`,
      )
    }
    if (!isSpatial(map)) {
      const hint = hintOfSpatialLayer(net, path, imageSize, channels)
      warn(
        worded`the hidden pixel layer '${path}' gives a map of 1×1 pixel, so the pixel loss compares whole images${hint}`,
        'PIXELCL_SINGLE_PIXEL',
      )
    }
    const where = firstParameter(net)
    const { projectionSize, projectionHiddenSize } = options
    this.pixelProjector = new ConvMLP(map.shape[1]!, projectionSize, projectionHiddenSize).to(where)
    this.instanceProjector = vector === null ? null : new MLP(vector.flatten(1).shape[1]!, projectionSize, projectionHiddenSize).to(where)
  }

  override forward(images: Tensor): { pixels: Tensor; instance: Tensor | null } {
    const { map, vector } = this.layers.run(this.net, images)
    const pixels = this.pixelProjector.call(map)
    if (vector === null || this.instanceProjector === null) return { pixels, instance: null }
    const flat = vector.flatten(1)
    const expected = (this.instanceProjector.net.at(0) as nn.Linear).inFeatures
    if (flat.shape[1] !== expected) {
      throw new ArgumentError(
        worded`the hidden instance layer '${this.layers.paths.vector!}' gives ${flat.shape[1]!} numbers per image, but its projector was made for ${expected}: a spatial layer ties it to ${option('imageSize')}. Give images of that size, or choose a pooled layer such as 'avgpool'`,
      )
    }
    return { pixels, instance: this.instanceProjector.call(flat) }
  }
}

/** The layers, or where the network fails at any the reason of that. */
function hiddenLayers(net: Backbone, paths: HiddenPaths, imageSize: number, channels: number): HiddenLayers {
  try {
    return new HiddenLayers(net, paths)
  } catch (error) {
    dryRun(net, 'imageSize', imageSize, channels, (size) => runWhole(net, size, channels, () => undefined))
    throw error
  }
}

/** Runs the backbone on random images of the size that an option asks for; an error says what images it would take. */
function dryRun<T>(net: Backbone, name: 'imageSize' | 'viewSize', size: ImageSize, channels: number, run: (size: ImageSize) => T): T {
  try {
    return run(size)
  } catch (error) {
    if (error instanceof ArgumentError || !(error instanceof Error)) throw error
    throw explainedFailure(net, error, { name, size, channels }, run)
  }
}

function runWhole<T>(net: Backbone, size: ImageSize, channels: number, read: (output: unknown) => T): T {
  return torch.scope(() => {
    const images = randomImages(net, size, channels)
    return read(torch.noGrad(() => withoutTraces(net, () => (net as unknown as nn.Module).call(images))))
  })
}

/** @internal Whether the backbone takes images of this size. */
export function takes(net: Backbone, size: ImageSize, channels: number = channelsOf(net)): boolean {
  return cutsFor(net, size, channels) !== null
}

/** Where the backbone can be cut; null if it does not take images of this size. */
function cutsFor(net: Backbone, size: ImageSize, channels: number): Cuts | null {
  try {
    return runWhole(net, size, channels, (output) => cutsOf(net, output))
  } catch {
    return null
  }
}

function randomImages(net: Backbone, size: ImageSize, channels: number): Tensor {
  const { dtype, device } = firstParameter(net)
  const sides = typeof size === 'number' ? [size, size] : size
  return torch.randn([2, channels, ...sides], { dtype, device })
}

function runOnce(net: Backbone, layers: HiddenLayers, size: ImageSize, channels: number): { map: Tensor; vector: Tensor | null } {
  return torch.noGrad(() => withoutTraces(net, () => layers.run(net, randomImages(net, size, channels))))
}

/** Restores buffers and generators after a run of the backbone. */
function withoutTraces<T>(net: Backbone, run: () => T): T {
  const { device } = firstParameter(net)
  const generators = [...new Set<Device>(['cpu', device])].map((place) => torch.defaultGenerator(place))
  const states = generators.map((generator) => generator.getState())
  const buffers = net.buffers()
  const saved = buffers.map((buffer) => buffer.clone())
  try {
    return run()
  } finally {
    torch.noGrad(() => buffers.forEach((buffer, i) => buffer.copy_(saved[i]!)))
    generators.forEach((generator, i) => generator.setState(states[i]!))
  }
}

/** The device and dtype of a backbone's first parameter. */
export function firstParameter(net: Backbone): { dtype: DType; device: Device } {
  const [parameter] = net.parameters()
  if (parameter === undefined) throw new ArgumentError('the backbone has no parameters, so there is nothing to train')
  return { dtype: parameter.dtype, device: parameter.device }
}

/** A layer that gives a map [N, C, h, w]. */
export interface MapLayer {
  readonly name: string
  readonly channels: number
  /** Height and width of its map. */
  readonly map: readonly [number, number]
}

/** @internal What a layer gives for images of `imageSize`; null if that is no map. */
export function mapLayer(net: Backbone, layer: string | number, imageSize: ImageSize, channels: number = channelsOf(net)): MapLayer | null {
  const name = layerName(net, layer)
  try {
    const { map } = runOnce(net, new HiddenLayers(net, { map: name }), imageSize, channels)
    return map.dim() === 4 ? { name, channels: map.shape[1]!, map: [map.shape[2]!, map.shape[3]!] } : null
  } catch {
    // Layers that forward never calls or that return no tensor.
    return null
  }
}

function isMapLayer(net: Backbone, name: string, imageSize: number, channels: number): boolean {
  const found = mapLayer(net, name, imageSize, channels)
  return found !== null && Math.max(...found.map) > 1
}

/**
 * @internal The last layer with a map of features of at least `smallest` pixels a side; null if there is none.
 *
 * Children and the contents of containers are tried first, then all other layers.
 */
export function lastMapLayer(net: Backbone, imageSize: ImageSize, smallest: number, channels: number = channelsOf(net)): MapLayer | null {
  // A network that rejects the images has no cuts; trying its layers would run it once for each.
  const { main, inner } = cutsFor(net, imageSize, channels) ?? { main: [], inner: [] }
  for (const name of [...main, ...inner]) {
    const layer = mapLayer(net, name, imageSize, channels)
    if (layer !== null && Math.min(...layer.map) >= smallest) return layer
  }
  return null
}

/** @internal The layer itself if its map is larger than 1×1, else the last child with such a map of features; null if there is none. */
export function spatialLayer(net: Backbone, layer: string | number, imageSize: number, channels: number = channelsOf(net)): string | null {
  const own = layerName(net, layer)
  const isMap = (name: string) => isMapLayer(net, name, imageSize, channels)
  return isMap(own) ? own : (cutsFor(net, imageSize, channels)?.main.find(isMap) ?? null)
}

/** Ends a message with the last layer that has a larger map, if there is one. */
function hintOfSpatialLayer(net: Backbone, layer: string, imageSize: number, channels: number): Wording | null {
  const name = spatialLayer(net, layer, imageSize, channels)
  return name === null ? null : worded`; the last layer with a larger map is '${name}': write ${option('hiddenLayerPixel', name)}`
}
