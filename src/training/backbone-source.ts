import { existsSync, statSync } from 'node:fs'
import { nearestName } from '../common/suggestions'
import { option, worded, type Say } from '../common/wording'
import { ArgumentError, FileError, manualSeed } from '../torch'
import { models } from '../vision'
import type { Architecture } from '../vision/models'
import { loadBackbone, type BackboneOptions, type LoadedBackbone } from './backbone'

/** What the option `backbone.file` names: a file, a file on a server, or an architecture with published or random weights. */
export type BackboneSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'address'; readonly url: string }
  | { readonly kind: 'published'; readonly arch: Architecture; readonly weights: string }
  | { readonly kind: 'random'; readonly arch: Architecture }

/**
 * Reads the text of `backbone.file`: `resnet50.pt`, `https://host/encoder.pth`, `resnet50:IMAGENET1K_V2` or `resnet50`. A file of that name wins.
 *
 * @throws FileError for a file that is missing, with the names that are known.
 */
export function backboneSource(text: string): BackboneSource {
  if (/^https?:\/\//.test(text)) return { kind: 'address', url: text }
  const [name, ...rest] = text.split(':') as [string, ...string[]]
  const arch = models.architectures.find((known) => known === name)
  if (existsSync(text) && (arch === undefined || statSync(text).isFile())) return { kind: 'file', path: text }
  if (arch !== undefined) return rest.length === 0 ? { kind: 'random', arch } : { kind: 'published', arch, weights: rest.join(':') }
  if (/[./\\]/.test(text)) throw new FileError(worded`there is no file ${text}: name the backbone's file with ${option('backbone.file')}`)
  const near = nearestName(name, models.architectures)
  throw new FileError(
    `there is no file ${text}, and no network of that name${near === null ? '' : ` (did you mean '${[near, ...rest].join(':')}'?)`}: ` +
      `give a file, or one of ${models.architectures.join(', ')}, with :DEFAULT behind it for torchvision's weights`,
  )
}

/**
 * Reads a backbone from where its source says, downloading it into torch hub's folder if it is not there.
 *
 * Random weights are drawn from the seed; `say` is told so.
 *
 * @throws DownloadError if a download fails; else as `loadBackbone`.
 */
export async function openBackbone(
  source: BackboneSource,
  { seed, ...options }: BackboneOptions & { readonly seed: number },
): Promise<LoadedBackbone> {
  const { arch, prefix, say } = options
  switch (source.kind) {
    case 'file':
      return loadBackbone(source.path, options)
    case 'address':
      return loadBackbone(await models.downloadFile(source.url), options)
    case 'published':
      checkArch(source.arch, arch)
      return loadBackbone(await models.download(source.arch, source.weights), options)
    case 'random':
      checkArch(source.arch, arch)
      if (prefix !== undefined)
        throw new ArgumentError(worded`${option('prefix')} chooses among the weights of a file, and ${source.arch} is none`)
      return randomBackbone(source.arch, seed, say)
  }
}

function checkArch(named: Architecture, given: Architecture | undefined): void {
  if (given === undefined || given === named) return
  throw new ArgumentError(worded`the backbone is a ${named}, not a ${given}: leave ${option('arch')} out`)
}

function randomBackbone(arch: Architecture, seed: number, say?: Say): LoadedBackbone {
  const best = Object.keys(models.weightsOf(arch)).at(-2)!
  say?.(
    worded`${arch} begins with random weights, from seed ${seed}, as torchvision's ${arch}() does; with ${option('backbone.file', `${arch}:DEFAULT`)} it begins with torchvision's (${best})`,
  )
  manualSeed(seed)
  const net = models[arch]()
  return { net, arch, keys: Object.keys(net.stateDict()), isEval: false }
}
