import { ArgumentError } from '../../../native'
import { noGrad } from '../../autograd'
import { misfit } from '../../call/errors'
import { isTensor, keep } from '../../tensor/base'
import { describe } from '../../../common/describe'
import type * as declared from '../../generated/declared/module-methods'
import type { Tensor } from '../../tensor/tensor'
import { Parameter } from '../parameter'
import { internals, isModule, type WithMembers } from './members'
import { commonSpelling, joined } from './names'
import { walk, type Branch } from './traverse'

/** Tensors by Python's dotted names, in order. */
export type StateDict = Record<string, Tensor>

export interface LoadResult {
  /** Names in the module that the state lacks. */
  readonly missingKeys: readonly string[]
  /** Names in the state that the module lacks. */
  readonly unexpectedKeys: readonly string[]
}

export interface StateDictOptions {
  /** The prefix of all names, such as `'head.'`. Default ''. */
  prefix?: string
  /** Returns tensors that are attached to their graph. Default false. */
  keepVars?: boolean
  /** The object to which the tensors are added; default: a new one. */
  destination?: StateDict
}

export interface LoadOptions {
  /** Rejects missing and unexpected names. Default true. */
  strict?: boolean
  /** Puts the state's tensors in place of the module's own. Default false. */
  assign?: boolean
}

/** A tensor of the state whose shape differs from that of the module's tensor. */
export interface ShapeMismatch {
  readonly key: string
  readonly given: readonly number[]
  readonly expected: readonly number[]
}

export interface StateComparison extends LoadResult {
  readonly mismatches: readonly ShapeMismatch[]
}

/** A module, as far as states need it. */
interface Stateful<Node> extends Branch<Node>, WithMembers {
  ownStateTensors(): IterableIterator<[name: string, tensor: Tensor]>
  exchange(name: string, tensor: Tensor): void
  canExchange(name: string): boolean
}

interface StateEntry<Node> {
  /** The dotted name. */
  readonly key: string
  readonly module: Node
  /** The name within its module. */
  readonly name: string
  readonly tensor: Tensor
}

/** Maximum number of characters in the names of one state; a chain of 2,000 modules has 20 million. */
const MOST_CHARACTERS = 2 ** 26

/** @internal `stateDict` with its arguments. */
export function stateOf<Node extends Stateful<Node>>(
  root: Node,
  { prefix, keepVars, destination: given }: declared.StateDictArguments,
): StateDict {
  const destination = (given ?? {}) as StateDict
  for (const { key, tensor } of stateEntries(root)) destination[`${prefix}${key}`] = keepVars ? tensor : keep(tensor.detach())
  return destination
}

/** @internal `loadStateDict` with its arguments. */
export function loadState<Node extends Stateful<Node>>(
  root: Node,
  state: Readonly<StateDict>,
  { strict, assign }: declared.LoadStateDictArguments,
  toleranceOf: (module: Node) => Tolerance | null,
): LoadResult {
  const { comparison, pairs } = compareStates(root, state, toleranceOf)
  refuseMisfit(root.constructor.name, comparison, strict)
  if (assign) assignPairs(pairs)
  else noGrad(() => pairs.forEach(({ entry, given }) => entry.tensor.copy_(given)))
  for (const { entry, key } of pairs) if (key !== entry.key) respell(root, entry.key, key)
  const { missingKeys, unexpectedKeys } = comparison
  return { missingKeys, unexpectedKeys }
}

/** Tests whether a state may lack a key of the module. */
type Tolerance = (key: string) => boolean

/** @internal Matches a state with a module's tensors and lists the differences. */
export function compareStates<Node extends Stateful<Node>>(
  root: Node,
  state: Readonly<StateDict>,
  toleranceOf: (module: Node) => Tolerance | null,
): { readonly pairs: readonly Pair<Node>[]; readonly comparison: StateComparison } {
  checkState(state)
  const matching = matchState(stateEntries(root), state)
  const tolerances = [...walk(root, '', null)].flatMap(([path, module]) => {
    const tolerance = toleranceOf(module)
    return tolerance === null ? [] : [{ prefix: path === '' ? '' : `${path}.`, tolerance }]
  })
  const isTolerated = (key: string) =>
    tolerances.some(({ prefix, tolerance }) => key.startsWith(prefix) && tolerance(key.slice(prefix.length)))
  return { pairs: matching.pairs, comparison: comparisonOf(matching, isTolerated) }
}

/** Replaces the module's tensors by those of a state: all of them, or none if one cannot be replaced. */
function assignPairs<Node extends Stateful<Node>>(pairs: readonly Pair<Node>[]): void {
  const exchanges = pairs.map(({ entry: { key, module, name, tensor }, given }) => {
    if (!module.canExchange(name)) {
      throw new ArgumentError(
        `'${name}' of ${module.constructor.name} is no field, so nothing can take its place: load without assign, which copies`,
      )
    }
    return { module, name, tensor: successor(key, given, tensor) }
  })
  for (const { module, name, tensor } of exchanges) module.exchange(name, tensor)
}

/** Changes the spelling of the members along a dotted name to the loaded one. */
function respell<Node extends Stateful<Node>>(root: Node, own: string, loaded: string): void {
  const spellings = loaded.split('.')
  let module: unknown = root
  for (const [i, name] of own.split('.').entries()) {
    if (!isModule(module)) return
    const { members } = module[internals]
    const member = members.savedAs(name) ?? members.savedAs(spellings[i]!)
    if (member === undefined) return
    members.respell(member, spellings[i]!)
    module = members.valueOf(member)
  }
}

/**
 * The entries of a state dict in order; a shared module appears under each of its names.
 *
 * @throws ArgumentError if modules are nested so deeply, or contain each other in so many ways, that the names would exhaust memory.
 */
function stateEntries<Node extends Stateful<Node>>(root: Node): StateEntry<Node>[] {
  const entries: StateEntry<Node>[] = []
  let characters = 0
  for (const [prefix, module] of walk(root, '', null)) {
    for (const [name, tensor] of module.ownStateTensors()) {
      const key = joined(prefix, name)
      characters += key.length
      if (characters > MOST_CHARACTERS) throw endless(key)
      entries.push({ key, module, name, tensor })
    }
  }
  return entries
}

function endless(key: string): ArgumentError {
  return new ArgumentError(
    `the names of this state have more than ${MOST_CHARACTERS} characters (${key.slice(0, 40)}…): its modules are nested too deeply or hold each other. ` +
      'Keep a module that is no child, such as a parent, in an array: [parent]',
  )
}

/** Rejects anything but a state dict. */
function checkState(state: unknown): void {
  if (typeof state !== 'object' || state === null || isTensor(state) || Array.isArray(state) || state instanceof Map) {
    const hint = typeof state === 'string' ? ': read the file first, with torch.loadStateDictFile(path)' : ''
    throw misfit('loadStateDict', 'state', 'an object of Tensors by name', state, hint)
  }
  const other = Object.entries(state).find(([, value]) => !isTensor(value))
  if (other !== undefined) throw new ArgumentError(`a state dict holds tensors, but '${other[0]}' is ${describe(other[1])}`)
}

/** A module's tensor and the state's tensor for it, under `key`. */
interface Pair<Node> {
  readonly entry: StateEntry<Node>
  readonly key: string
  readonly given: Tensor
}

interface Matching<Node> {
  readonly pairs: readonly Pair<Node>[]
  readonly missing: readonly string[]
  readonly unexpected: readonly string[]
}

/** Finds the state's tensor for each of the module's, under its name or another spelling of it. */
function matchState<Node>(entries: readonly StateEntry<Node>[], state: Readonly<StateDict>): Matching<Node> {
  const own = new Set(entries.map(({ key }) => key))
  const others = new Map<string, string>()
  for (const key of Object.keys(state)) {
    if (own.has(key)) continue
    const spelling = commonSpelling(key)
    const twin = others.get(spelling)
    if (twin !== undefined && entries.some((entry) => !Object.hasOwn(state, entry.key) && commonSpelling(entry.key) === spelling))
      throw new ArgumentError(`the state has '${twin}' and '${key}', which are spellings of one name: leave one of them out`)
    others.set(spelling, key)
  }
  const pairs: Pair<Node>[] = []
  const missing: string[] = []
  const used = new Set<string>()
  for (const entry of entries) {
    const key = Object.hasOwn(state, entry.key) ? entry.key : others.size > 0 ? others.get(commonSpelling(entry.key)) : undefined
    if (key === undefined || (used.has(key) && key !== entry.key)) {
      missing.push(entry.key)
      continue
    }
    used.add(key)
    pairs.push({ entry, key, given: fitted(state[key]!, entry.tensor) })
  }
  return { pairs, missing, unexpected: Object.keys(state).filter((key) => !used.has(key)) }
}

/** Before PyTorch 0.4 a scalar was saved with one dimension of size 1. */
function fitted(given: Tensor, target: Tensor): Tensor {
  return target.dim() === 0 && given.dim() === 1 && given.shape[0] === 1 ? given.select(0, 0) : given
}

/** The differences between a state and the module. */
function comparisonOf<Node>({ pairs, missing, unexpected }: Matching<Node>, isTolerated: (key: string) => boolean): StateComparison {
  const mismatches: ShapeMismatch[] = []
  for (const { entry, given } of pairs) {
    if (given.shape.join() !== entry.tensor.shape.join())
      mismatches.push({ key: entry.key, given: given.shape, expected: entry.tensor.shape })
  }
  return { missingKeys: missing.filter((key) => !isTolerated(key)), unexpectedKeys: unexpected, mismatches }
}

/** Throws an error if the state cannot be loaded. */
function refuseMisfit(module: string, { missingKeys, unexpectedKeys, mismatches }: StateComparison, isStrict: boolean): void {
  const quoted = (keys: readonly string[]) => keys.map((key) => `"${key}"`).join(', ')
  const problems: string[] = []
  if (isStrict && unexpectedKeys.length > 0) problems.push(`Unexpected key(s) in the state: ${quoted(unexpectedKeys)}.`)
  if (isStrict && missingKeys.length > 0) problems.push(`Missing key(s) in the state: ${quoted(missingKeys)}.`)
  for (const { key, given, expected } of mismatches) {
    problems.push(`size mismatch for ${key}: the state has [${given.join(', ')}], the module [${expected.join(', ')}].`)
  }
  if (problems.length > 0) throw new ArgumentError(`Error(s) in loading the state of ${module}:\n  ${problems.join('\n  ')}`)
}

/** The tensor that replaces another when a state is assigned; a parameter is replaced by a parameter with the same requiresGrad. */
function successor(key: string, given: Tensor, own: Tensor): Tensor {
  if (!(own instanceof Parameter)) return given instanceof Parameter ? given.detach() : given
  if (own.requiresGrad && !given.isFloatingPoint() && !given.isComplex())
    throw new ArgumentError(
      `'${key}' requires a gradient, which a tensor of ${given.dtype} cannot have: load without assign, which converts`,
    )
  if (!(given instanceof Parameter)) return new Parameter(given, own.requiresGrad)
  given.requiresGrad = own.requiresGrad
  return given
}
