import { snakeCase } from '../../common/text'
import { JitError, native } from '../../native'
import { isTensor, TensorBase } from '../base'
import type { Tensor } from '../tensor'
import { lookup } from './lookup'
import type { Parameter, Signature } from './signature'

/**
 * Recording writes what a forward computes as TorchScript: forward runs with symbols in place of tensors, and each operator that meets
 * one adds a line instead of computing.
 */
export class TensorSymbol {
  constructor(readonly source: string) {}
}

/** Why a forward cannot be written as TorchScript. */
export class NotRecordable extends JitError {}

let lines: string[] | null = null

/** @internal Whether any of these, at any depth of arrays, is a symbol. */
export function hasSymbol(values: readonly unknown[]): boolean {
  return lines !== null && values.some((value) => value instanceof TensorSymbol || (Array.isArray(value) && hasSymbol(value as unknown[])))
}

/** @internal A tensor that stands in the source as this text. */
export function tensorSymbol(source: string, method: (name: string, args: unknown[]) => unknown): Tensor {
  const symbol = new TensorSymbol(source)
  return new Proxy(symbol, {
    get(target, key) {
      if (key === 'source' || typeof key === 'symbol') return Reflect.get(target, key) as unknown
      if (READ_ONLY.has(key)) throw new NotRecordable(`forward reads '${key}' of a tensor, whose value is not known while recording`)
      return (...args: unknown[]) => method(key, args)
    },
  }) as unknown as Tensor
}

/** Members that tell a value: TorchScript would need another form for each. */
const READ_ONLY = new Set([
  'shape',
  'dtype',
  'device',
  'layout',
  'requiresGrad',
  'grad',
  'data',
  'dim',
  'numel',
  'size',
  'item',
  'tolist',
  '_h',
])

/** @internal Runs `body` and gives the lines that it wrote, its result last. */
export function recorded(body: () => unknown): string[] {
  const outer = lines
  const own: string[] = (lines = [])
  try {
    own.push(`return ${literal(body())}`)
    return own
  } finally {
    lines = outer
  }
}

/** @internal Writes a call of an operator; gives what stands for its results. */
export function recordCall(
  signature: Pick<Signature, 'native' | 'overload' | 'parameters' | 'inplace'>,
  values: readonly unknown[],
  makeSymbol: (source: string) => Tensor,
): unknown {
  const written: string[] = []
  let isGap = false
  for (const [i, parameter] of signature.parameters.entries()) {
    const value = values[i]
    if (value === undefined) {
      isGap = true
      continue
    }
    const text = literal(value, parameter)
    written.push(isGap || parameter.keywordOnly ? `${parameter.name}=${text}` : text)
  }
  const call = `torch.${signature.native.slice('aten::'.length)}(${written.join(', ')})`
  if (signature.inplace) {
    lines!.push(call)
    return values[0]
  }
  const names = Array.from({ length: resultsOf(signature) }, (_, i) => `v${lines!.length}_${i}`)
  lines!.push(`${names.join(', ')} = ${call}`)
  if (resultText(signature) === 'Tensor[]') return itemsOf(names[0]!, makeSymbol)
  const symbols = names.map(makeSymbol)
  return symbols.length === 1 ? symbols[0] : symbols
}

/** @internal Writes a line of its own making; gives the symbol of its result. */
export function recordLine(source: string, makeSymbol: (source: string) => Tensor): Tensor {
  if (lines === null) throw new NotRecordable('nothing is being recorded')
  const name = `v${lines.length}_0`
  lines.push(`${name} = ${source}`)
  return makeSymbol(name)
}

/** A list whose length is not known while recording: it gives as many items as are taken from it. */
function* itemsOf(name: string, makeSymbol: (source: string) => Tensor): Generator<Tensor, never> {
  for (let i = 0; ; i++) yield makeSymbol(`${name}[${i}]`)
}

/** What a schema says of an operator's results, without alias annotations. */
function resultText({ native: name, overload }: Pick<Signature, 'native' | 'overload'>): string {
  const schema = native.schema(name, overload)
  if (schema === null) lookup(name, overload)
  return schema!.slice(schema!.lastIndexOf('->') + 2).trim()
}

function resultsOf(signature: Pick<Signature, 'native' | 'overload'>): number {
  const results = resultText(signature)
  if (!results.startsWith('(')) return 1
  return results === '()' ? 0 : results.split(',').length
}

/** A value as TorchScript writes it. */
function literal(value: unknown, parameter?: Parameter): string {
  if (value instanceof TensorSymbol) return value.source
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'string') {
    if (parameter?.kind.name.startsWith('str') === true || parameter?.kind.name === 'string') return JSON.stringify(value)
    throw new NotRecordable(
      `forward gives ${parameter?.name ?? 'an operator'} the value '${value}', which TorchScript writes in another form`,
    )
  }
  if (typeof value === 'number') return parameter?.kind.name.startsWith('float') === true ? pythonFloat(value) : pythonNumber(value)
  if (typeof value === 'object' && 'float' in value) return pythonFloat(Number(value.float))
  if (Array.isArray(value)) return `[${value.map((item: unknown) => literal(item, parameter)).join(', ')}]`
  if (isTensor(value) || value instanceof TensorBase || typeof value === 'object')
    throw new NotRecordable('forward uses a tensor that is no parameter or buffer of its module')
  throw new NotRecordable(`forward uses a value that TorchScript cannot write: ${typeof value}`)
}

const pythonNumber = (value: number): string => (Number.isInteger(value) ? String(value) : pythonFloat(value))

/** A float, with a dot or an exponent so that it is none of the ints. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return `float('${Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'}')`
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.`
}

/** @internal Python's name of a Tensor method. */
export const methodName = snakeCase
