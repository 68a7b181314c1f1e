import { option, worded, type Wording } from '../common/wording'
import { ArgumentError, type nn } from '../torch'
import { models } from '../vision'
import { buildResNet, classesIn, differencesFrom, hasClassifier, misfitOf } from '../vision/internal'
import type { Architecture, ResNet, ResNetFile } from '../vision/models'

export interface ResNetOptions {
  /** The architecture, if it is not to be inferred. */
  arch?: Architecture | undefined
  /** Which of several ResNets in a checkpoint is meant. */
  prefix?: string | undefined
  /** Default: the classes of the file. */
  numClasses?: number | undefined
  /** What to do where the file holds another ResNet than `arch`; default: to leave `arch` out. */
  remedy?: string | Wording
  say?: ((message: string) => void) | undefined
}

/**
 * Reads a ResNet from a state dict, a trainer's checkpoint or safetensors. A file without a classifier leaves the network's newly initialised.
 *
 * @throws ArgumentError for a file of no whole ResNet, or of another one, with what is missing.
 */
export function readResNet(
  path: string,
  { arch: given, prefix, numClasses, remedy, say }: ResNetOptions = {},
): { readonly net: ResNet; readonly arch: Architecture; readonly state: nn.StateDict } {
  const file = models.readResNet(path, { arch: given, prefix, say })
  const arch = architectureIn(path, file, given, remedy)
  const state = file.nearest?.state ?? file.state
  const classes = numClasses ?? classesIn(state)
  const net = buildResNet(arch, classes)
  const misfit = misfitOf(net, arch, classes, state)
  if (misfit?.kind === 'classes')
    throw new ArgumentError(worded`${path} tells ${misfit.classes} classes apart, not ${classes}: leave ${option('numClasses')} out`)
  if (misfit?.kind === 'tensors') throw new ArgumentError(`${path} does not fit ${arch}:${misfit.differences}`)
  net.loadStateDict(state, { strict: hasClassifier(state) })
  return { net, arch, state }
}

const ANOTHER = 'For another network export it in Python as TorchScript, torch.jit.script(model).save(path), and give that file'

/**
 * The architecture of a file's state dict.
 *
 * @throws ArgumentError if it is none of the ResNets, or another one than `given`.
 */
export function architectureIn(
  path: string,
  { arch: found, state, nearest }: ResNetFile,
  given?: Architecture,
  remedy: string | Wording = worded`leave ${option('arch')} out`,
): Architecture {
  if (found !== null && given !== undefined && found !== given) {
    throw new ArgumentError(worded`${path} holds the weights of a ${found}, not of a ${given}: ${remedy}`)
  }
  if (found !== null) return found
  if (given !== undefined && (nearest == null || nearest.arch === given)) return given
  if (nearest != null) {
    const place = nearest.place === '' ? '' : ` under '${nearest.place}'`
    throw new ArgumentError(
      `${path} holds no whole ResNet, but nearly a ${nearest.arch}${place}:${differencesFrom(nearest.arch, nearest.state)}\n${ANOTHER}`,
    )
  }
  const names = Object.keys(state)
  throw new ArgumentError(
    `${path} holds a state dict, but of no ResNet that is known (${models.architectures.join(', ')}): its names are ${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''}. ${ANOTHER}`,
  )
}
