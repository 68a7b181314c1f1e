/** Where text goes, as far as its look depends on it. */
interface Output {
  readonly isTTY?: boolean
}

/** The few ways in which text stands out on a terminal; plain text in a pipe, and where `NO_COLOR` is set. */
export class Style {
  private readonly coloured: boolean

  constructor(output: Output = process.stdout, env: Readonly<Record<string, string | undefined>> = process.env) {
    this.coloured = output.isTTY === true && env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === ''
  }

  bold = (text: string): string => this.sgr('1', text)
  dim = (text: string): string => this.sgr('2', text)
  red = (text: string): string => this.sgr('31', text)
  green = (text: string): string => this.sgr('32', text)
  cyan = (text: string): string => this.sgr('36', text)

  private sgr(code: string, text: string): string {
    return this.coloured ? `\x1b[${code}m${text}\x1b[0m` : text
  }
}

/** Rows of two columns, the second aligned. */
export function columns(rows: readonly (readonly [string, string])[], indent = 2): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `${' '.repeat(indent)}${left.padEnd(width)}  ${right}\n`).join('')
}
