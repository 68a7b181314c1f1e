import { ArgumentError } from '../../../native'
import { describe } from '../../call/describe'
import { named } from '../../call/named'
import { suggestion } from '../../../common/suggestions'
import type { Tensor } from '../../tensor/tensor'
import { expectFlag } from '../checks'
import { joined } from './names'
import { walk, type Branch } from './traverse'

export interface MembersOptions {
  /** What all names begin with, before a dot. Default ''. */
  prefix?: string
  /** Goes through the modules below, too. Default true. */
  recurse?: boolean
  /** Gives what stands at several places once. Default true. */
  removeDuplicate?: boolean
}

export const MEMBERS = ['prefix', 'recurse', 'removeDuplicate'] as const
export const MODULES = ['prefix', 'removeDuplicate'] as const

/** @internal The arguments of `namedParameters` and its like. */
export function membersOptions(
  call: string,
  names: readonly (keyof MembersOptions)[],
  given: readonly unknown[],
): Required<MembersOptions> {
  const { prefix = '', recurse = true, removeDuplicate = true } = named<MembersOptions>(call, names, given)
  if (typeof prefix !== 'string') throw new ArgumentError(`${call}(): prefix must be a string but is ${describe(prefix)}`)
  expectFlag(`${call}()`, 'recurse', recurse)
  expectFlag(`${call}()`, 'removeDuplicate', removeDuplicate)
  return { prefix, recurse, removeDuplicate }
}

/** @internal Tensors of a module, and of those below it, by their dotted names. */
export function* tensorsOf<Node extends Branch<Node>, T extends Tensor>(
  root: Node,
  { prefix, recurse, removeDuplicate }: Required<MembersOptions>,
  ownOf: (module: Node) => Iterable<readonly [name: string, tensor: T, ...rest: unknown[]]>,
): IterableIterator<[string, T]> {
  const modules = recurse ? walk(root, prefix, removeDuplicate ? new Set() : null) : [[prefix, root] as const]
  const seen = new Set<T>()
  for (const [path, module] of modules) {
    for (const [name, tensor] of ownOf(module)) {
      if (seen.has(tensor)) continue
      if (removeDuplicate) seen.add(tensor)
      yield [joined(path, name), tensor]
    }
  }
}

/** @internal The module of a dotted name. */
export function submoduleOf<Node extends Branch<Node>>(root: Node, path: string): Node {
  let module = root
  for (const name of path === '' ? [] : path.split('.')) {
    const child = new Map(module.ownChildren()).get(name)
    if (child === undefined) {
      const known = Array.from(walk(root, '', new Set()), ([name]) => name).filter(Boolean)
      throw new ArgumentError(`there is no module '${path}'${suggestion(path, known)}`)
    }
    module = child
  }
  return module
}
