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

/** What the spans of code in tables may use. */
const GIVEN = `import * as torch from 'pixelcl/torch'

const { nn } = torch
const [f, path, weights] = [() => undefined, 'table.pt', 'table.safetensors']
const model = new nn.Linear(2, 2)
const [layer, key] = [new nn.Linear(2, 2), 'first']
const net = new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU(), new nn.Linear(2, 2))
const dict = new nn.ModuleDict({ [key]: new nn.ReLU() })
const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.1 })
torch.save(model.stateDict(), path)
torch.safetensors.save(model.stateDict(), weights)
const given = () => ({
  a: torch.tensor([[1n, 2n], [3n, 4n]]),
  b: torch.tensor([[5n, 6n], [7n, 8n]]),
  x: torch.rand([2, 2]),
  w: torch.rand([2, 2]),
  mask: torch.tensor([[true, false], [true, true]]),
  typedArray: new Float32Array(2),
})
`

/** A program of the statements in the last column of a document's tables, each with values of its own; spans with a dot are statements. */
export function programOfTables(document: string): Block {
  const rows = readFileSync(join(root, document), 'utf8').matchAll(/^\|.*\|(.*)\|$/gm)
  const spans = [...rows].flatMap((row) => Array.from(row[1]!.matchAll(/`([^`]+)`/g), (match) => match[1]!))
  const statements = spans.filter((span) => /^\w.*[.(]/.test(span) && !/…|^(this|super)\b/.test(span))
  const blocks = statements.map((statement) => `{\n  const { a, b, x, w, mask, typedArray } = given()\n  ${statement};\n}\n`)
  return { document, line: 0, language: 'ts', text: GIVEN + blocks.join(''), notRun: undefined }
}
