import { Session } from 'node:inspector'
import util, { types } from 'node:util'

/** The values that a function uses besides its arguments. */
export interface Closure {
  /** For a bound function: target, this and arguments. */
  readonly bound: { readonly target: Callable; readonly self: unknown; readonly args: readonly unknown[] } | null
  /** Whether it is an arrow function that uses the outer `this`. */
  readonly capturesThis: boolean
  /** Values of the outer variables that its source mentions. */
  readonly captured: readonly unknown[]
}

export type Callable = (...args: never[]) => unknown

const NOTHING: Closure = { bound: null, capturesThis: false, captured: [] }

const NATIVE = /\{\s*\[native code\]\s*\}\s*$/
const ARROW = /^(?:async\s*)?(?:\(|[\w$]+\s*=>)/
/** Matches `this` and `super`; for older targets compilers store `this` in a variable such as `_this`. */
const THIS = /(?<![.\w$])(?:this|super|_this\d*)(?![\w$])/

/**
 * @internal The closure of a function, read through V8's inspector, because JavaScript cannot read it.
 *
 * @returns null if it is unknown, for instance because Node was built without an inspector.
 */
export function closureOf(callable: Callable): Closure | null {
  const text = textOf(callable)
  const isBound = callable.name.startsWith('bound ') && NATIVE.test(text)
  if (!isBound && (NATIVE.test(text) || isClass(text))) return NOTHING
  const code = withoutTexts(text)
  const capturesThis = ARROW.test(text) && THIS.test(code)
  if (capturesThis) return { ...NOTHING, capturesThis }
  const inside = inspected(callable)
  if (inside === null) return null
  if (isBound) return inside.bound === null ? null : { ...NOTHING, bound: inside.bound }
  const captured = [...inside.variables].filter(([name]) => names(code).has(name)).map(([, value]) => value)
  return { ...NOTHING, captured }
}

function textOf(callable: object): string {
  return Function.prototype.toString.call(callable)
}

function isClass(text: string): boolean {
  return /^class\b/.test(text)
}

/** Removes comments and quoted strings; template literals stay, because they contain code. */
function withoutTexts(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, ' ')
}

function names(code: string): Set<string> {
  return new Set(code.match(/[\p{ID_Start}_$][\p{ID_Continue}$]*/gu))
}

const privateNames = new WeakMap<object, string | null>()

/**
 * @internal The name of a `#private` field or method of an object's class or a base class up to `end`; null if there is none.
 *
 * Such fields cannot be copied: only the constructor of the class can create them.
 */
export function privateNameOf(value: object, end: object): string | null {
  for (let at = Object.getPrototypeOf(value) as object | null; at !== null && at !== end; at = Object.getPrototypeOf(at) as object | null) {
    const constructor: unknown = Object.hasOwn(at, 'constructor') ? at.constructor : null
    if (typeof constructor !== 'function') continue
    if (!privateNames.has(constructor)) privateNames.set(constructor, privateNameIn(withoutTexts(textOf(constructor))))
    const name = privateNames.get(constructor)
    if (name !== null && name !== undefined) return name
  }
  return null
}

function privateNameIn(code: string): string | null {
  const written = [...code.matchAll(/(?<!static\s+)(?<!static\s+async\s+)#[\p{ID_Start}_$][\p{ID_Continue}$]*/gu)].map(([name]) => name)
  const statics = new Set([...code.matchAll(/static\s+(?:async\s+)?(#[\p{ID_Start}_$][\p{ID_Continue}$]*)/gu)].map(([, name]) => name))
  const own = written.find((name) => !statics.has(name))
  if (own !== undefined) return own
  // The names that TypeScript and SWC generate for targets below ES2022.
  return /\b_{1,2}class_?[pP]rivate_?[fF]ield_?\w*/.exec(code)?.[0] ?? null
}

interface Inspected {
  readonly bound: Closure['bound']
  readonly variables: ReadonlyMap<string, unknown>
}

/** Key for exchanging values with the inspector, which evaluates in the main context; Node's modules are the same objects in every realm. */
const exchange = Symbol.for('pixelcl.inspected')
const EXCHANGE = `process.getBuiltinModule('node:util')[Symbol.for('pixelcl.inspected')]`

interface RemoteObject {
  readonly objectId?: string
  readonly value?: unknown
  readonly description?: string
}

interface Property {
  readonly name: string
  readonly value?: RemoteObject
}

interface Replies {
  'Runtime.evaluate': { readonly result: RemoteObject }
  'Runtime.getProperties': { readonly result: readonly Property[]; readonly internalProperties?: readonly Property[] }
  'Runtime.callFunctionOn': { readonly result: RemoteObject }
}

function inspected(callable: Callable): Inspected | null {
  const session = new Session()
  const post = <Method extends keyof Replies>(method: Method, params: object): Replies[Method] => {
    let reply: Replies[Method] | undefined
    // A session with the own thread calls back synchronously.
    session.post(method, params, (error, result) => {
      if (error !== null) throw error
      reply = result as Replies[Method]
    })
    if (reply === undefined) throw new Error(`the inspector did not answer ${method}`)
    return reply
  }
  let taken: unknown
  const shared = { callable, take: (value: unknown) => (taken = value) }
  const place = util as unknown as Record<symbol, unknown>
  try {
    session.connect()
    place[exchange] = shared
    const evaluate = (expression: string) => post('Runtime.evaluate', { expression }).result.objectId
    const take = evaluate(`${EXCHANGE}.take`)
    /** The value of a remote object. */
    const valueOf = ({ objectId, value }: RemoteObject = {}): unknown => {
      if (objectId === undefined) return value
      const functionDeclaration = 'function (value) { this(value) }'
      post('Runtime.callFunctionOn', { objectId: take, functionDeclaration, arguments: [{ objectId }] })
      return taken
    }
    const propertiesOf = (objectId: string | undefined) => post('Runtime.getProperties', { objectId, ownProperties: true })
    const hidden = new Map(propertiesOf(evaluate(`${EXCHANGE}.callable`)).internalProperties?.map(({ name, value }) => [name, value]))
    const target = valueOf(hidden.get('[[TargetFunction]]'))
    const bound =
      typeof target === 'function'
        ? {
            target: target as Callable,
            self: valueOf(hidden.get('[[BoundThis]]')),
            args: Array.from((valueOf(hidden.get('[[BoundArgs]]')) ?? []) as unknown[]),
          }
        : null
    const variables = new Map<string, unknown>()
    const scopes = hidden.get('[[Scopes]]')?.objectId
    for (const { name, value } of scopes === undefined ? [] : propertiesOf(scopes).result) {
      if (!/^\d+$/.test(name) || value?.description?.startsWith('Global') === true) continue
      // Scopes are ordered from the innermost.
      for (const variable of propertiesOf(value?.objectId).result)
        if (!variables.has(variable.name) && variable.value?.objectId !== undefined) variables.set(variable.name, valueOf(variable.value))
    }
    return { bound, variables }
  } catch {
    return null
  } finally {
    place[exchange] = undefined
    session.disconnect()
  }
}

/** @internal Whether an object is a built-in of Node or V8 with internal state that properties do not show. */
export function isBuiltIn(value: object): boolean {
  if (value === console || value === process || value === globalThis) return true
  if (types.isExternal(value) || types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value)) return true
  for (let at: object | null = value; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    const constructor: unknown = Object.hasOwn(at, 'constructor') ? at.constructor : null
    if (typeof constructor !== 'function') continue
    const known: unknown = Object.hasOwn(globalThis, constructor.name) ? Reflect.get(globalThis, constructor.name) : undefined
    if (known === constructor && constructor !== Object) return true
  }
  return false
}
