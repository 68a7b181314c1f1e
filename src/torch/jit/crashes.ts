import { FileError } from '../../native'
import { tokensOf, type Token } from './tokens'

/** @throws FileError with record and line for code at which libtorch's compiler would end the process. */
export function checkCrashes(code: string, name: string): void {
  const line = crashingLine(code)
  if (line !== null)
    throw new FileError(`the code of '${name}' writes a list out where the type is Any, at line ${line}: libtorch cannot compile that`)
}

/**
 * The first line at which libtorch's compiler ends the process with code that it should refuse; null if there is none.
 *
 * It does so where a list is written out in a place of the type Any: `annotate(Any, [x])`, `y : Any = [x]`, or `return [x]` of a function that returns
 * Any. No compiler writes that.
 */
export function crashingLine(code: string): number | null {
  /** The functions that are open, by the indentation of their `def`. */
  const functions: { readonly indent: number; readonly returnsAny: boolean }[] = []
  for (const line of linesOf(code)) {
    const { indent, tokens } = line
    if (tokens[0]?.text === 'def') {
      while (functions.length > 0 && functions.at(-1)!.indent >= indent) functions.pop()
      functions.push({ indent, returnsAny: isAny(tokens.slice(lastArrow(tokens), -1)) })
    }
    if (placesOfAny(tokens, functions.at(-1)?.returnsAny ?? false).some((start) => isListAt(tokens, start))) return line.number
  }
  return null
}

interface Line {
  readonly indent: number
  readonly number: number
  readonly tokens: readonly Token[]
}

function* linesOf(code: string): IterableIterator<Line> {
  let tokens: Token[] = []
  let start: Token | null = null
  for (const token of tokensOf(code)) {
    if (token.kind !== 'line') {
      tokens.push(token)
      continue
    }
    if (start !== null) yield { indent: start.indent, number: start.line, tokens }
    tokens = []
    start = token
  }
}

/** The place after the last `->`, or that after the end. */
function lastArrow(tokens: readonly Token[]): number {
  const at = tokens.findLastIndex(({ text }, i) => text === '>' && tokens[i - 1]?.text === '-')
  return at < 0 ? tokens.length : at + 1
}

/** The positions at which expressions start that are annotated as Any. */
function placesOfAny(tokens: readonly Token[], returnsAny: boolean): number[] {
  const places = returnsAny && tokens[0]?.text === 'return' ? [1] : []
  if (tokens[1]?.text === ':') {
    const equals = tokens.findIndex(({ text }) => text === '=')
    if (equals > 0 && isAny(tokens.slice(2, equals))) places.push(equals + 1)
  }
  tokens.forEach(({ text }, i) => {
    if (text !== 'annotate') return
    let comma = i
    while (comma < tokens.length && tokens[comma]!.kind !== 'comma') comma++
    if (isAny(tokens.slice(i + 2, comma))) places.push(comma + 1)
  })
  return places
}

/** Whether tokens are the type Any, or it or None. */
function isAny(tokens: readonly Token[]): boolean {
  return /^(Optional\[)*Any\]*$/.test(tokens.map(({ text }) => text).join(''))
}

/** Whether an expression is a list written out, in brackets or one of two that `if` chooses between, perhaps. */
function isListAt(tokens: readonly Token[], start: number): boolean {
  /** Open brackets that only group, and within them those around arguments and indices, which have types of their own. */
  let [groups, depth] = [0, 0]
  let isOperand = true
  for (let at = start; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!
    if (kind === 'close' && depth === 0 && groups-- === 0) return false
    if (kind === 'close' && depth > 0) depth--
    else if (kind === 'comma' && depth === 0) return false
    else if (kind === 'open') {
      if (isOperand && text === '[') return true
      if (isOperand && text === '(') {
        groups++
        continue
      }
      depth++
    }
    isOperand = depth === 0 && text === 'else'
  }
  return false
}
