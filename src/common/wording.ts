/** The name of an option in a message, perhaps with a value to set. */
export class OptionName {
  constructor(
    readonly name: string,
    readonly value?: string | number | boolean,
  ) {}
}

/** Names an option in a message; code and the command line print it differently. */
export function option(name: string, value?: string | number | boolean): OptionName {
  return new OptionName(name, value)
}

/** Formats an option for one kind of reader. */
export type Naming = (option: OptionName) => string

/** As in code: `lr`, `hiddenLayerPixel: 'layer4'`. */
const inCode: Naming = ({ name, value }) =>
  value === undefined ? name : `${name}: ${typeof value === 'string' ? `'${value}'` : String(value)}`

/** A message that keeps option names separate from its text. */
export class Wording {
  constructor(private readonly parts: readonly (string | OptionName)[]) {}

  /** The message with each option formatted by `naming`. */
  in(naming: Naming): string {
    return this.parts.map((part) => (typeof part === 'string' ? part : naming(part))).join('')
  }

  toString(): string {
    return this.in(inCode)
  }

  /** This message followed by another. */
  plus(other: string | Wording): Wording {
    return new Wording([...this.parts, ...(typeof other === 'string' ? [other] : other.parts)])
  }
}

/**
 * A message that names options.
 *
 * @example
 * String(worded`raise ${option('lr')} (now ${0.1}), or write ${option('optimizer', 'sgd')}`) // "raise lr (now 0.1), or write optimizer: 'sgd'"
 */
export function worded(strings: TemplateStringsArray, ...values: readonly (string | number | OptionName | Wording | null)[]): Wording {
  return strings.slice(1).reduce<Wording>(
    (text, string, i) => {
      const value = values[i] ?? ''
      const filled = value instanceof OptionName ? new Wording([value]) : value instanceof Wording ? value : String(value)
      return text.plus(filled).plus(string)
    },
    new Wording([strings[0]!]),
  )
}

/** Prints a message of one or more lines for the user. */
export type Say = (text: string | Wording) => void

/** A text or message with its options formatted by `naming`. */
export function readAs(naming: Naming, text: string | Wording): string {
  return typeof text === 'string' ? text : text.in(naming)
}

/** A process warning whose message names options; Node prints it like any other. */
export class OptionWarning extends Error {
  override readonly name = 'Warning'

  constructor(
    readonly wording: Wording,
    readonly code: string,
  ) {
    super(String(wording))
  }
}

export function warn(wording: Wording, code: string): void {
  process.emitWarning(new OptionWarning(wording, code))
}
