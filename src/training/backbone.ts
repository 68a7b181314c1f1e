import { option, worded, type Say } from '../common/wording'
import { ArgumentError, jit, save } from '../torch'
import { isTorchScriptFile } from '../torch/internal'
import type { Backbone } from '../pixelcl'
import { hasClassifier } from '../vision/internal'
import type { Architecture } from '../vision/models'
import { readResNet } from './resnet-file'

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
  const { net, arch, state } = readResNet(path, { arch: given, prefix, say: (message) => said.push(message) })
  if (!hasClassifier(state)) {
    // One line tells all that is not there.
    const last = said.pop()
    said.push(`${last === undefined ? path : `${last}; it`} has no classifier 'fc', which is not needed here, and neither has the new file`)
  }
  for (const line of said) say?.(line)
  return { net, arch, keys: Object.keys(state), isEval: false }
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
