import { isTensor, jit, nn, type Tensor } from '../torch'
import type { Backbone } from './backbone-input'

/** Layers whose output can be taken as features, by their names, the last first. */
export interface Cuts {
  /** The children, each container followed by its content. */
  readonly main: readonly string[]
  /** All that lies in them. */
  readonly inner: readonly string[]
}

/**
 * The layers whose output can serve as features.
 *
 * Layers of a classifier that give scores of classes are left out, and dropouts, whose input serves better.
 *
 * @param output - What the network gives for images.
 */
export function cutsOf(net: Backbone, output: unknown): Cuts {
  const scores = scoreLayers(net, output)
  const isCut = (name: string) => name !== '' && !scores.has(name) && !isDropout(net.getSubmodule(name))
  const outlined = new Set(outline(net))
  const all = [...net.namedModules()].map(([name]) => name).reverse()
  return { main: [...outlined].filter(isCut), inner: all.filter((name) => !outlined.has(name) && isCut(name)) }
}

/** Names of the children, the last first, each container followed by its content. */
function* outline(net: nn.AnyModule, prefix = ''): IterableIterator<string> {
  for (const [name, child] of [...net.namedChildren()].reverse()) {
    yield prefix + name
    if (isContainer(child)) yield* outline(child, `${prefix}${name}.`)
  }
}

/** Modules that hold others in order, of which forward may call only those. */
function isContainer(module: nn.AnyModule): boolean {
  if (module instanceof jit.ScriptModule) return /^(Sequential|ModuleList|ModuleDict)$/.test(module.originalName)
  return module instanceof nn.Sequential || module instanceof nn.ModuleList || module instanceof nn.ModuleDict
}

const DROPOUTS = [nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout] as const

function isDropout(module: nn.AnyModule): boolean {
  if (module instanceof jit.ScriptModule) return DROPOUTS.some(({ name }) => name === module.originalName)
  return DROPOUTS.some((kind) => module instanceof kind)
}

/**
 * Names of the layers that give a map of class scores, as in SqueezeNet; empty for most networks.
 *
 * A network has such a map if it gives a vector of K numbers for each image, and its last module with weights is a 1×1 convolution to K channels.
 * The layers are: the convolution and everything behind it; a module without other weights that holds it, with its content; a Sequential that ends
 * with it. Any other module may change the scores, as a residual block does by adding its input.
 */
function scoreLayers(net: Backbone, output: unknown): ReadonlySet<string> {
  const modules = new Map<string, nn.AnyModule>(net.namedModules())
  const names = [...modules.keys()]
  const weighted = names.filter((name) => hasState(modules.get(name)!))
  const last = weighted.at(-1)
  if (last === undefined || !isPointwise(modules.get(last)!, numbersIn(output))) return new Set()
  const found = new Set(names.slice(names.indexOf(last)))
  for (let name = parentOf(last); name !== ''; name = parentOf(name)) {
    const isWithin = (other: string) => other.startsWith(`${name}.`)
    const isAlone = weighted.every((other) => other === last || !(other === name || isWithin(other)))
    if (!isAlone && !isSequential(modules.get(name)!)) break
    found.add(name)
    if (isAlone) names.filter(isWithin).forEach((other) => found.add(other))
  }
  return found
}

/** Whether a module itself has parameters, or statistics such as those of a batch norm without weights. */
function hasState(module: nn.AnyModule): boolean {
  return module.parameters(false).length > 0 || module.buffers(false).length > 0
}

/** Whether a module is a 1×1 convolution to so many channels. */
function isPointwise(module: nn.AnyModule, channels: number | null): boolean {
  const weight = new Map(module.namedParameters('', false)).get('weight')
  return weight?.dim() === 4 && weight.shape[0] === channels && weight.shape[2] === 1 && weight.shape[3] === 1
}

/** The length of the vector that a network gives for each image, [N, K] or [N, K, 1, 1], first of all; null if that is none. */
function numbersIn(output: unknown): number | null {
  const first: unknown = Array.isArray(output) ? output[0] : output
  if (!isTensor(first)) return null
  const [, numbers, ...map] = (first as Tensor).shape
  return numbers !== undefined && map.every((side) => side === 1) ? numbers : null
}

function isSequential(module: nn.AnyModule): boolean {
  return module instanceof jit.ScriptModule ? module.originalName === 'Sequential' : module instanceof nn.Sequential
}

/** The name of the module that holds a module; '' for the network itself. */
function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')))
}
