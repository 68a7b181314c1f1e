import { ArgumentError } from '../../native'
import { bind, separate, showSignature } from './bind'
import { refuseAbsentDtype } from './dtype-option'
import { misfit } from './errors'
import { parseParameters, type Parameter } from './signature'

/** The signature of a function or class that PyTorch implements in Python; `Arguments` is the type that its body receives. */
export interface Declared<Arguments> {
  readonly name: string
  readonly fields: readonly string[]
  parsed: readonly Parameter[] | undefined
  /** Only for its type. */
  readonly arguments?: Arguments
}

/** @internal Fields are read when the signature is first used. */
export function declared<Arguments>(name: string, ...fields: string[]): Declared<Arguments> {
  return { name, fields, parsed: undefined }
}

/**
 * @internal Reads the arguments of a declared function, given by position, by name in a last object, or both; checks them and fills in defaults.
 *
 * Null is a value if Python accepts None, and means the default otherwise.
 *
 * @throws ArgumentError for arguments that are missing, of a wrong kind, given twice, unknown or too many.
 */
export function read<Arguments>(signature: Declared<Arguments>, given: ArrayLike<unknown>, call = signature.name): Arguments {
  const parameters = parametersOf(signature)
  const whole = { parameters, selfIndex: -1, factory: false }
  const { positional, options } = separate(given)
  if (options !== null) refuseAbsentDtype(call, [whole], options)
  const bound = bind(whole, null, { positional, options }, readValue, true)
  if (!Array.isArray(bound)) {
    if ('parameter' in bound) throw misfit(call, bound.parameter.camelName, bound.parameter.kind.text, bound.received)
    throw new ArgumentError(`${call}(): ${bound.reason}; expected ${showSignature(call, whole)}`)
  }
  const result: Record<string, unknown> = {}
  for (let i = 0; i < parameters.length; i++) {
    const parameter = parameters[i]!
    const value = bound[i]
    if (hasLongInteger(value) && /\bint\b/.test(parameter.kind.name))
      throw misfit(call, parameter.camelName, 'whole numbers between -2^53 and 2^53', value)
    if (parameter.kind.holds?.(value) === false) throw misfit(call, parameter.camelName, parameter.kind.text, value)
    result[parameter.camelName] = value === undefined ? (parameter.default ?? null) : value
  }
  return result as Arguments
}

/** Bodies calculate with numbers; only an integer that no number holds is still a bigint. */
function hasLongInteger(value: unknown): boolean {
  return typeof value === 'bigint' || (Array.isArray(value) && value.some((item) => typeof item === 'bigint'))
}

const readValue = (parameter: Parameter, value: unknown): unknown => parameter.kind.read(value)

/** The signature of a class; `Constructor` is the type of its constructor, with all forms of its arguments. */
export interface DeclaredClass<Arguments, Constructor> extends Declared<Arguments> {
  /** The arguments that become fields of the same name. */
  readonly stored: readonly string[]
  /** The parameters of a layer's forward. */
  readonly inputs: readonly string[]
  /** Only for its type. */
  readonly constructorType?: Constructor
}

/** @internal */
export function declaredClass<Arguments, Constructor>(
  name: string,
  fields: readonly string[],
  stored: readonly string[],
  inputs: readonly string[],
): DeclaredClass<Arguments, Constructor> {
  return { name, fields, parsed: undefined, stored, inputs }
}

/** @internal The parameters of a declared signature. */
export function parametersOf(signature: Declared<unknown>): readonly Parameter[] {
  return (signature.parsed ??= parseParameters(signature.fields).map(withReadDefault))
}

/** Converts a default to the form that a body receives, such as `[1, 1]` for one number. */
function withReadDefault(parameter: Parameter): Parameter {
  const { kind, default: fallback } = parameter
  return fallback == null || !kind.accepts(fallback) ? parameter : { ...parameter, default: kind.read(fallback) }
}

/** @internal A class under the type of the constructor that its signature declares, whose forms no class expression can have. */
export function constructed<Constructor>(_: DeclaredClass<unknown, Constructor>, made: unknown): Constructor {
  return made as Constructor
}

/** @internal A signature as that of its family, whose members share these arguments and this base: `Conv2d` among the convolutions. */
export function inFamily<Arguments, Base>(signature: DeclaredClass<unknown, unknown>): DeclaredClass<Arguments, Base> {
  return signature as DeclaredClass<Arguments, Base>
}
