import { styleText } from 'node:util'

/** The part of a stream that is needed here: standard output, standard error, or a test's stand-in. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

type Environment = Readonly<Record<string, string | undefined>>

/** Whether a line can be rewritten in place: not in a pipe, nor on a terminal without cursor movement. */
export function isLive(out: Pick<Terminal, 'isTTY'>, env: Environment): boolean {
  return out.isTTY === true && env['TERM'] !== 'dumb'
}

/** Colours and weights of text on a terminal; plain in a pipe and if `NO_COLOR` is set. */
export class Style {
  private readonly coloured: boolean

  constructor(out: Pick<Terminal, 'isTTY'> = process.stdout, env: Environment = process.env) {
    this.coloured = isLive(out, env) && (env['NO_COLOR'] ?? '') === ''
  }

  bold = (text: string): string => this.styled('bold', text)
  dim = (text: string): string => this.styled('dim', text)
  red = (text: string): string => this.styled('red', text)
  yellow = (text: string): string => this.styled('yellow', text)
  green = (text: string): string => this.styled('green', text)
  cyan = (text: string): string => this.styled('cyan', text)

  private styled(format: Parameters<typeof styleText>[0], text: string): string {
    // With validateStream Node would check standard output, but the text may go to another stream.
    return this.coloured ? styleText(format, text, { validateStream: false }) : text
  }
}

/** One line on a terminal that is rewritten in place; other lines can be printed in between. */
export class LiveLine {
  /** Whether lines can be rewritten; if not, `show` writes nothing. */
  readonly live: boolean
  private shown = false

  constructor(
    private readonly out: Terminal = process.stderr,
    env: Environment = process.env,
  ) {
    this.live = isLive(out, env)
  }

  /** Columns that fit in one line without wrapping. */
  get width(): number {
    // A terminal of unknown width reports 0 columns.
    return (this.out.columns || 100) - 1
  }

  /** Replaces the shown line. */
  show(text: string): void {
    if (!this.live) return
    this.write(`\r\x1b[2K${text}`)
    this.shown = true
  }

  /** Prints a line that stays, and leaves the shown one above it. */
  print(text: string): void {
    this.end()
    this.write(`${text}\n`)
  }

  /** Removes the shown line. */
  clear(): void {
    if (this.shown) this.write('\r\x1b[2K')
    this.shown = false
  }

  /** Keeps the shown line and moves to the next. */
  end(): void {
    if (this.shown) this.write('\n')
    this.shown = false
  }

  /** Ignores write errors, such as a full disk, because progress output must not stop the work. */
  private write(text: string): void {
    try {
      this.out.write(text)
    } catch {
      this.shown = false
    }
  }
}
