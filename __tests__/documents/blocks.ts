import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(__dirname, '..', '..')

/** A fenced block of code in a document. */
export interface Block {
  /** Path of the document from the root. */
  readonly document: string
  readonly line: number
  readonly language: string
  readonly text: string
  /** Why it cannot run here, from a comment such as `<!-- not run: needs vite -->` before the block. */
  readonly notRun: string | undefined
}

/** The blocks of a Markdown document that name a language. */
export function blocksOf(document: string): Block[] {
  const text = readFileSync(join(root, document), 'utf8')
  return [...text.matchAll(/^(?:<!-- not run: (.*?) -->\n+)?```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    document,
    line: text.slice(0, match.index + match[0].indexOf('```')).split('\n').length,
    language: match[2]!,
    text: match[3]!,
    notRun: match[1],
  }))
}

/** What a block says that it prints: the comments behind its unindented `console.log(…)` and `print(…)`. */
export function printedBy({ text }: Block): string[] {
  return [...text.matchAll(/^(?:console\.log|print)\(.*\) +(?:\/\/|#) (.*)$/gm)].map((match) => match[1]!)
}
