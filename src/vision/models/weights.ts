import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ArgumentError, isTensor, nn } from '../../torch'
import { readContent, stateIn } from '../../torch/internal'
import { cacheFolder, fileNameOf, urlOf, weightsOf } from './catalog'
import { architectureOf, type Architecture, type ResNet } from './resnet'
import { resNetIn, type WantedResNet } from './subtree'

/** A file's path, the name of cached weights such as `'IMAGENET1K_V2'`, a state dict, or a module that has one. */
export type Weights = string | Readonly<nn.StateDict> | nn.AnyModule

/** Maximum number of names per kind in an error. */
const LISTED = 5

export interface ResNetFileOptions extends WantedResNet {
  /** Receives a message about what was taken and what was left out; default: a process warning. */
  say?: ((message: string) => void) | undefined
}

/** The weights in a file, and the architecture that has their names and shapes; null if no ResNet has. */
export interface ResNetFile {
  readonly arch: Architecture | null
  readonly state: nn.StateDict
}

const warn = (message: string) => process.emitWarning(message, { code: 'PIXELCL_STATE_DICT' })

/**
 * Reads the weights of a ResNet from a state dict, safetensors, TorchScript or the checkpoint of a trainer; nothing of the file is run.
 *
 * The one part of a checkpoint that is a ResNet is taken: `module.encoder_q.` of MoCo's, `teacher.backbone.` of DINO's. Names of detectron2, of
 * Hugging Face transformers and of a Sequential become torchvision's. A moving average yields to its original, a student to its teacher.
 *
 * @throws FileError for a file that cannot be read or holds no weights; ArgumentError that lists the ResNets if several fit, or none fits `prefix`.
 * @example
 * const state = models.resnet18().stateDict()
 * const learner = Object.entries(state).map(([name, tensor]) => [`encoder_q.${name}`, tensor])
 * torch.save({ epoch: 9, state_dict: Object.fromEntries(learner) }, '/tmp/moco.pth')
 * models.readResNet('/tmp/moco.pth', { say: () => {} }).arch // 'resnet18'
 */
export function readResNet(path: string, { say = warn, ...wanted }: ResNetFileOptions = {}): ResNetFile {
  const content = readContent(path)
  return resNetIn(content, path, wanted, say) ?? { arch: null, state: stateIn(content, null, path, say) }
}

/**
 * Copies weights into a ResNet. Weights without a classifier are taken with a warning, and leave it as it is.
 *
 * @throws ArgumentError if they do not fit: names the architecture or number of classes that would, else what is missing, unexpected or of another shape.
 */
export function loadWeights(net: ResNet, arch: Architecture, numClasses: number, weights: Weights, prefix: string | null): void {
  const wanted = { arch, prefix }
  const source = typeof weights === 'string' ? pathOf(arch, weights) : 'the state dict'
  const { state } = typeof weights === 'string' ? readResNet(source, wanted) : givenState(weights, source, wanted)
  const misfit = misfitOf(net, arch, numClasses, state)
  if (misfit !== null) throw new ArgumentError(`${source} does not fit ${arch}:${misfit}`)
  const isHeadless = !Object.keys(state).some((name) => name.startsWith('fc.'))
  if (isHeadless) warn(`${source} has no classifier 'fc': the network's is newly initialised`)
  net.loadStateDict(state, { strict: !isHeadless })
}

function givenState(weights: Exclude<Weights, string>, source: string, wanted: WantedResNet): ResNetFile {
  const state = stateOf(weights)
  return resNetIn(state, source, wanted, warn) ?? { arch: null, state }
}

/** The path itself, or the path of cached weights given by name. */
function pathOf(arch: Architecture, weights: string): string {
  const known = weightsOf(arch)
  if (Object.hasOwn(known, weights)) {
    const path = join(cacheFolder(), fileNameOf(urlOf(arch, weights)))
    if (existsSync(path)) return path
    throw new ArgumentError(
      `${weights} of ${arch} is not in the cache (${path}): fetch it once with await models.download('${arch}', '${weights}')`,
    )
  }
  if (existsSync(weights)) return weights
  if (/^https?:/.test(weights)) {
    throw new ArgumentError(
      `weights are read from a file: const path = await models.downloadFile('${weights}'), then models.${arch}({ weights: path })`,
    )
  }
  const names = Object.keys(known).join(', ')
  throw new ArgumentError(
    `there is no file '${weights}', and ${arch} has no published weights of that name: expected a path or one of ${names}`,
  )
}

function stateOf(weights: Exclude<Weights, string>): nn.StateDict {
  if (weights instanceof nn.Module) return (weights as nn.AnyModule).stateDict()
  if (typeof weights !== 'object' || weights === null || !Object.values(weights).every(isTensor)) {
    throw new ArgumentError('weights must be the path of a file, the name of published weights, or a state dict: tensors by name')
  }
  return weights
}

/** Why a state does not fit, and what to do; null if it fits. */
function misfitOf(net: ResNet, arch: Architecture, numClasses: number, state: Readonly<nn.StateDict>): string | null {
  const fitting = architectureOf(state)
  if (fitting !== null && fitting !== arch) return ` it holds the weights of a ${fitting}: write models.${fitting}(…)`
  const { missingKeys: missing, unexpectedKeys, mismatches } = net.compareState(state)
  const missingKeys = missing.join() === 'fc.weight,fc.bias' ? [] : missing
  const classes = state['fc.weight']?.shape[0]
  if (missingKeys.length + unexpectedKeys.length === 0 && mismatches.every(({ key }) => key.startsWith('fc.'))) {
    if (mismatches.length === 0) return null
    return ` it tells ${classes} classes apart, not ${numClasses}: write models.${arch}({ weights, numClasses: ${classes} })`
  }
  const lists = [
    listed('missing', missingKeys),
    listed('unexpected', unexpectedKeys),
    listed('other shapes', mismatches.map(describeMismatch)),
  ]
  return lists
    .filter((line) => line !== null)
    .join('\n  ')
    .replace(/^/, '\n  ')
}

function describeMismatch({ key, given, expected }: nn.ShapeMismatch): string {
  return `${key} ([${given.join(', ')}] in place of [${expected.join(', ')}])`
}

function listed(what: string, names: readonly string[]): string | null {
  if (names.length === 0) return null
  return `${what}: ${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? ` and ${names.length - LISTED} more` : ''}`
}
