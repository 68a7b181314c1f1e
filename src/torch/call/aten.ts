import { camelCase } from '../../common/text'
import { ArgumentError } from '../../native'
import { argumentsOf, guardOf, isCopied } from './guards'
import { lookup, type Call } from './lookup'

export type { Call } from './lookup'

const doors = new Map<string, Map<string, Call>>()

/**
 * @internal An operator of libtorch, looked up once, cached, and guarded against arguments that would crash the process.
 *
 * The call takes handles (`tensor._h`) and returns handles. Only `torch.ops` bypasses the guards.
 *
 * @throws TorchError for an operator that the loaded libtorch lacks; the call throws ArgumentError for arguments that a guard rejects.
 */
export function aten(name: string, overload = ''): Call {
  let overloads = doors.get(name)
  if (overloads === undefined) doors.set(name, (overloads = new Map()))
  let call = overloads.get(overload)
  if (call === undefined) overloads.set(overload, (call = guarded(name, overload)))
  return call
}

function guarded(name: string, overload: string): Call {
  const call = lookup(`aten::${name}`, overload)
  if (isCopied(name)) return (...args) => lookup('aten::clone', '')(call(...args))
  const guard = guardOf(name, overload)
  if (guard === undefined) return call
  const prepare = argumentsOf(name)
  return (...args) => {
    const reason = guard(args)
    if (reason !== null) throw new ArgumentError(`${camelCase(name)}(): ${reason}`)
    return prepare === undefined ? call(...args) : call(...prepare(args))
  }
}
