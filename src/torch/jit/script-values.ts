import { types } from 'node:util'
import { ArgumentError, native, type ModuleHandle, type TensorHandle } from '../../native'
import { isOptions } from '../call/bind'
import { convert } from '../call/resolve'
import { wrap } from '../tensor/base'

/** The key under which a module or an object of a program holds its native value, for when it is passed as an argument. */
export const handle = Symbol('handle')

/** A member of a program's enumeration; as an argument its name or its value will do, too. */
export class EnumMember {
  /** @internal Given by programs. */
  constructor(
    readonly name: string,
    readonly value: unknown,
  ) {}
}

/** An object of a class of the program that is no module. */
export class ScriptObject {
  /** @internal */
  declare readonly [handle]: ModuleHandle

  /** @internal Given by programs. */
  constructor(object: ModuleHandle) {
    Object.defineProperty(this, handle, { value: object })
    defineAttributes(this, object, (result) => valueOf(result, (module) => new ScriptObject(module)))
  }

  /** The class's name in the TorchScript code. */
  get originalName(): string {
    return native.jitTypeName(this[handle])
  }

  /** Calls a method by name, as `ScriptModule.invoke`. */
  invoke(method: string, ...args: unknown[]): unknown {
    const { positional, named } = argumentsOf(this[handle], method, args)
    return valueOf(native.jitCall(this[handle], method, positional, named), (module) => new ScriptObject(module))
  }
}

/** Maximum nesting of an argument: one that holds itself has no end. */
const MAX_DEPTH = 1000

/** Converts a value for the shim, including tensors in lists and dicts. */
function argumentOf(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return convert(value)
  if (depth > MAX_DEPTH) throw new ArgumentError(`an argument of a program is nested more than ${MAX_DEPTH} deep: does it hold itself?`)
  const inner = (held: unknown) => argumentOf(held, depth + 1)
  if (handle in value) return value[handle]
  if (value instanceof EnumMember) return { name: value.name }
  if (Array.isArray(value)) {
    const converted = value.map(inner)
    return Object.isFrozen(value) ? Object.freeze(converted) : converted
  }
  if (types.isMap(value)) return new Map([...value].map(([key, held]) => [inner(key), inner(held)]))
  if (!isOptions(value)) return convert(value)
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, inner(held)]))
}

/** Separates the arguments of a method given by name in a last object, in Python's spelling or in camelCase; a parameter that takes an object gets the object. */
export function argumentsOf(
  module: ModuleHandle,
  method: string,
  given: readonly unknown[],
): { positional: unknown[]; named: Record<string, unknown> | null } {
  const last = given.at(-1)
  if (!isOptions(last)) return { positional: given.map((value) => argumentOf(value)), named: null }
  const parameters = native.jitArguments(module, method)
  if (parameters[given.length - 1]?.[1] === true) return { positional: given.map((value) => argumentOf(value)), named: null }
  const names = new Map(parameters.map(([name]) => [camelCase(name), name]))
  const named = Object.entries(last)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [names.get(name) ?? name, argumentOf(value)])
  return { positional: given.slice(0, -1).map((value) => argumentOf(value)), named: Object.fromEntries(named) as Record<string, unknown> }
}

function camelCase(name: string): string {
  return name.replace(/(?<=[a-zA-Z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** A result of the shim with tensors, modules and objects in place of handles, at any depth. */
export function valueOf(result: unknown, moduleOf: (module: ModuleHandle) => unknown): unknown {
  if (typeof result !== 'object' || result === null) return result
  if (types.isExternal(result)) return wrap(result as unknown as TensorHandle)
  const inner = (value: unknown) => valueOf(value, moduleOf)
  if (Array.isArray(result)) return namedAlike(result, result.map(inner))
  if (types.isMap(result)) return new Map([...result].map(([key, value]) => [inner(key), inner(value)]))
  if ('module' in result) return moduleOf(result.module as ModuleHandle)
  if ('object' in result) return new ScriptObject(result.object as ModuleHandle)
  const { name, value } = result as EnumMember
  return new EnumMember(name, value)
}

/** Gives an array the names of a named tuple's fields, which are not enumerable, so that printing and comparing see a plain array. */
function namedAlike(tuple: readonly unknown[], values: unknown[]): unknown[] {
  for (const name of Object.getOwnPropertyNames(tuple)) {
    if (name === 'length' || /^\d/.test(name)) continue
    const at = tuple.indexOf((tuple as unknown as Record<string, unknown>)[name])
    Object.defineProperty(values, name, { value: values[at], writable: true, configurable: true })
  }
  return values
}

/** Makes the attributes and constants of a program's module or object its properties, unless something else has the name. */
export function defineAttributes(owner: object, module: ModuleHandle, wrapped: (value: unknown) => unknown): void {
  for (const name of native.jitAttributeNames(module)) {
    if (name in owner) continue
    Object.defineProperty(owner, name, {
      get: () => wrapped(native.jitGetAttribute(module, name)),
      set: (value: unknown) => native.jitSetAttribute(module, name, argumentOf(value)),
      configurable: true,
    })
  }
}
