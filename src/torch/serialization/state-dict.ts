import { declared, read } from '../call/declared'
import type { StateDict } from '../nn/module'
import { stateIn } from './checkpoint'
import { isProgram, load } from './load'
import { readProgramState } from './program-state'
import { load as loadSafetensors } from './safetensors'
import { isSafetensors } from './safetensors-header'
import { withSource } from '../archive/source'
import { isZip, ZipReader } from '../archive/zip-reader'
import { deviceFor, type MapLocation } from './storages'

export interface StateDictOptions {
  /** The device of the tensors; default: the CPU, wherever they were saved. */
  mapLocation?: MapLocation | null | undefined
  /** The path of the weights within the file, keys of dicts and the prefix of names: `'model_ema'`, `'teacher.backbone'`; default: searched for. */
  key?: string | null | undefined
  /** Receives a message about the wrapping that was removed; default: a process warning. */
  say?: ((message: string) => void) | null | undefined
}

interface StateDictArguments {
  readonly path: string
  readonly mapLocation: MapLocation | null
  readonly key: string | null
  readonly say: ((message: string) => void) | null
}

const LOAD = declared<StateDictArguments>('loadStateDictFile', 'path:s', 'map_location:*=null', '*', 'key:s?=null', 'say:c?=null')

/**
 * Reads the weights of a model from a state dict, a checkpoint that contains one, safetensors or TorchScript; nothing of the file is run.
 *
 * A wrapping such as `{ state_dict, epoch }` and the prefix `module.` of DataParallel are removed, and `say` receives a message about it.
 *
 * @throws FileError that lists the file's content if it has no state dict; ArgumentError for unknown options.
 * @example
 * torch.save({ state_dict: { 'module.weight': torch.ones([2]) }, epoch: 1 }, '/tmp/checkpoint.pth')
 * torch.loadStateDictFile('/tmp/checkpoint.pth', { say: () => {} }) // { weight: tensor([1., 1.]) }
 */
export function loadStateDictFile(path: string, mapLocation?: MapLocation | null, options?: StateDictOptions): StateDict
export function loadStateDictFile(path: string, options: StateDictOptions): StateDict
export function loadStateDictFile(...given: unknown[]): StateDict {
  const { path, mapLocation, key, say: told } = read(LOAD, given)
  const say = told ?? ((message: string) => process.emitWarning(message, { code: 'PIXELCL_STATE_DICT' }))
  return stateIn(readContent(path, mapLocation), key, path, say)
}

/** @internal The content of a file of weights: of safetensors and TorchScript the state dict, else what was saved, with unknown objects kept. */
export function readContent(path: string, mapLocation: MapLocation | null = null): unknown {
  const found = withSource(path, (source) => {
    if (isSafetensors(source)) return 'safetensors'
    const zip = isZip(source) ? new ZipReader(source) : null
    return zip !== null && isProgram(zip) ? readProgramState(zip, (location) => deviceFor(location, mapLocation)) : null
  })
  if (found === 'safetensors') return loadSafetensors(path, typeof mapLocation === 'string' ? { device: mapLocation } : {})
  return found ?? load(path, { mapLocation, unknownObjects: 'keep' })
}
