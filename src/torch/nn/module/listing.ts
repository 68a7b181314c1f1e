import { ArgumentError } from '../../../native'
import { suggestion } from '../../../common/suggestions'
import type { Tensor } from '../../tensor/tensor'
import type { NamedParametersArguments } from '../../generated/declared/module-methods'
import { joined } from './names'
import { walk, type Branch } from './traverse'

/** @internal Tensors of a module and its descendants by dotted name. */
export function* tensorsOf<Node extends Branch<Node>, T extends Tensor>(
  root: Node,
  { prefix, recurse, removeDuplicate }: NamedParametersArguments,
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

/** @internal The parameter or buffer of a dotted name. */
export function namedIn<T>(listed: Iterable<[string, T]>, kind: string, path: string): T {
  const all = new Map(listed)
  const found = all.get(path)
  if (found === undefined) throw new ArgumentError(`there is no ${kind} '${path}'${suggestion(path, [...all.keys()])}`)
  return found
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
