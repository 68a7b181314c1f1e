import { homedir } from 'node:os'
import { join } from 'node:path'
import { ArgumentError } from '../../torch'
import { nearestName } from '../../common/suggestions'
import { checkArchitecture, type Architecture } from './resnet'

/** The host of torchvision's weights. */
const HOST = 'https://download.pytorch.org/models'

/**
 * torchvision's published weights by torchvision's names, the best last; a file name ends in the first digits of the SHA-256.
 *
 * Source: https://docs.pytorch.org/vision/stable/models.html#table-of-all-available-classification-weights
 */
const FILES: Readonly<Record<Architecture, Readonly<Record<string, string>>>> = {
  resnet18: { IMAGENET1K_V1: 'resnet18-f37072fd.pth' },
  resnet34: { IMAGENET1K_V1: 'resnet34-b627a593.pth' },
  resnet50: { IMAGENET1K_V1: 'resnet50-0676ba61.pth', IMAGENET1K_V2: 'resnet50-11ad3fa6.pth' },
  resnet101: { IMAGENET1K_V1: 'resnet101-63fe2227.pth', IMAGENET1K_V2: 'resnet101-cd907fc2.pth' },
  resnet152: { IMAGENET1K_V1: 'resnet152-394f9c45.pth', IMAGENET1K_V2: 'resnet152-f82ba261.pth' },
  resnext50_32x4d: { IMAGENET1K_V1: 'resnext50_32x4d-7cdf4587.pth', IMAGENET1K_V2: 'resnext50_32x4d-1a0047aa.pth' },
  resnext101_32x8d: { IMAGENET1K_V1: 'resnext101_32x8d-8ba56ff5.pth', IMAGENET1K_V2: 'resnext101_32x8d-110c445d.pth' },
  resnext101_64x4d: { IMAGENET1K_V1: 'resnext101_64x4d-173b62eb.pth' },
  wide_resnet50_2: { IMAGENET1K_V1: 'wide_resnet50_2-95faca4d.pth', IMAGENET1K_V2: 'wide_resnet50_2-9ba9bcbe.pth' },
  wide_resnet101_2: { IMAGENET1K_V1: 'wide_resnet101_2-32ee1156.pth', IMAGENET1K_V2: 'wide_resnet101_2-d733dc28.pth' },
}

/**
 * The published weights of an architecture: URLs by name; `DEFAULT` is the best.
 *
 * @throws ArgumentError for an unknown architecture.
 * @example
 * Object.keys(models.weightsOf('resnet50')) // ['IMAGENET1K_V1', 'IMAGENET1K_V2', 'DEFAULT']
 */
export function weightsOf(arch: Architecture): Record<string, string> {
  const urls = Object.fromEntries(Object.entries(FILES[checkArchitecture(arch)]).map(([name, file]) => [name, `${HOST}/${file}`]))
  return { ...urls, DEFAULT: Object.values(urls).at(-1)! }
}

/** @internal The URL of weights by name, at the host or at a mirror of its folder. */
export function urlOf(arch: Architecture, name: string, mirror: string = HOST): string {
  const known = weightsOf(arch)
  const url = Object.hasOwn(known, name) ? known[name] : undefined
  if (url === undefined)
    throw new ArgumentError(`${arch} has no published weights '${name}'${meantBy(name, known)}: it has ${Object.keys(known).join(', ')}`)
  return mirror.replace(/\/+$/, '') + url.slice(HOST.length)
}

/** @internal The error for what is neither a file nor the name of an architecture's weights. */
export function unknownWeights(arch: Architecture, text: string): ArgumentError {
  const known = weightsOf(arch)
  return new ArgumentError(
    `there is no file '${text}', and ${arch} has no published weights of that name${meantBy(text, known)}: expected a path or one of ${Object.keys(known).join(', ')}`,
  )
}

/** A hint at the nearest name of weights; among equally near ones, at the best weights, which are last in `known`. */
function meantBy(name: string, known: Readonly<Record<string, string>>): string {
  const near = nearestName(name, Object.keys(known).reverse())
  return near === null ? '' : ` (did you mean '${near}'?)`
}

/**
 * The folder in which torch hub keeps weights: `$TORCH_HOME/hub/checkpoints`, else `torch/hub/checkpoints` in `$XDG_CACHE_HOME` or `~/.cache`.
 *
 * @see https://docs.pytorch.org/docs/stable/hub.html#where-are-my-downloaded-models-saved
 */
export function cacheFolder(): string {
  const home = process.env['TORCH_HOME']?.replace(/^~(?=\/|$)/, homedir())
  return join(home || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'torch'), 'hub', 'checkpoints')
}

/** @internal The last part of a URL, which is the file's name in the cache. */
export function fileNameOf(url: string): string {
  const name = decodeURIComponent(new URL(url).pathname.split('/').at(-1)!)
  if (name === '' || /[/\\\0]/.test(name)) throw new ArgumentError(`${url} names no file`)
  return name
}
