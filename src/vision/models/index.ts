import { ArgumentError } from '../../torch'
import { describe } from '../../common/describe'
import { suggestion } from '../../common/suggestions'
import { buildResNet, type Architecture, type ResNet } from './resnet'
import { loadWeights, type Weights } from './weights'

export { BasicBlock, Bottleneck, ResNet, architectureOf, architectures, type Architecture } from './resnet'
export { cacheFolder, weightsOf } from './catalog'
export { DownloadError, download, downloadFile, type DownloadOptions, type DownloadProgress } from './download'
export { readResNet, type ResNetFile, type ResNetFileOptions, type Weights } from './weights'

export interface ModelOptions {
  /** A file (TorchScript, state dict, checkpoint, safetensors), the name of cached weights, or a state dict; default: PyTorch's initialisation. */
  weights?: Weights | null
  /** Which of several ResNets in the weights is meant: the path to it, keys of dicts and parts of names, as `'module.encoder_k'`; default: the one that fits. */
  prefix?: string | null
  /** Outputs of the classifier; default 1000. */
  numClasses?: number
}

/** Unsupported option names of torchvision, and what to write instead. */
const FORMER: Readonly<Record<string, string>> = {
  pretrained: "write weights: 'DEFAULT' after await models.download(…)",
  num_classes: 'write numClasses',
}

const OPTIONS: readonly string[] = ['weights', 'numClasses', 'prefix']

function maker(arch: Architecture): (options?: ModelOptions) => ResNet {
  return (options = {}) => {
    if (typeof options !== 'object' || options === null) {
      throw new ArgumentError(`${arch}() takes { ${OPTIONS.join(', ')} } but received ${describe(options)}`)
    }
    for (const key of Object.keys(options)) {
      if (OPTIONS.includes(key)) continue
      const former = Object.hasOwn(FORMER, key) ? `: ${FORMER[key]}` : suggestion(key, OPTIONS)
      throw new ArgumentError(`${arch}(): unknown option '${key}'${former}`)
    }
    const { weights = null, numClasses = 1000, prefix = null } = options
    if (!Number.isSafeInteger(numClasses) || numClasses < 1)
      throw new ArgumentError(`${arch}(): numClasses must be a whole number above 0 but is ${String(numClasses)}`)
    if (prefix !== null && (typeof prefix !== 'string' || weights === null))
      throw new ArgumentError(
        `${arch}(): prefix chooses a ResNet in weights: expected a text, and weights, but received ${describe(prefix)}`,
      )
    const net = buildResNet(arch, numClasses)
    if (weights !== null) loadWeights(net, arch, numClasses, weights, prefix)
    return net
  }
}

/**
 * ResNet-18, with torchvision's names and initialisation, in training mode: images [N, 3, H, W] to logits [N, numClasses].
 *
 * @see https://docs.pytorch.org/vision/stable/models/generated/torchvision.models.resnet18.html
 * @example
 * models.resnet18({ numClasses: 10 }).call(torch.rand([2, 3, 32, 32])).shape // [2, 10]
 */
export const resnet18 = maker('resnet18')

/** ResNet-34, as `resnet18`. */
export const resnet34 = maker('resnet34')

/**
 * ResNet-50, with torchvision's names and initialisation, in training mode: images [N, 3, H, W] to logits [N, numClasses].
 *
 * Weights may lie within the checkpoint of a self-supervised learner (MoCo, DINO, BYOL, PixPro, Lightning, …): see `readResNet`.
 *
 * @throws ArgumentError for weights that do not fit, naming the architecture that would; FileError for a file that cannot be read.
 * @see https://docs.pytorch.org/vision/stable/models/generated/torchvision.models.resnet50.html
 * @example
 * torch.save(models.resnet50({ numClasses: 2 }).stateDict(), 'resnet50.pth')
 * const resnet = models.resnet50({ weights: 'resnet50.pth', numClasses: 2 })
 */
export const resnet50 = maker('resnet50')

/** ResNet-101, as `resnet50`. */
export const resnet101 = maker('resnet101')

/** ResNet-152, as `resnet50`. */
export const resnet152 = maker('resnet152')

/**
 * ResNeXt-50 of 32 groups of 4 channels, with torchvision's names and initialisation, in training mode: images [N, 3, H, W] to logits [N, numClasses].
 *
 * @see https://docs.pytorch.org/vision/stable/models/generated/torchvision.models.resnext50_32x4d.html
 * @example
 * models.resnext50_32x4d({ numClasses: 10 }).call(torch.rand([2, 3, 32, 32])).shape // [2, 10]
 */
export const resnext50_32x4d = maker('resnext50_32x4d')

/** ResNeXt-101 of 32 groups of 8 channels, as `resnext50_32x4d`. */
export const resnext101_32x8d = maker('resnext101_32x8d')

/** ResNeXt-101 of 64 groups of 4 channels, as `resnext50_32x4d`. */
export const resnext101_64x4d = maker('resnext101_64x4d')

/**
 * Wide ResNet-50, twice as wide inside its blocks as `resnet50`, with torchvision's names: images [N, 3, H, W] to logits [N, numClasses].
 *
 * @see https://docs.pytorch.org/vision/stable/models/generated/torchvision.models.wide_resnet50_2.html
 * @example
 * models.wide_resnet50_2({ numClasses: 10 }).call(torch.rand([2, 3, 32, 32])).shape // [2, 10]
 */
export const wide_resnet50_2 = maker('wide_resnet50_2')

/** Wide ResNet-101, as `wide_resnet50_2`. */
export const wide_resnet101_2 = maker('wide_resnet101_2')
