import { FileError } from '../../native'

/** libtorch's compiler calls itself once for each level, and a stack that overflows ends the process. Code that it wrote itself stays far below. */
const MAX_BRACKETS = 200
const MAX_INDENT = 400
/** Parts of one expression between two separators, such as the terms of a sum. */
const MAX_PARTS = 1000

const token = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#.*|[A-Za-z_]\w*|[\d.]+|\n *|[^\s]/g

/**
 * Refuses a file's TorchScript code whose nesting would overflow the compiler's stack.
 *
 * @throws FileError saying where.
 */
export function checkNesting(code: string, name: string): void {
  const line = tooDeepLine(code)
  if (line === null) return
  throw new FileError(
    `the code of '${name}' is nested deeper than any compiler wrote it, at line ${line}: the file is damaged or made to do harm`,
  )
}

/** The first line whose nesting would overflow the compiler's stack; null where all of the code is safe. */
export function tooDeepLine(code: string): number | null {
  /** How many parts the expression has so far, for every open bracket. */
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
