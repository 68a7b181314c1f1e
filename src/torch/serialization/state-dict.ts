import { FileError } from '../../native'
import { isTensor } from '../tensor/base'
import { declared, read } from '../call/declared'
import { Module, type StateDict } from '../nn/module'
import { load } from './load'
import type { UnknownObject } from '../archive/pickle-values'
import { isSafetensors, load as loadSafetensors } from './safetensors'
import { withSource } from '../archive/source'
import type { MapLocation } from './storages'

export interface StateDictOptions {
  /** The device of the tensors; default: the CPU, wherever they were saved. */
  mapLocation?: MapLocation | null | undefined
  /** The path of the weights within the file, such as `'model_ema'` or `'teacher.backbone'`; default: searched for. */
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

/** Keys under which training scripts store weights, most likely first. */
const usualKeys = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'module',
  'net',
  'network',
  'backbone',
  'encoder',
  'weights',
  'params',
  'state',
  'student',
  'teacher',
]
/** Prefixes that wrappers add to every name: DataParallel and DistributedDataParallel, torch.compile, averaged models. */
const wrapperPrefixes = ['module.', '_orig_mod.']

/**
 * Reads the weights of a model from a state dict, a checkpoint that contains one, safetensors or TorchScript.
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
  const content = readAny(path, mapLocation)
  const found = key === null ? search(content, path, say) : at(content, key, path)
  return withoutPrefixes(tensorsOf(found, path, say), path, say)
}

function readAny(path: string, mapLocation: MapLocation | null): unknown {
  if (withSource(path, isSafetensors)) return loadSafetensors(path, typeof mapLocation === 'string' ? { device: mapLocation } : {})
  return load(path, { mapLocation, unknownObjects: 'keep' })
}

function search(value: unknown, path: string, say: (message: string) => void): unknown {
  const trail: string[] = []
  let current = value
  while (!looksLikeState(current)) {
    const record = recordOf(current)
    const key = usualKeys.find((name) => record !== null && holdsState(record[name])) ?? onlyStateOf(record)
    if (record === null || key === undefined)
      throw new FileError(`${path} holds no state dict: ${contents(current)}. In Python, save model.state_dict()`)
    trail.push(key)
    current = record[key]
  }
  if (trail.length > 0) say(`${path} is a checkpoint: its weights are taken from '${trail.join('.')}'`)
  return current
}

function at(value: unknown, key: string, path: string): unknown {
  let current = value
  for (const name of key.split('.')) {
    const record = recordOf(current)
    if (record === null || !(name in record)) throw new FileError(`${path} has nothing at '${key}': ${contents(current)}`)
    current = record[name]
  }
  if (!looksLikeState(current)) throw new FileError(`${path} has no state dict at '${key}': ${contents(current)}`)
  return current
}

/** Whether a value is a dict with at least one tensor and no nested dict of tensors. */
function looksLikeState(value: unknown): boolean {
  if (value instanceof Module) return true
  const record = recordOf(value)
  return record !== null && Object.values(record).some(isTensor) && !usualKeys.some((key) => holdsState(record[key]))
}

function holdsState(value: unknown): boolean {
  if (value instanceof Module) return true
  const record = recordOf(value)
  return (
    record !== null &&
    (Object.values(record).some(isTensor) || usualKeys.some((key) => recordOf(record[key]) !== null && holdsState(record[key])))
  )
}

/** The key of the only dict of tensors in a checkpoint with other keys than the usual ones. */
function onlyStateOf(record: Record<string, unknown> | null): string | undefined {
  const keys = Object.keys(record ?? {}).filter((key) => holdsState(record![key]))
  return keys.length === 1 ? keys[0] : undefined
}

function recordOf(value: unknown): Record<string, unknown> | null {
  if (
    typeof value !== 'object' ||
    value === null ||
    isTensor(value) ||
    Array.isArray(value) ||
    value instanceof Map ||
    value instanceof Module
  )
    return null
  return 'className' in value && 'entries' in value ? null : (value as Record<string, unknown>)
}

function contents(value: unknown): string {
  if (isTensor(value)) return 'it holds a single tensor'
  const record = recordOf(value)
  if (record === null)
    return `it holds ${(value as UnknownObject | null)?.className ?? (Array.isArray(value) ? 'a list' : `a ${typeof value}`)}`
  const keys = Object.keys(record)
  return `it holds the keys ${keys
    .slice(0, 20)
    .map((key) => `'${key}'`)
    .join(', ')}${keys.length > 20 ? ` and ${keys.length - 20} more` : ''}`
}

function tensorsOf(value: unknown, path: string, say: (message: string) => void): StateDict {
  if (value instanceof Module) return value.stateDict()
  const record = recordOf(value)!
  const others = Object.keys(record).filter((key) => !isTensor(record[key]))
  if (others.length > 0)
    say(`${path}: ${others.slice(0, 5).join(', ')}${others.length > 5 ? ` and ${others.length - 5} more` : ''} are no tensors and left out`)
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, StateDict[string]] => isTensor(entry[1])))
}

function withoutPrefixes(state: StateDict, path: string, say: (message: string) => void): StateDict {
  for (const prefix of wrapperPrefixes) {
    const keys = Object.keys(state)
    if (keys.length === 0 || !keys.every((key) => key.startsWith(prefix) || key === 'n_averaged')) continue
    say(`${path}: the prefix '${prefix}' of a wrapped model is taken off every name`)
    const bare = Object.entries(state).filter(([key]) => key.startsWith(prefix))
    return withoutPrefixes(Object.fromEntries(bare.map(([key, tensor]) => [key.slice(prefix.length), tensor])), path, say)
  }
  return state
}
