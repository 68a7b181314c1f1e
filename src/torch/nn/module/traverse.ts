import { joined } from './names'

/** What a tree of modules is made of. */
export interface Branch<Node> {
  ownChildren(): IterableIterator<[name: string, child: Node]>
}

interface Frame<Node> {
  readonly path: string
  readonly node: Node
  readonly children: Iterator<[name: string, child: Node]>
}

/**
 * Goes through the modules with their dotted names, the first before those below it, without recursion: chains may be of any length.
 *
 * @param seen - Modules that are left out, which takes up those that are given. With null a shared module is given under each of its names; one that
 * holds itself, as by a `parent` field, is not entered again.
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

/** Whether a module holds itself, and how deeply modules stand in each other. */
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
  /** Runs after them. */
  readonly leave?: (node: Node) => void
  /** What to run in place of entering a child whose class overrides what is done, and goes on below it by itself; null for all others. */
  readonly delegate: (child: Node) => (() => void) | null
  /** Visits a shared module at each of its places, as Python does, unless some module holds itself. */
  readonly revisits?: boolean
  /** The same for all cascades of one task, such as those that a child's own method begins. */
  readonly task: object
}

/** The modules that the open cascades of a task are below: one that begins further down must not come back to them through a `parent` field. */
const openModules = new WeakMap<object, Set<object>>()

/** Does something with a module and all below it, without recursion as long as no class overrides what is done. */
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
