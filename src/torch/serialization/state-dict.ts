import { ArgumentError, FileError } from '../../native'
import { isTensor } from '../tensor/base'
import { describe } from '../call/describe'
import { type Given, named } from '../call/named'
import { Module, type StateDict } from '../nn/module'
import { load } from './load'
import type { UnknownObject } from '../archive/pickle-values'
import { isSafetensors, load as loadSafetensors } from './safetensors'
import { withSource } from '../archive/source'
import type { MapLocation } from './storages'

export interface StateDictOptions {
  mapLocation?: MapLocation
  /** The path of the weights within the file, such as `'model_ema'` or `'teacher.backbone'`; default: searched for. */
  key?: string
  /** Receives a message about the wrapping that was removed; default: a process warning. */
  say?: (message: string) => void
}

const MAP_LOCATION = ['mapLocation'] as const

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
export function loadStateDictFile(path: string, ...given: Given<StateDictOptions, typeof MAP_LOCATION>): StateDict {
  const options = named<StateDictOptions>('loadStateDictFile', MAP_LOCATION, given, ['key', 'say'])
  if (typeof path !== 'string') throw new ArgumentError(`loadStateDictFile() takes a file's path but received ${describe(path)}`)
  const say = options.say ?? ((message: string) => process.emitWarning(message, { code: 'PIXELCL_STATE_DICT' }))
  const found = options.key === undefined ? search(readAny(path, options), path, say) : at(readAny(path, options), options.key, path)
  return withoutPrefixes(tensorsOf(found, path, say), path, say)
}

function readAny(path: string, { mapLocation }: StateDictOptions): unknown {
  if (withSource(path, isSafetensors)) return loadSafetensors(path, typeof mapLocation === 'string' ? { device: mapLocation } : {})
  return load(path, { ...(mapLocation === undefined ? {} : { mapLocation }), unknownObjects: 'keep' })
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
