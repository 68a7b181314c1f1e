import { tokensOf, type Token } from './tokens'

/** What libtorch compiles within what, at most: it compiles a function when a call of it is compiled first, and a class when its name is first read. */
export interface Chains {
  /** The functions and methods in the longest chain of calls. */
  readonly calls: number
  /** The classes and functions in the longest chain that name one another. */
  readonly names: number
  /** The classes, and the functions outside classes, by their qualified names. */
  readonly entities: ReadonlyMap<string, Entity>
  /** The tokens of the code. */
  readonly tokens: number
}

/** A class, or a function outside classes. */
interface Entity {
  /** The qualified names in its code, and how often each comes. */
  readonly named: Map<string, number>
  readonly methods: Map<string, Method>
  isTuple: boolean
}

interface Method {
  readonly named: Set<string>
  /** Methods that it may call of its own class. */
  readonly called: Set<string>
}

type Graph = ReadonlyMap<string, ReadonlySet<string>>

/**
 * The longest chains of a program.
 *
 * A method may be called by any variable that has one of its name, so a call of that name counts unless it is of an attribute of `self`.
 *
 * @param codes - The code of each record by its qualified name, such as `__torch__.torchvision.models.resnet`; '' for the methods of one module.
 */
export function longestChains(codes: ReadonlyMap<string, string>): Chains {
  const entities = new Map<string, Entity>()
  let tokens = 0
  for (const [qualifier, code] of codes) {
    const reader = new Reader(qualifier, entities)
    for (const token of tokensOf(code)) {
      tokens++
      reader.take(token)
    }
  }
  const names = new Map<string, Set<string>>()
  const calls = new Map<string, Set<string>>()
  for (const [name, { named, methods }] of entities) {
    names.set(name, new Set([...named.keys()].flatMap((path) => prefixesIn(entities, path))))
    for (const [method, own] of methods) {
      const functions = [...own.named].flatMap((path) => prefixesIn(entities, path)).map((path) => `${path}.${lastOf(path)}`)
      calls.set(`${name}.${method}`, new Set([...[...own.called].map((called) => `${name}.${called}`), ...functions]))
    }
  }
  return { calls: longestPath(calls), names: longestPath(names), tokens, entities }
}

/**
 * The number of types in the largest named tuple, with those of its fields that are named tuples: libtorch compares them one by one.
 *
 * Follows the chains of names recursively, so they must not be long.
 */
export function largestTuple({ entities }: Chains): number {
  const sizes = new Map<string, number>()
  const sizeOf = (name: string): number => {
    const entity = entities.get(name)
    if (entity?.isTuple !== true) return 1
    const known = sizes.get(name)
    if (known !== undefined) return known
    // Without an end if it holds itself.
    sizes.set(name, Infinity)
    let size = 1
    for (const [inner, count] of entity.named) size += count * sizeOf(inner)
    sizes.set(name, size)
    return size
  }
  let largest = 0
  for (const name of entities.keys()) largest = Math.max(largest, sizeOf(name))
  return largest
}

/** What a dotted name may mean: itself, or something of which the rest are members. */
function prefixesIn(entities: ReadonlyMap<string, Entity>, path: string): string[] {
  const found = []
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const prefix = path.slice(0, end)
    if (entities.has(prefix)) found.push(prefix)
  }
  return found
}

const lastOf = (path: string) => path.slice(path.lastIndexOf('.') + 1)

const newEntity = (): Entity => ({ named: new Map(), methods: new Map(), isTuple: false })

/** Reads the classes and functions of one record. */
class Reader {
  private entity = newEntity()
  private method: Method = { named: new Set(), called: new Set() }
  private indent = 0
  private methodIndent = 0
  /** The qualified name that is being read. */
  private qualified = ''
  /** The tokens of the line so far, and the variables of the method that hold attributes of `self`. */
  private line: string[] = []
  private readonly attributes = new Set<string>()

  constructor(
    private readonly qualifier: string,
    private readonly into: Map<string, Entity>,
  ) {
    if (qualifier === '') into.set('', this.entity)
  }

  take({ kind, text, indent }: Token): void {
    if (kind === 'name') this.takeName(text)
    else if (text !== '.') this.endName()
    if (kind === 'line') {
      this.endLine()
      this.indent = indent
    } else this.line.push(kind === 'name' || text !== '' ? text : '0')
  }

  private takeName(text: string): void {
    const [before, previous] = [this.line.at(-2), this.line.at(-1)]
    if (previous === '.') {
      if (this.qualified !== '') this.qualified += `.${text}`
      else if (!this.isOfAttribute()) this.method.called.add(text)
      return
    }
    this.endName()
    if (text === '__torch__') this.qualified = text
    if (text === 'NamedTuple' && this.line[0] === 'class') this.entity.isTuple = true
    if (before === '.') return
    if (previous === 'class') this.startEntity(text)
    if (previous === 'def') {
      if (this.indent === 0 && this.qualifier !== '') this.startEntity(text)
      if (this.entity.methods.size === 0 || this.indent <= this.methodIndent) this.startMethod(text)
    }
  }

  private startEntity(name: string): void {
    this.entity = newEntity()
    this.into.set(`${this.qualifier}.${name}`, this.entity)
  }

  private startMethod(name: string): void {
    this.method = this.entity.methods.get(name) ?? { named: new Set(), called: new Set() }
    this.entity.methods.set(name, this.method)
    this.methodIndent = this.indent
    this.attributes.clear()
  }

  /** Whether the value before the line's last dot is an attribute of self: `name.`, `(name).`, `self.name.` or `(self.name).`. */
  private isOfAttribute(): boolean {
    const [last, ...others] = this.line.slice(-6, -1).reverse() as [string, ...string[]]
    const [name, dot, owner] = last === ')' ? others : [last, ...others]
    return (dot === '.' && owner === 'self') || (dot !== '.' && this.attributes.has(name!))
  }

  private endName(): void {
    if (this.qualified === '') return
    this.entity.named.set(this.qualified, (this.entity.named.get(this.qualified) ?? 0) + 1)
    this.method.named.add(this.qualified)
    this.qualified = ''
  }

  /** Notes a variable that this line assigns: `name = self.attribute` or `name = getattr(self, "attribute")`. */
  private endLine(): void {
    const [name, equals, first, second, third] = this.line
    if (equals === '=') {
      const isRead = this.line.length === 5 && second === '.'
      const isGot = this.line.length === 8 && first === 'getattr'
      const owner = isRead ? first : isGot ? third : ''
      if (owner === 'self' || this.attributes.has(owner!)) this.attributes.add(name!)
      else this.attributes.delete(name!)
    }
    this.line = []
  }
}

/** The number of nodes on the longest path; nodes that lead to one another count together, whatever their order. */
function longestPath(graph: Graph): number {
  return new Paths(graph).longest()
}

interface Visit {
  readonly node: string
  readonly own: { readonly index: number; low: number; isOpen: boolean; length: number }
  readonly successors: Iterator<string, undefined>
}

/** Tarjan's algorithm, with a stack of its own: the successors of a component are complete when it is found. */
class Paths {
  private readonly known = new Map<string, Visit['own']>()
  private readonly component: string[] = []

  constructor(private readonly graph: Graph) {}

  longest(): number {
    let longest = 0
    for (const node of this.graph.keys()) {
      if (!this.known.has(node)) this.visitFrom(node)
      longest = Math.max(longest, this.known.get(node)!.length)
    }
    return longest
  }

  private visitFrom(root: string): void {
    const path = [this.enter(root)]
    while (path.length > 0) {
      const top = path.at(-1)!
      const next = top.successors.next()
      if (next.done !== true) {
        const known = this.known.get(next.value)
        if (known === undefined && this.graph.has(next.value)) path.push(this.enter(next.value))
        else if (known?.isOpen === true) top.own.low = Math.min(top.own.low, known.index)
        continue
      }
      path.pop()
      const above = path.at(-1)
      if (above !== undefined) above.own.low = Math.min(above.own.low, top.own.low)
      if (top.own.low === top.own.index) this.complete(top.node)
    }
  }

  private enter(node: string): Visit {
    const index = this.known.size
    const own = { index, low: index, isOpen: true, length: 0 }
    this.known.set(node, own)
    this.component.push(node)
    return { node, own, successors: this.graph.get(node)![Symbol.iterator]() }
  }

  private complete(first: string): void {
    const nodes = this.component.splice(this.component.lastIndexOf(first))
    let below = 0
    for (const node of nodes) {
      for (const next of this.graph.get(node)!) {
        const known = this.known.get(next)
        if (known?.isOpen === false) below = Math.max(below, known.length)
      }
    }
    for (const node of nodes) Object.assign(this.known.get(node)!, { isOpen: false, length: nodes.length + below })
  }
}
