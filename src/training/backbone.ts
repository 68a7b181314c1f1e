import { option, worded, type Say } from '../common/wording'
import { ArgumentError, jit, save, type nn } from '../torch'
import { isTorchScriptFile } from '../torch/internal'
import type { Backbone } from '../pixelcl'
import { models } from '../vision'
import type { Architecture } from '../vision/models'

/** A backbone read from a file, with what is needed to write it in the same form. */
export interface LoadedBackbone {
  readonly net: Backbone
  /** The ResNet whose state dict was read; null for a TorchScript file. */
  readonly arch: Architecture | null
  /** The keys of the state dict, in order; empty for a TorchScript file. */
  readonly keys: readonly string[]
  /** Whether the file was in eval mode; the written file is, too. */
  readonly isEval: boolean
}

export interface BackboneOptions {
  /** The architecture of a state dict; default: inferred from its keys. */
  arch?: Architecture | undefined
  /** Which of several ResNets in a checkpoint is meant: the path to it, keys of dicts and parts of names. */
  prefix?: string | undefined
  /** Receives messages for the user, such as where in a checkpoint the weights were found. */
  say?: Say
}

/**
 * Reads a backbone from a TorchScript file, or from a ResNet's state dict, which may be inside a trainer's checkpoint or a safetensors file.
 *
 * @throws FileError for a file that is missing, damaged or of another format; JitError or ArgumentError for a backbone that cannot be trained.
 */
export function loadBackbone(path: string, options: BackboneOptions = {}): LoadedBackbone {
  const backbone = isTorchScriptFile(path) ? loadScript(path, options) : loadResNet(path, options)
  if (backbone.net.parameters().some(({ dtype }) => dtype === 'float16')) {
    throw new ArgumentError(
      `${path} has weights of float16, in which an optimizer's small numbers vanish: export it in float32, model.float(), and call half() on what comes back`,
    )
  }
  if (backbone.net.training || isFrozen(backbone.net)) return backbone
  options.say?.(`${path} was exported in eval mode: its batch norms are trained like all else, and the new file is in eval mode again`)
  backbone.net.train()
  return { ...backbone, isEval: true }
}

/** Whether the network was traced in eval mode; the learner rejects that with an explanation. */
function isFrozen(net: Backbone): boolean {
  return net instanceof jit.ScriptModule && net.frozenBatchNorms().length > 0
}

function loadScript(path: string, { arch, prefix, say }: BackboneOptions): LoadedBackbone {
  for (const [name, value] of Object.entries({ arch, prefix }))
    if (value !== undefined) say?.(worded`${path} is TorchScript, which needs no ${option(name)}: it is left aside`)
  return { net: jit.load(path), arch: null, keys: [], isEval: false }
}

function loadResNet(path: string, { arch: given, prefix, say }: BackboneOptions): LoadedBackbone {
  const said: string[] = []
  const { state } = models.readResNet(path, { arch: given, prefix, say: (message) => said.push(message) })
  if (!hasHead(state)) {
    // One line tells all that is not there.
    const last = said.pop()
    said.push(`${last === undefined ? path : `${last}; it`} has no classifier 'fc', which is not needed here, and neither has the new file`)
  }
  for (const line of said) say?.(line)
  const arch = architectureIn(path, state, given)
  const make = models[arch]
  // The forward needs a classifier, so add one; saveBackbone omits it again.
  const head = hasHead(state) ? {} : headOf(make())
  return { net: make({ weights: { ...state, ...head }, numClasses: classesIn(state) }), arch, keys: Object.keys(state), isEval: false }
}

/**
 * The architecture of a file's state dict.
 *
 * @throws ArgumentError if it is none of the ResNets, or another one than `given`.
 */
export function architectureIn(path: string, state: Readonly<nn.StateDict>, given?: Architecture): Architecture {
  const found = models.architectureOf(state)
  if (found !== null && given !== undefined && found !== given) {
    throw new ArgumentError(worded`${path} holds the weights of a ${found}, not of a ${given}: leave ${option('arch')} out`)
  }
  const arch = found ?? given
  if (arch !== undefined) return arch
  const names = Object.keys(state)
  throw new ArgumentError(
    `${path} holds a state dict, but of no ResNet that is known (${models.architectures.join(', ')}): its names are ${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''}. ` +
      'Export the network in Python as TorchScript, torch.jit.script(model).save(path), and give that file',
  )
}

/** Number of classes of a ResNet's state dict; 1000, torchvision's default, if it has no classifier. */
export function classesIn(state: Readonly<nn.StateDict>): number {
  return state['fc.weight']?.shape[0] ?? 1000
}

export function hasHead(state: Readonly<nn.StateDict>): boolean {
  return 'fc.weight' in state || 'fc.bias' in state
}

function headOf(net: nn.AnyModule): nn.StateDict {
  return Object.fromEntries(Object.entries(net.stateDict()).filter(([name]) => name.startsWith('fc.')))
}

/** Writes a backbone in the form in which it was read: TorchScript in its original mode, or a state dict with the same keys; always on the CPU. */
export function saveBackbone({ net, keys, isEval }: LoadedBackbone, path: string): void {
  const isOnCpu = [...net.parameters(), ...net.buffers()].every((tensor) => tensor.device === 'cpu')
  const saved = isOnCpu && !isEval ? net : net.deepcopy().to('cpu')
  if (isEval) saved.eval()
  if (saved instanceof jit.ScriptModule) return jit.save(saved, path)
  const state = saved.stateDict()
  const known = new Set(keys)
  save(Object.fromEntries(Object.entries(state).filter(([name]) => known.has(name) || !name.startsWith('fc.'))), path)
}
