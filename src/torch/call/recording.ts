import { snakeCase } from '../../common/text'
import { JitError, native } from '../../native'
import { isTensor, TensorBase } from '../tensor/base'
import type { Tensor } from '../tensor/tensor'
import { lookup } from './lookup'
import type { Parameter, Signature } from './signature'

/**
 * A tensor while a forward is recorded as TorchScript: forward runs with symbols instead of tensors, and each operator that receives one
 * writes a line of source instead of computing.
 */
export class TensorSymbol {
  constructor(readonly source: string) {}
}

/** Why a forward cannot be written as TorchScript. */
export class NotRecordable extends JitError {}

/** A number that is known only when the program runs, such as a size of a tensor; it can be passed to operators. */
export class NumberSymbol {
  constructor(readonly source: string) {}

  valueOf(): never {
    throw new NotRecordable('forward computes with a size of a tensor, whose value is not known while recording')
  }
}

/** Thrown when a forward asks for the number of dimensions of a tensor for which none is assumed yet. */
class RankNeeded extends Error {
  constructor(
    readonly source: string,
    readonly written: readonly string[],
  ) {
    super(`forward asks how many dimensions ${source} has`)
  }
}

let lines: string[] | null = null
let ranks: ReadonlyMap<string, number> = new Map()

/** @internal Whether one of these values, in arrays at any depth, is a symbol. */
export function hasSymbol(values: readonly unknown[]): boolean {
  if (lines === null) return false
  return values.some((value) => isSymbol(value) || (Array.isArray(value) && hasSymbol(value as unknown[])))
}

const isSymbol = (value: unknown): boolean => value instanceof TensorSymbol || value instanceof NumberSymbol

/** The number of dimensions that recording currently assumes for a tensor. */
function rankOf(source: string): number {
  const rank = ranks.get(source)
  if (rank === undefined) throw new RankNeeded(source, [...lines!])
  return rank
}

/** @internal A size times a factor, rounded down. */
export function scaledSize(size: number, factor: number): number {
  const given: unknown = size
  if (given instanceof NumberSymbol) return new NumberSymbol(`int(float(${given.source}) * ${pythonFloat(factor)})`) as unknown as number
  return Math.floor(size * factor)
}

/** @internal A symbol with this text in the source; the sizes of a module's own tensor are known. */
export function tensorSymbol(source: string, method: (name: string, args: unknown[]) => unknown, own: Tensor | null): Tensor {
  const symbol = new TensorSymbol(source)
  return new Proxy(symbol, {
    get(target, key) {
      if (key === 'source' || typeof key === 'symbol') return Reflect.get(target, key) as unknown
      if (own !== null && (key === 'dim' || key === 'shape' || key === 'dtype')) return key === 'dim' ? () => own.dim() : own[key]
      if (key === 'dim') return () => rankOf(source)
      if (key === 'shape') return Array.from({ length: rankOf(source) }, (_, i) => new NumberSymbol(`${source}.size(${i})`))
      if (READ_ONLY.has(key)) throw new NotRecordable(`forward reads '${key}' of a tensor, whose value is not known while recording`)
      return (...args: unknown[]) => method(key, args)
    },
  }) as unknown as Tensor
}

/** Members that read a value or property, which cannot be recorded. */
const READ_ONLY = new Set(['dtype', 'device', 'layout', 'requiresGrad', 'grad', 'data', 'numel', 'size', 'item', 'tolist', '_h'])

/** The distinguished numbers of dimensions; a larger one is treated as the last. */
const RANKS = [0, 1, 2, 3, 4, 5, 6]

/**
 * @internal Runs `body` and returns the lines that it wrote, the result last. If it asks for a tensor's number of dimensions, it runs once
 * for each number, and the lines are put under `if`.
 */
export function recorded(body: () => unknown): string[] {
  const [outerLines, outerRanks] = [lines, ranks]
  const own: string[] = (lines = [])
  try {
    own.push(`return ${resultLiteral(body())}`)
    return own
  } catch (error) {
    if (error instanceof RankNeeded) return branches(error, body)
    throw error
  } finally {
    lines = outerLines
    ranks = outerRanks
  }
}

/** The lines of `body` for each number of dimensions of one tensor; numbers that it rejects become an assertion. */
function branches({ source, written }: RankNeeded, body: () => unknown): string[] {
  const known = ranks
  const byText = new Map<string, { readonly lines: readonly string[]; readonly ranks: number[] }>()
  let refusal: unknown
  for (const rank of RANKS) {
    ranks = new Map(known).set(source, rank)
    let rest: readonly string[]
    try {
      rest = recorded(body).slice(written.length)
    } catch (error) {
      if (error instanceof NotRecordable) throw error
      refusal ??= error
      continue
    }
    const group = byText.get(rest.join('\n'))
    if (group === undefined) byText.set(rest.join('\n'), { lines: rest, ranks: [rank] })
    else group.ranks.push(rank)
  }
  const groups = [...byText.values()]
  if (groups.length === 0) throw refusal
  const condition = (group: { readonly ranks: readonly number[] }) => group.ranks.map((rank) => `${source}.dim() == ${rank}`).join(' or ')
  const result = [...written]
  if (refusal !== undefined)
    result.push(`assert ${groups.map(condition).join(' or ')}, ${JSON.stringify(`${source} has a wrong number of dimensions`)}`)
  // The group of the last number of dimensions is under else, because it also applies to larger numbers.
  const last = groups.pop()!
  if (groups.length === 0) return [...result, ...last.lines]
  for (const [i, group] of groups.entries()) result.push(`${i === 0 ? 'if' : 'elif'} ${condition(group)}:`, ...indented(group.lines))
  return [...result, 'else:', ...indented(last.lines)]
}

/** @internal */
export function indented(texts: readonly string[]): string[] {
  return texts.map((text) => `    ${text}`)
}

/** The result of a forward: a tensor, or several as a tuple. */
function resultLiteral(value: unknown): string {
  return Array.isArray(value) ? `(${value.map((item) => literal(item)).join(', ')})` : literal(value)
}

/** @internal Writes a call of an operator; returns symbols for its results. */
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

/** @internal Records an expression that depends on numbers of dimensions: `x` with a last dimension of 1 if it has one fewer than `like`. */
export function recordLastDimension(x: Tensor, like: Tensor, makeSymbol: (source: string) => Tensor): Tensor {
  if (lines === null) throw new NotRecordable('nothing is being recorded')
  const name = `v${lines.length}_0`
  lines.push(`${name} = ${literal(x)}.unsqueeze(-1) if ${literal(x)}.dim() == ${literal(like)}.dim() - 1 else ${literal(x)}`)
  return makeSymbol(name)
}

/** A list of unknown length; destructuring takes as many items as it needs. */
function* itemsOf(name: string, makeSymbol: (source: string) => Tensor): Generator<Tensor, never> {
  for (let i = 0; ; i++) yield makeSymbol(`${name}[${i}]`)
}

/** The results in an operator's schema, without alias annotations. */
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

/** A value as a TorchScript literal. */
function literal(value: unknown, parameter?: Parameter): string {
  if (value instanceof TensorSymbol || value instanceof NumberSymbol) return value.source
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

/** A float literal, with a dot or an exponent so that it is not an int. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return `float('${Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'}')`
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.`
}

/** @internal Python's name of a Tensor method. */
export const methodName = snakeCase
