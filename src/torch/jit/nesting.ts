import { FileError } from '../../native'
import { largestTuple, longestChains } from './call-chains'
import { crashingLine } from './crashes'
import { tokensOf, type Token } from './tokens'

/** Bounds of nesting, far above what compilers and people write. libtorch recurses once per level, and a stack overflow ends the process. */
const MAX = {
  brackets: 200,
  /** Blocks in blocks: each `elif` is one in the `else` of those before it, and what follows a `return`, `break` or `continue` is one, too. */
  blocks: 400,
  /** Parts of one expression, such as the terms of a sum. */
  parts: 1000,
  /** Comments, empty and continued lines in a row. */
  skipped: 1000,
  /** Functions that call one another in a chain, and classes that name one another. */
  chain: 2000,
  /** The same, times the tokens of the program: the compiler's time grows with both. */
  chainedTokens: 30_000_000,
  /** Fields of a named tuple, with those of its fields that are named tuples. */
  fields: 10_000,
} as const

/** Calls in a chain that any program may have, however long it is. */
const SHORT_CHAIN = 20

/** What is nested too deeply in code, and the line where it is. */
export interface TooDeep {
  readonly what: string
  readonly line: number
}

/**
 * Rejects TorchScript code whose nesting would overflow the compiler's stack.
 *
 * @throws FileError with file and line.
 */
export function checkNesting(code: string, name: string): void {
  const found = tooDeep(code)
  if (found === null) return
  throw new FileError(
    `the code of '${name}' has ${found.what} at line ${found.line}, more than any compiler writes: the file is damaged or made to do harm`,
  )
}

/**
 * Rejects the code records of one program whose functions call one another in chains too long for the compiler's stack or for anyone's patience.
 *
 * @param codes - The code of each record by its qualified name, such as `__torch__.torchvision.models.resnet`.
 * @throws FileError
 */
export function checkChains(codes: ReadonlyMap<string, string>): void {
  const what = tooLong(codes)
  if (what !== null) throw new FileError(`its code has ${what}, more than any compiler writes: the file is damaged or made to do harm`)
}

/** What libtorch cannot compile in the methods of one module, because it would end the process, and where; null if there is nothing. */
export function fatalSource(code: string): TooDeep | null {
  const found = tooDeep(code)
  if (found !== null) return found
  const crashing = crashingLine(code)
  if (crashing !== null) return { what: 'a list written out where the type is Any', line: crashing }
  const what = tooLong(new Map([['', code]]))
  return what === null ? null : { what, line: 1 }
}

function tooLong(codes: ReadonlyMap<string, string>): string | null {
  const chains = longestChains(codes)
  const { calls, names, tokens } = chains
  if (names > MAX.chain) return `${names} classes that name one another in a chain`
  if (largestTuple(chains) > MAX.fields) return `a named tuple of named tuples with more than ${MAX.fields} fields in all`
  const isLong = calls > MAX.chain || (calls > SHORT_CHAIN && calls * tokens > MAX.chainedTokens)
  return isLong ? `${calls} functions that call one another in a chain` : null
}

/** What would overflow the compiler's stack in code, or in a type, by its own nesting; null if nothing does. */
export function tooDeep(code: string): TooDeep | null {
  const brackets = new Brackets()
  const blocks = new Blocks()
  let isFirst = true
  for (const token of tokensOf(code)) {
    if (token.skipped > MAX.skipped) return { what: `${token.skipped} comments and empty lines in a row`, line: token.line }
    if (token.kind === 'line') {
      blocks.startLine(token.indent)
      brackets.startLine()
      isFirst = true
      continue
    }
    blocks.take(token, isFirst)
    brackets.take(token)
    isFirst = false
    const what = brackets.excess() ?? blocks.excess()
    if (what !== null) return { what, line: token.line }
  }
  return null
}

/** Counts open brackets, and the parts of the expression in each. */
class Brackets {
  private readonly parts = [0]

  startLine(): void {
    if (this.parts.length === 1) this.parts[0] = 0
  }

  take({ kind }: Token): void {
    if (kind === 'close') {
      if (this.parts.length > 1) this.parts.pop()
    } else if (kind === 'comma') this.parts[this.parts.length - 1] = 0
    else {
      this.parts[this.parts.length - 1]!++
      if (kind === 'open') this.parts.push(0)
    }
  }

  excess(): string | null {
    if (this.parts.length - 1 > MAX.brackets) return `${MAX.brackets} brackets in one another`
    return this.parts[this.parts.length - 1]! > MAX.parts ? `an expression of more than ${MAX.parts} parts` : null
  }
}

const EXITS = new Set(['return', 'break', 'continue'])

/** Counts blocks in blocks. */
class Blocks {
  /** The open blocks: their indentation, and the number of `elif` in the latest `if` of each. */
  private readonly open: { indent: number; elifs: number }[] = []
  private elifs = 0
  /** The statements of the current function that leave a block early, and the indentation of its `def`. */
  private exits = 0
  private functionIndent = 0

  startLine(indent: number): void {
    while (this.open.length > 0 && this.open.at(-1)!.indent > indent) this.elifs -= this.open.pop()!.elifs
    if (this.open.length === 0 || this.open.at(-1)!.indent < indent) this.open.push({ indent, elifs: 0 })
  }

  take({ kind, text }: Token, isFirst: boolean): void {
    const block = this.open.at(-1)
    if (kind !== 'name' || block === undefined) return
    if (EXITS.has(text)) this.exits++
    if (!isFirst) return
    if (text === 'def' && (this.exits === 0 || block.indent <= this.functionIndent)) [this.exits, this.functionIndent] = [0, block.indent]
    if (text === 'elif') [block.elifs, this.elifs] = [block.elifs + 1, this.elifs + 1]
    else if (text !== 'else') [block.elifs, this.elifs] = [0, this.elifs - block.elifs]
  }

  excess(): string | null {
    const depth = this.open.length + this.elifs + this.exits
    return depth > MAX.blocks ? `${MAX.blocks} blocks in one another, counting elif and what follows return, break and continue` : null
  }
}
