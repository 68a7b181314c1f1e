import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { FileError, TorchError, native } from '../../native'
import { isTensor } from '../tensor/base'
import { declared, read } from './declared'
import { lookup, type Call } from './lookup'
import { isOptions } from './bind'
import { choose, convert, wrapResult } from './resolve'
import { overloadsOf, signatureOf } from './schema'
import type { AtenOverloads } from '../generated/operator-names'
import type { Signature } from './signature'

/** One overload as `torch.ops.aten.add.Tensor`: arguments in the schema's order, undefined for a default; trailing ones may be named in a last object. */
export type OperatorOverload = (...args: unknown[]) => unknown

/** All overloads of one operator; calling it uses the first overload that accepts the arguments. */
export type OperatorPacket = OperatorOverload & Readonly<Record<string, OperatorOverload>>

export type OperatorNamespace = Readonly<Record<string, OperatorPacket>>

/** The operators of PyTorch itself; those of the generated list compile with `noUncheckedIndexedAccess`, too. */
export type AtenNamespace = OperatorNamespace & {
  readonly [Name in keyof AtenOverloads]: OperatorPacket & Readonly<Record<AtenOverloads[Name], OperatorOverload>>
}

function makeOverload(qualified: string, overload: string): OperatorOverload {
  const call = lookup(qualified, overload)
  let signature: Signature | undefined
  return (...args) => {
    // The shim checks positional arguments; named ones need the schema.
    if (!isOptions(args.at(-1))) return invoke(call, args.map(convert), args)
    signature ??= signatureOf(qualified, overload)
    const { bound, positional, options } = choose(`${qualified}.${overload || 'default'}`, [signature], null, args)
    return invoke(call, bound, [...positional, ...Object.values(options ?? {})])
  }
}

function invoke(call: Call, handles: readonly unknown[], given: readonly unknown[]): unknown {
  return restore(call(...handles), given)
}

/** Returns the Tensor of an argument for a result that is its handle. */
function restore(result: unknown, given: readonly unknown[]): unknown {
  if (Array.isArray(result)) return result.map((item) => restore(item, given))
  if (typeof result !== 'object' || result === null) return result
  return given.flat().find((argument) => isTensor(argument) && argument._h === result) ?? wrapResult(result)
}

function makePacket(qualified: string): OperatorPacket {
  const overloads = overloadsOf(qualified)
  if (overloads.length === 0)
    throw new TorchError(`libtorch ${native.buildInfo().version} has no operator ${qualified}`, { code: 'OPERATOR_NOT_FOUND' })
  const made = new Map<string, OperatorOverload>()
  const get = (overload: string): OperatorOverload => {
    let function_ = made.get(overload)
    if (function_ === undefined) made.set(overload, (function_ = makeOverload(qualified, overload)))
    return function_
  }
  let all: Signature[] | undefined
  const any: OperatorOverload = (...args) => {
    if (overloads.length === 1) return get(overloads[0]!)(...args)
    all ??= overloads.map((overload) => signatureOf(qualified, overload))
    const { signature, bound, positional, options } = choose(qualified, all, null, args)
    signature.call ??= lookup(qualified, signature.overload)
    return invoke(signature.call, bound, [...positional, ...Object.values(options ?? {})])
  }
  return new Proxy(any, {
    get: (target, key) => {
      if (typeof key !== 'string' || key in target) return Reflect.get(target, key) as unknown
      const overload = key === 'default' ? '' : key
      if (!overloads.includes(overload)) {
        throw new TorchError(
          `${qualified} has no overload '${key}': expected one of ${overloads.map((name) => name || 'default').join(', ')}`,
          { code: 'OPERATOR_NOT_FOUND' },
        )
      }
      return get(overload)
    },
  }) as OperatorPacket
}

function makeNamespace(namespace: string): OperatorNamespace {
  const packets = new Map<string, OperatorPacket>()
  return new Proxy({} as OperatorNamespace, {
    get: (_, key) => {
      if (typeof key !== 'string') return undefined
      let packet = packets.get(key)
      if (packet === undefined) packets.set(key, (packet = makePacket(`${namespace}::${key}`)))
      return packet
    },
  })
}

const namespaces = new Map<string, OperatorNamespace>()

const LOAD_LIBRARY = declared<{ path: string }>('ops.loadLibrary', 'path:s')

/**
 * Loads a library of operators, such as torchvision's `_C.so`, after which `torch.ops` and TorchScript programs find them. It is native code: load
 * only what you trust.
 *
 * @throws FileError for a file that is not there; TorchError for one that the system cannot load, as one made for another libtorch, with the system's reason.
 * @see https://docs.pytorch.org/docs/stable/library.html
 */
function loadLibrary(...given: [path: string]): void {
  const path = resolve(read(LOAD_LIBRARY, given).path)
  if (!existsSync(path)) throw new FileError(`there is no file ${path}`)
  try {
    native.loadLibrary(path)
  } catch (error) {
    const hint = /undefined symbol/.test((error as Error).message)
      ? `: it was made for another libtorch than ${native.buildInfo().version}, or for Python`
      : ''
    throw new TorchError(`${path} cannot be loaded (${(error as Error).message})${hint}`, { code: 'NATIVE' })
  }
}

/** All namespaces of operators. */
export type Operators = Readonly<Record<string, OperatorNamespace>> & {
  readonly aten: AtenNamespace
  readonly loadLibrary: typeof loadLibrary
}

/**
 * Every operator of the loaded libtorch by name: `torch.ops.aten.add.Tensor(x, y)`, `.default` for the overload without a name;
 * `torch.ops.loadLibrary(path)` adds those of a library.
 *
 * As unchecked as in Python: some internal operators can crash the process on arguments that make no sense.
 *
 * @example
 * torch.ops.aten.add.Tensor(torch.ones([2]), torch.ones([2]), 3).tolist() // [4, 4]
 */
export const ops: Operators = new Proxy({} as Operators, {
  get: (_, key) => {
    if (typeof key !== 'string') return undefined
    if (key === 'loadLibrary') return loadLibrary
    let namespace = namespaces.get(key)
    if (namespace === undefined) namespaces.set(key, (namespace = makeNamespace(key)))
    return namespace
  },
})
