import * as torch from '../torch'
import { ArgumentError, jit, nn, type Tensor } from '../torch'
import { suggestion } from '../torch/dispatch/resolve'
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
    throw new ArgumentError(`the backbone has no layer '${layer}'${suggestion(layer, names.filter(Boolean))}. Its layers: ${names.filter(Boolean).join(', ')}`)
  }
  const children = [...net.namedChildren()].map(([name]) => name)
  const name = children.at(layer)
  if (name === undefined || layer >= children.length) {
    throw new ArgumentError(`the backbone has no child ${layer}: it has ${children.length} (${children.join(', ')}), numbered from 0, or from −1 at the end`)
  }
  return name
}

/** Reads hidden layers of a backbone in one run of the whole of it. */
export class HiddenLayers {
  private readonly taps: jit.Taps | null

  constructor(
    net: Backbone,
    readonly paths: readonly string[],
  ) {
    this.taps = net instanceof jit.ScriptModule ? net.taps(paths) : null
  }

  run(net: Backbone, images: Tensor): Tensor[] {
    if (this.taps !== null) return this.taps.run(net as unknown as jit.ScriptModule, images)
    const outputs: (Tensor | undefined)[] = this.paths.map(() => undefined)
    const handles = this.paths.map((path, i) =>
      net.getSubmodule(path).registerForwardHook((_, __, output) => {
        outputs[i] = output as Tensor
      }),
    )
    try {
      ;(net as unknown as nn.Module).call(images)
    } finally {
      for (const handle of handles) handle.remove()
    }
    return outputs.map((output, i) => {
      if (!torch.isTensor(output)) throw new ArgumentError(`the hidden layer '${this.paths[i]}' ${output === undefined ? 'was never called' : 'gives no tensor'} in the backbone's forward`)
      return output
    })
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
    const { pixels, instance } = dryRun(net, this.layers, imageSize)
    const [, channels, height, width] = pixels.shape
    if (pixels.dim() !== 4) throw new ArgumentError(`the hidden pixel layer '${paths[0]}' gives [${pixels.shape.join(', ')}], but the pixel loss needs a map [N, C, H, W]; choose an earlier layer`)
    if (height === 1 && width === 1) warnOfSinglePixel(net, paths[0]!, imageSize)
    const where = { dtype: pixels.dtype, device: pixels.device }
    this.pixelProjector = new ConvMLP(channels!, options.projectionSize, options.projectionHiddenSize).to(where)
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
        `the hidden instance layer '${this.layers.paths[1]}' gives ${flat.shape[1]} numbers per image, but its projector was made for ${expected}: a spatial layer ties it to imageSize. Give images of that size, or choose a pooled layer such as 'avgpool'`,
      )
    }
    return { pixels, instance: this.instanceProjector.call(flat) }
  }
}

/** Runs random images through and leaves no trace: buffers, modes and the generator are as before. */
function dryRun(net: Backbone, layers: HiddenLayers, imageSize: number): { pixels: Tensor; instance: Tensor } {
  const parameter = net.parameters()[0]
  if (parameter === undefined) throw new ArgumentError('the backbone has no parameters, so there is nothing to train')
  const { dtype, device } = parameter
  return torch.noGrad(() => {
    const state = torch.getRngState()
    const buffers = net.buffers()
    const saved = buffers.map((buffer) => buffer.clone())
    try {
      const [pixels, instance] = layers.run(net, torch.randn([2, 3, imageSize, imageSize], { dtype, device })) as [Tensor, Tensor]
      return { pixels, instance }
    } finally {
      buffers.forEach((buffer, i) => buffer.copy_(saved[i]!))
      torch.setRngState(state)
    }
  })
}

function warnOfSinglePixel(net: Backbone, path: string, imageSize: number): void {
  const spatial = lastSpatialChild(net, imageSize)
  const hint = spatial === null ? '' : `; the last layer with more is '${spatial}': hiddenLayerPixel: '${spatial}'`
  process.emitWarning(`the hidden pixel layer '${path}' gives a map of 1×1 pixel, so the pixel loss compares whole images${hint}`, { code: 'PIXELCL_SINGLE_PIXEL' })
}

function lastSpatialChild(net: Backbone, imageSize: number): string | null {
  let last: string | null = null
  for (const [name] of net.namedChildren()) {
    try {
      const { pixels } = dryRun(net, new HiddenLayers(net, [name, name]), imageSize)
      if (pixels.dim() === 4 && (pixels.shape[2]! > 1 || pixels.shape[3]! > 1)) last = name
    } catch {
      // A child without a tensor output, or one that forward never calls, is no candidate.
    }
  }
  return last
}
