import { jit, nn } from '../torch'

/** A backbone: a module of this package or a TorchScript one. */
export type Backbone = nn.AnyModule

/** The first convolution of a backbone in the order of its modules, and the channels that it takes; null if there is none. */
export function firstConvolution(net: Backbone): { path: string; channels: number } | null {
  for (const [path, module] of net.namedModules()) {
    if (module instanceof nn.Conv2d) return { path, channels: module.inChannels }
    if (!(module instanceof jit.ScriptModule)) continue
    const weight = new Map(module.ownParameters()).get('weight')
    if (weight?.dim() !== 4) continue
    // The class has the number unless it was traced; then groups of channels are unknown, which a first convolution hardly has.
    const declared = module['in_channels']
    return { path, channels: typeof declared === 'number' ? declared : weight.shape[1]! }
  }
  return null
}

/** Channels of the images that a backbone takes, as its first convolution says; 3 without one. */
export function channelsOf(net: Backbone): number {
  return firstConvolution(net)?.channels ?? 3
}
