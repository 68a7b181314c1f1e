import { styleText } from 'node:util'

/** Where lines go: standard output or error, or what a test gives. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

type Environment = Readonly<Record<string, string | undefined>>

/** Whether a line can be written anew there: not in a pipe, nor on a terminal that knows no cursor. */
export function isLive(out: Pick<Terminal, 'isTTY'>, env: Environment): boolean {
  return out.isTTY === true && env['TERM'] !== 'dumb'
}

/** How text stands out on a terminal; plain in a pipe, and where `NO_COLOR` is set. */
export class Style {
  private readonly coloured: boolean

  constructor(out: Pick<Terminal, 'isTTY'> = process.stdout, env: Environment = process.env) {
    this.coloured = isLive(out, env) && (env['NO_COLOR'] ?? '') === ''
  }

  bold = (text: string): string => this.styled('bold', text)
  dim = (text: string): string => this.styled('dim', text)
  red = (text: string): string => this.styled('red', text)
  green = (text: string): string => this.styled('green', text)
  cyan = (text: string): string => this.styled('cyan', text)

  private styled(format: Parameters<typeof styleText>[0], text: string): string {
    // Node would look at its own standard output, where text may be meant for another stream.
    return this.coloured ? styleText(format, text, { validateStream: false }) : text
  }
}

/** Rewrites one line on a terminal, with lines of their own above it. */
export class LiveLine {
  /** Whether lines can be rewritten here; elsewhere `show` writes nothing. */
  readonly live: boolean
  private shown = false

  constructor(
    private readonly out: Terminal = process.stderr,
    env: Environment = process.env,
  ) {
    this.live = isLive(out, env)
  }

  /** Columns that a line may have without wrapping. */
  get width(): number {
    // A terminal of no known width has 0 columns.
    return (this.out.columns || 100) - 1
  }

  /** Puts a text in place of the line that is shown. */
  show(text: string): void {
    if (!this.live) return
    this.write(`\r\x1b[2K${text}`)
    this.shown = true
  }

  /** Writes a line of its own, below the one that is shown. */
  print(text: string): void {
    this.end()
    this.write(`${text}\n`)
  }

  /** Leaves the line that is shown, and goes on below it. */
  end(): void {
    if (this.shown) this.write('\n')
    this.shown = false
  }

  /** Drops what cannot be written, as on a full disk: the work matters more than a line about it. */
  private write(text: string): void {
    try {
      this.out.write(text)
    } catch {
      this.shown = false
    }
  }
}
