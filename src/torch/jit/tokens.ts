/** A token of TorchScript, as far as nesting depends on it. */
export interface Token {
  readonly kind: 'name' | 'line' | 'open' | 'close' | 'comma' | 'other'
  /** The characters of a name; the bracket of an open or a close; else empty. */
  readonly text: string
  /** The line's indentation, for a line's start. */
  readonly indent: number
  /** The number of the line in the code. */
  readonly line: number
  /** Comments, empty lines and continued lines directly before the token: libtorch's lexer recurses once for each. */
  readonly skipped: number
}

const NEWLINE = 10
const HASH = 35
const COMMA = 44
const DOT = 46
const BACKSLASH = 92
const QUOTES = [34, 39]
const TYPE_COMMENT = '# type:'

/**
 * The tokens of TorchScript code, whose characters are bytes, as libtorch's lexer separates them (torch/csrc/jit/frontend/lexer.h).
 *
 * Ends with a line's start, at the end or where libtorch's lexer stops with an error, at a string without an end. Takes time proportional to
 * the code.
 */
export function* tokensOf(code: string): IterableIterator<Token> {
  let at = 0
  let line = 1
  let depth = 0
  let skipped = 0
  /** Whether the indentation of a line is not passed on yet. */
  let isLineStart = true
  const token = (kind: Token['kind'], text = '', indent = 0): Token => {
    const made = { kind, text, indent, line, skipped }
    skipped = 0
    return made
  }
  while (at < code.length) {
    const start = at
    while (isBlank(code.charCodeAt(at))) at++
    const indent = at - start
    const first = code.charCodeAt(at)
    if (first === NEWLINE) {
      at++
      line++
      skipped++
      if (depth === 0) isLineStart = true
      continue
    }
    if (first === HASH && !code.startsWith(TYPE_COMMENT, at)) {
      const end = code.indexOf('\n', at)
      at = end < 0 ? code.length : end
      skipped++
      continue
    }
    if (first === BACKSLASH && code.charCodeAt(at + 1) === NEWLINE) {
      at += 2
      line++
      skipped++
      isLineStart = false
      continue
    }
    if (at >= code.length) break
    if (isLineStart && depth === 0) yield token('line', '', indent)
    isLineStart = false
    if (first === HASH) {
      yield token('other')
      at += TYPE_COMMENT.length
    } else if (QUOTES.includes(first)) {
      const end = stringEnd(code, at)
      if (end < 0) break
      yield token('other')
      line += newlines(code, at, end)
      at = end
    } else if (isNameStart(first)) {
      const begin = at
      do at++
      while (isNamePart(code.charCodeAt(at)))
      yield token('name', code.slice(begin, at))
    } else if (isDigit(first)) {
      yield token('other')
      do at++
      while (isNamePart(code.charCodeAt(at)) || code.charCodeAt(at) === DOT)
    } else {
      const character = code[at]!
      if ('([{'.includes(character)) depth++
      if (')]}'.includes(character)) depth = Math.max(0, depth - 1)
      yield token(kindOf(character, first), character)
      at++
    }
  }
  yield token('line')
}

function kindOf(character: string, code: number): Token['kind'] {
  if (code === COMMA) return 'comma'
  if ('([{'.includes(character)) return 'open'
  return ')]}'.includes(character) ? 'close' : 'other'
}

/** The end of a string that starts here, with one or three quotes; -1 if it has none. */
function stringEnd(code: string, start: number): number {
  const quote = code[start]!
  const end = code.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote
  for (let at = start + end.length; at < code.length; at++) {
    if (code.startsWith(end, at)) return at + end.length
    const character = code.charCodeAt(at)
    if (character === NEWLINE && end.length === 1) return -1
    if (character === BACKSLASH) at++
  }
  return -1
}

function newlines(code: string, start: number, end: number): number {
  let count = 0
  for (let at = code.indexOf('\n', start); at >= 0 && at < end; at = code.indexOf('\n', at + 1)) count++
  return count
}

/** C's isspace without the newline. */
const isBlank = (code: number) => code === 32 || code === 9 || (code >= 11 && code <= 13)
const isNameStart = (code: number) => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95
const isDigit = (code: number) => code >= 48 && code <= 57
const isNamePart = (code: number) => isNameStart(code) || isDigit(code)
