import { joined } from './names'

/** A node of a tree of modules. */
export interface Branch<Node> {
  ownChildren(): IterableIterator<[name: string, child: Node]>
}

interface Frame<Node> {
  readonly path: string
  readonly node: Node
  readonly children: Iterator<[name: string, child: Node]>
}

/**
 * Yields the modules with their dotted names, parents first. It does not recurse, so chains may have any length.
 *
 * @param seen - Modules to skip; yielded modules are added. With null a shared module is yielded under each of its names, but a module that
 * contains itself, for instance by a `parent` field, is not entered again.
 */
export function* walk<Node extends Branch<Node>>(root: Node, prefix: string, seen: Set<Node> | null): IterableIterator<[string, Node]> {
  if (seen?.has(root) === true) return
  const onPath = new Set([root])
  seen?.add(root)
  const frames: Frame<Node>[] = [{ path: prefix, node: root, children: root.ownChildren() }]
  yield [prefix, root]
  while (frames.length > 0) {
    const { path, node, children } = frames.at(-1)!
    const next = children.next()
    if (next.done === true) {
      frames.pop()
      onPath.delete(node)
      continue
    }
    const [name, child] = next.value
    if (onPath.has(child) || seen?.has(child) === true) continue
    seen?.add(child)
    onPath.add(child)
    const childPath = joined(path, name)
    frames.push({ path: childPath, node: child, children: child.ownChildren() })
    yield [childPath, child]
  }
}

/** Whether a module contains itself, and the depth of nesting. */
export function shapeOf<Node extends Branch<Node>>(root: Node): { readonly isCyclic: boolean; readonly depth: number } {
  const onPath = new Set([root])
  const done = new Set<Node>()
  const frames = [{ node: root, children: root.ownChildren() }]
  let isCyclic = false
  let depth = 1
  while (frames.length > 0) {
    const { node, children } = frames.at(-1)!
    const next = children.next()
    if (next.done === true) {
      frames.pop()
      onPath.delete(node)
      done.add(node)
      continue
    }
    const child = next.value[1]
    if (onPath.has(child)) isCyclic = true
    else if (!done.has(child)) {
      onPath.add(child)
      frames.push({ node: child, children: child.ownChildren() })
      depth = Math.max(depth, frames.length)
    }
  }
  return { isCyclic, depth }
}

interface Cascade<Node> {
  /** Runs before the children of a module. */
  readonly enter?: (node: Node) => void
  /** Runs after the children of a module. */
  readonly leave?: (node: Node) => void
  /** The function to run for a child whose class overrides the operation and handles its own children; null to enter the child. */
  readonly delegate: (child: Node) => (() => void) | null
  /** Visits a shared module once per path, as Python does, unless some module contains itself. */
  readonly revisits?: boolean
  /** Identifies the operation; cascades started by a child's overriding method have the same task. */
  readonly task: object
}

/** The modules that unfinished cascades of a task have entered; a nested cascade must not enter them again through a `parent` field. */
const openModules = new WeakMap<object, Set<object>>()

/** Runs an operation on a module and its descendants, without recursion except where a class overrides the operation. */
export function cascade<Node extends Branch<Node> & object>(root: Node, { enter, leave, delegate, revisits, task }: Cascade<Node>): void {
  const open = openModules.get(task) ?? new Set()
  openModules.set(task, open)
  const seen = revisits === true && !shapeOf(root).isCyclic ? null : new Set([root])
  const opened: Node[] = []
  const begin = (node: Node) => {
    if (!open.has(node)) {
      open.add(node)
      opened.push(node)
    }
    enter?.(node)
    return { node, children: distinct(node) }
  }
  try {
    const frames = [begin(root)]
    while (frames.length > 0) {
      const { node, children } = frames.at(-1)!
      const next = children.next()
      if (next.done === true) {
        frames.pop()
        leave?.(node)
        if (opened.at(-1) === node) {
          opened.pop()
          open.delete(node)
        }
        continue
      }
      const child = next.value
      if (open.has(child) || seen?.has(child) === true) continue
      seen?.add(child)
      const run = delegate(child)
      if (run === null) frames.push(begin(child))
      else run()
    }
  } finally {
    for (const node of opened) open.delete(node)
  }
}

/** The direct children, each once. */
export function* distinct<Node extends Branch<Node>>(node: Node): IterableIterator<Node> {
  const seen = new Set<Node>()
  for (const [, child] of node.ownChildren()) {
    if (seen.has(child)) continue
    seen.add(child)
    yield child
  }
}
