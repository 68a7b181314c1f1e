import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ArgumentError, isTensor, loadStateDictFile, nn, type Tensor } from '../../torch'
import { cacheFolder, fileNameOf, urlOf, weightsOf } from './catalog'
import { architectureOf, type Architecture, type ResNet } from './resnet'

/** A file's path, the name of cached weights such as `'IMAGENET1K_V2'`, a state dict, or a module that has one. */
export type Weights = string | Readonly<nn.StateDict> | nn.AnyModule

/** Maximum number of names per kind in an error. */
const LISTED = 5

/**
 * Copies weights into a ResNet. Weights without a classifier are taken with a warning, and leave it as it is.
 *
 * @throws ArgumentError if they do not fit: names the architecture or number of classes that would, else what is missing, unexpected or of another shape.
 */
export function loadWeights(net: ResNet, arch: Architecture, numClasses: number, weights: Weights): void {
  const { state, source } = typeof weights === 'string' ? readWeights(arch, weights) : { state: stateOf(weights), source: 'the state dict' }
  const misfit = misfitOf(net, arch, numClasses, state)
  if (misfit !== null) throw new ArgumentError(`${source} does not fit ${arch}:${misfit}`)
  const isHeadless = !Object.keys(state).some((name) => name.startsWith('fc.'))
  if (isHeadless)
    process.emitWarning(`${source} has no classifier 'fc': the network's is newly initialised`, { code: 'PIXELCL_STATE_DICT' })
  net.loadStateDict(state, { strict: !isHeadless })
}

function readWeights(arch: Architecture, weights: string): { state: nn.StateDict; source: string } {
  const path = pathOf(arch, weights)
  return { state: loadStateDictFile(path), source: path }
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

function stateOf(weights: Exclude<Weights, string>): Readonly<nn.StateDict> {
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
  return [...lists, prefixHint(state)]
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

function prefixHint(state: Readonly<Record<string, Tensor>>): string | null {
  const stem = Object.keys(state).find((key) => key.endsWith('.layer1.0.conv1.weight'))
  if (stem === undefined) return null
  const prefix = stem.slice(0, -'layer1.0.conv1.weight'.length)
  return `its names begin with '${prefix}': take that off and leave the others out, then give the state dict as weights`
}
