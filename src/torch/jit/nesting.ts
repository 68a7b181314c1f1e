import { FileError } from '../../native'

/** Maximum nesting of brackets. libtorch's compiler recurses once per level, and a stack overflow ends the process; code written by libtorch stays far below. */
const MAX_BRACKETS = 200
const MAX_INDENT = 400
/** Maximum number of parts of one expression, such as the terms of a sum. */
const MAX_PARTS = 1000

const token = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#.*|[A-Za-z_]\w*|[\d.]+|\n *|[^\s]/g

/**
 * Rejects TorchScript code whose nesting would overflow the compiler's stack.
 *
 * @throws FileError with file and line.
 */
export function checkNesting(code: string, name: string): void {
  const line = tooDeepLine(code)
  if (line === null) return
  throw new FileError(
    `the code of '${name}' is nested deeper than any compiler wrote it, at line ${line}: the file is damaged or made to do harm`,
  )
}

/** The first line whose nesting would overflow the compiler's stack; null if there is none. */
export function tooDeepLine(code: string): number | null {
  /** The number of parts so far in each open bracket. */
  const parts = [0]
  let line = 1
  for (const [text] of code.matchAll(token)) {
    if (text[0] === '\n') {
      line++
      if (text.length - 1 > MAX_INDENT) return line
      if (parts.length === 1) parts[0] = 0
    } else if ('([{'.includes(text)) {
      parts[parts.length - 1]!++
      parts.push(0)
    } else if (')]}'.includes(text)) {
      if (parts.length > 1) parts.pop()
    } else if (text === ',') parts[parts.length - 1] = 0
    else if (!text.startsWith('#')) parts[parts.length - 1]!++
    if (parts.length > MAX_BRACKETS || parts[parts.length - 1]! > MAX_PARTS) return line
  }
  return null
}
