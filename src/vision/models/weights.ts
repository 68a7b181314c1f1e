import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ArgumentError, isTensor, nn } from '../../torch'
import { readContent, stateIn } from '../../torch/internal'
import { cacheFolder, fileNameOf, unknownWeights, urlOf, weightsOf } from './catalog'
import { hasClassifier, misfitOf, type Misfit } from './misfit'
import type { Architecture, ResNet } from './resnet'
import { nearestIn, resNetIn, type NearResNet, type WantedResNet } from './subtree'

/** A file's path, the name of cached weights such as `'IMAGENET1K_V2'`, a state dict, or a module that has one. */
export type Weights = string | Readonly<nn.StateDict> | nn.AnyModule

export interface ResNetFileOptions extends WantedResNet {
  /** Receives a message about what was taken and what was left out; default: a process warning. */
  say?: ((message: string) => void) | undefined
}

/** The weights in a file, and the architecture that has their names and shapes; null if no ResNet has. */
export interface ResNetFile {
  readonly arch: Architecture | null
  readonly state: nn.StateDict
  /** If `arch` is null: the part of the file that has most of a ResNet's blocks. */
  readonly nearest?: NearResNet | null
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
  return (
    resNetIn(content, path, wanted, say) ?? { arch: null, state: stateIn(content, null, path, say), nearest: nearestIn(content, wanted) }
  )
}

/**
 * Copies weights into a ResNet. Weights without a classifier are taken with a warning, and leave it as it is.
 *
 * @throws ArgumentError if they do not fit: names the architecture or number of classes that would, else what is missing, unexpected or of another shape.
 */
export function loadWeights(net: ResNet, arch: Architecture, numClasses: number, weights: Weights, prefix: string | null): void {
  const wanted = { arch, prefix }
  const source = typeof weights === 'string' ? pathOf(arch, weights) : 'the state dict'
  const file = typeof weights === 'string' ? readResNet(source, wanted) : givenState(weights, source, wanted)
  const state = file.nearest?.state ?? file.state
  const misfit = misfitOf(net, arch, numClasses, state)
  if (misfit !== null) throw new ArgumentError(`${source} does not fit ${arch}:${remedyOf(misfit, arch, numClasses)}`)
  if (!hasClassifier(state)) warn(`${source} has no classifier 'fc': the network's is newly initialised`)
  net.loadStateDict(state, { strict: hasClassifier(state) })
}

function givenState(weights: Exclude<Weights, string>, source: string, wanted: WantedResNet): ResNetFile {
  const state = stateOf(weights)
  return resNetIn(state, source, wanted, warn) ?? { arch: null, state, nearest: nearestIn(state, wanted) }
}

function remedyOf(misfit: Misfit, arch: Architecture, numClasses: number): string {
  switch (misfit.kind) {
    case 'architecture':
      return ` it holds the weights of a ${misfit.arch}: write models.${misfit.arch}(…)`
    case 'classes':
      return ` it tells ${misfit.classes} classes apart, not ${numClasses}: write models.${arch}({ weights, numClasses: ${misfit.classes} })`
    case 'tensors':
      return misfit.differences
  }
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
  throw unknownWeights(arch, weights)
}

function stateOf(weights: Exclude<Weights, string>): nn.StateDict {
  if (weights instanceof nn.Module) return (weights as nn.AnyModule).stateDict()
  if (typeof weights !== 'object' || weights === null || !Object.values(weights).every(isTensor)) {
    throw new ArgumentError('weights must be the path of a file, the name of published weights, or a state dict: tensors by name')
  }
  return weights
}
