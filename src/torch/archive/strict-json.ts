import { FileError } from '../../native'

/** A JSON value in which objects are Maps, and numbers other than whole ones of 0 to 2^53 - 1 are NaN. */
export type StrictJson = string | number | boolean | null | StrictJson[] | Map<string, StrictJson>

const MAX_DEPTH = 100

/**
 * Parses JSON of a file's header, and refuses what two readers may take for different things: a key that comes twice and bytes that are no UTF-8.
 *
 * @throws FileError with the byte or character where it fails.
 */
export function parseStrictJson(bytes: Uint8Array): StrictJson {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new FileError('its header is no UTF-8', { cause: error })
  }
  const parser = new Parser(text)
  return parser.whole()
}

class Parser {
  private at = 0

  constructor(private readonly text: string) {}

  whole(): StrictJson {
    const value = this.value(0)
    this.space()
    if (this.at < this.text.length) throw this.failure('more text after the end')
    return value
  }

  private value(depth: number): StrictJson {
    if (depth > MAX_DEPTH) throw this.failure(`values nested more than ${MAX_DEPTH} deep`)
    this.space()
    const first = this.text[this.at]
    if (first === '{') return this.object(depth)
    if (first === '[') return this.array(depth)
    if (first === '"') return this.string()
    return this.word()
  }

  private object(depth: number): Map<string, StrictJson> {
    const entries = new Map<string, StrictJson>()
    this.at++
    if (this.isNext('}')) return entries
    do {
      this.space()
      const key = this.string()
      if (entries.has(key)) throw this.failure(`the key ${JSON.stringify(key)} a second time`)
      if (!this.isNext(':')) throw this.failure('no colon after a key')
      entries.set(key, this.value(depth + 1))
    } while (this.isNext(','))
    if (!this.isNext('}')) throw this.failure('an object without its end')
    return entries
  }

  private array(depth: number): StrictJson[] {
    const items: StrictJson[] = []
    this.at++
    if (this.isNext(']')) return items
    do items.push(this.value(depth + 1))
    while (this.isNext(','))
    if (!this.isNext(']')) throw this.failure('an array without its end')
    return items
  }

  private string(): string {
    if (this.text[this.at] !== '"') throw this.failure('no string where one must be')
    const start = this.at++
    while (this.at < this.text.length && this.text[this.at] !== '"') this.at += this.text[this.at] === '\\' ? 2 : 1
    this.at++
    if (this.at > this.text.length) throw this.failure('a string without its end')
    let value: string
    try {
      value = JSON.parse(this.text.slice(start, this.at)) as string
    } catch (error) {
      throw this.failure('a string with an invalid character or escape', error)
    }
    if (/\p{Surrogate}/u.test(value)) throw this.failure('a string with half a character')
    return value
  }

  private word(): StrictJson {
    const word = /[\w.+-]*/y
    word.lastIndex = this.at
    const found = word.exec(this.text)![0]
    const known = new Map<string, StrictJson>([
      ['true', true],
      ['false', false],
      ['null', null],
    ]).get(found)
    const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(found)
    if (known === undefined && !isNumber) throw this.failure(found === '' ? 'no value where one must be' : found.slice(0, 40))
    this.at += found.length
    if (known !== undefined) return known
    return /^\d{1,16}$/.test(found) && Number.isSafeInteger(Number(found)) ? Number(found) : NaN
  }

  private space(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? '\0')) this.at++
  }

  private isNext(character: string): boolean {
    this.space()
    if (this.text[this.at] !== character) return false
    this.at++
    return true
  }

  private failure(what: string, cause?: unknown): FileError {
    return new FileError(`its header is no JSON: ${what}, at character ${this.at}`, { cause })
  }
}
