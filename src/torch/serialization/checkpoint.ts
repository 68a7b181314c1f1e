import { FileError } from '../../native'
import { isTensor } from '../tensor/base'
import type { StateDict } from '../nn/module'
import type { UnknownObject } from '../archive/pickle-values'

/** Keys under which training scripts store weights, most likely first; models/checkpoint.py has the same. */
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
  'teacher',
  'student',
]
/** Prefixes that wrappers add to every name: DataParallel and DistributedDataParallel, torch.compile, averaged models. */
const wrapperPrefixes = ['module.', '_orig_mod.']

type Say = (message: string) => void
type Entries = Readonly<Record<string, unknown>>

/**
 * @internal The state dict in the content of a file: the content itself, a dict in it under a usual key or the only one that has tensors, or the one at `key`.
 *
 * @throws FileError that lists the content if there is none.
 */
export function stateIn(content: unknown, key: string | null, path: string, say: Say): StateDict {
  const found = key === null ? search(content, path, say) : at(content, key, path)
  return withoutPrefixes(tensorsOf(found, path, say), path, say)
}

/** @internal A dict that has tensors, in the content of a file. */
export interface Holder {
  readonly entries: Entries
  /** The keys that lead to it. */
  readonly trail: () => string[]
}

interface Link {
  readonly key: string
  readonly above: Link | null
}

/** @internal All dicts that have tensors, in the order of the file; each once, however often it is held. */
export function* holdersIn(content: unknown): IterableIterator<Holder> {
  const passed = new Set<Entries>()
  const waiting: { readonly value: unknown; readonly link: Link | null }[] = [{ value: content, link: null }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, link } = next
    const entries = entriesOf(value)
    if (entries === null || passed.has(entries)) continue
    passed.add(entries)
    if (hasTensor(entries)) yield { entries, trail: () => keysOf(link) }
    for (const [key, inner] of Object.entries(entries).reverse()) waiting.push({ value: inner, link: { key, above: link } })
  }
}

function keysOf(link: Link | null): string[] {
  const keys: string[] = []
  for (let at = link; at !== null; at = at.above) keys.push(at.key)
  return keys.reverse()
}

function search(content: unknown, path: string, say: Say): Entries {
  const holdsState = stateHolders()
  const trail: string[] = []
  /** Dicts on the way, since a checkpoint may hold itself. */
  const passed = new Set<unknown>()
  for (let current = content; ;) {
    const entries = entriesOf(current)
    if (entries === null) throw noStateIn(current, path)
    passed.add(entries)
    const leads = (key: string) => Object.hasOwn(entries, key) && !passed.has(entries[key]) && holdsState(entries[key])
    let key = usualKeys.find(leads)
    if (key === undefined) {
      if (hasTensor(entries)) {
        if (trail.length > 0) say(`${path} is a checkpoint: its weights are taken from '${trail.join('.')}'`)
        return entries
      }
      const others = Object.keys(entries).filter(leads)
      if (others.length !== 1) throw noStateIn(current, path)
      key = others[0]!
    }
    trail.push(key)
    current = entries[key]
  }
}

function noStateIn(value: unknown, path: string): FileError {
  return new FileError(`${path} holds no state dict: ${contents(value)}. In Python, save model.state_dict()`)
}

/** The dict at a path of keys, or the part of a dict whose names begin with what is left of the path. */
function at(content: unknown, key: string, path: string): Entries {
  let current = content
  const parts = key.split('.')
  for (const [i, name] of parts.entries()) {
    const entries = entriesOf(current)
    if (entries !== null && !Object.hasOwn(entries, name)) {
      const prefix = `${parts.slice(i).join('.')}.`
      const under = Object.entries(entries).filter(([inner, value]) => inner.startsWith(prefix) && isTensor(value))
      if (under.length > 0) return Object.fromEntries(under.map(([inner, value]) => [inner.slice(prefix.length), value]))
    }
    if (entries === null || !Object.hasOwn(entries, name)) throw new FileError(`${path} has nothing at '${key}': ${contents(current)}`)
    current = entries[name]
  }
  const entries = entriesOf(current)
  if (entries === null || !hasTensor(entries)) throw new FileError(`${path} has no state dict at '${key}': ${contents(current)}`)
  return entries
}

/** A function that tells whether a dict, or one in it under usual keys, has tensors; it looks at each dict once, however often it is held. */
function stateHolders(): (value: unknown) => boolean {
  const known = new Map<Entries, boolean>()
  const holdsState = (value: unknown): boolean => {
    const entries = entriesOf(value)
    if (entries === null) return false
    const answer = known.get(entries)
    if (answer !== undefined) return answer
    known.set(entries, false)
    const holds = hasTensor(entries) || usualKeys.some((key) => Object.hasOwn(entries, key) && holdsState(entries[key]))
    known.set(entries, holds)
    return holds
  }
  return holdsState
}

function hasTensor(entries: Entries): boolean {
  return Object.values(entries).some(isTensor)
}

/** The entries of a dict with string keys; null for anything else. */
function entriesOf(value: unknown): Entries | null {
  if (typeof value !== 'object' || value === null || isTensor(value) || Array.isArray(value) || value instanceof Map) return null
  return Object.getPrototypeOf(value) === Object.prototype ? (value as Entries) : null
}

function contents(value: unknown): string {
  if (isTensor(value)) return 'it holds a single tensor'
  const entries = entriesOf(value)
  if (entries === null)
    return `it holds ${(value as UnknownObject | null)?.className ?? (Array.isArray(value) ? 'a list' : `a ${typeof value}`)}`
  const keys = Object.keys(entries)
  if (keys.length === 0) return 'it holds nothing'
  return `it holds the keys ${keys
    .slice(0, 20)
    .map((key) => `'${key}'`)
    .join(', ')}${keys.length > 20 ? ` and ${keys.length - 20} more` : ''}`
}

function tensorsOf(entries: Entries, path: string, say: Say): StateDict {
  const others = Object.keys(entries).filter((key) => !isTensor(entries[key]))
  if (others.length > 0)
    say(`${path}: ${others.slice(0, 5).join(', ')}${others.length > 5 ? ` and ${others.length - 5} more` : ''} are no tensors and left out`)
  return Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, StateDict[string]] => isTensor(entry[1])))
}

function withoutPrefixes(state: StateDict, path: string, say: Say): StateDict {
  let bare = state
  for (;;) {
    const keys = Object.keys(bare)
    const prefix = wrapperPrefixes.find(
      (candidate) =>
        keys.some((key) => key.startsWith(candidate)) && keys.every((key) => key.startsWith(candidate) || key === 'n_averaged'),
    )
    if (prefix === undefined) return bare
    say(`${path}: the prefix '${prefix}' of a wrapped model is taken off every name`)
    const kept = Object.entries(bare).filter(([key]) => key.startsWith(prefix))
    bare = Object.fromEntries(kept.map(([key, tensor]) => [key.slice(prefix.length), tensor]))
  }
}
