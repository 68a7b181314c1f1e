import { worded, type Wording } from './wording'

/** The base class of this package's errors; `code` is stable, the message may change. */
export class PixelclError extends Error {
  readonly code: string
  /** @internal The message with option names kept separate, so that the command line can print them as flags. */
  declare readonly wording: string | Wording

  constructor(code: string, message: string | Wording, options?: ErrorOptions) {
    super(String(message), options)
    this.name = new.target.name
    this.code = code
    // Not enumerable, because a printed error would show the message twice.
    Object.defineProperty(this, 'wording', { value: message, enumerable: false, writable: true })
  }

  /** @internal Appends to the message. */
  append(text: string | Wording): void {
    Object.assign(this, { wording: worded`${this.wording}${text}` })
    this.message += String(text)
  }
}

/** Why the system refused, without call and path: `permission denied (EACCES)`. */
export function systemReason(error: unknown): string {
  const { message } = error as Error
  const [, code, reason] = /^(E[A-Z0-9]+): (.+?), \w+(?: '.*)?$/s.exec(message) ?? []
  return reason === undefined ? message : `${reason} (${code!})`
}

/** An error of libtorch: its message without the C++ trace. */
export class TorchError extends PixelclError {
  /** The schema of the operator that failed, if the error came from an operator. */
  readonly schema: string | undefined
  #nativeStack: string | (() => string) | undefined

  constructor(message: string, details: { code?: string; schema?: string; nativeStack?: string | (() => string) } = {}) {
    super(details.code ?? 'TORCH', message)
    this.schema = details.schema
    this.#nativeStack = details.nativeStack
  }

  /** The C++ message with its trace, formatted when first read, because that takes milliseconds. */
  get nativeStack(): string | undefined {
    if (typeof this.#nativeStack === 'function') this.#nativeStack = this.#nativeStack()
    return this.#nativeStack
  }
}

/** An argument has the wrong type, value or name; the message says what was expected and what was received. */
export class ArgumentError extends PixelclError {
  constructor(message: string | Wording, options?: ErrorOptions) {
    super('ARGUMENT', message, options)
  }
}

/** A tensor was used after `dispose()` or after its scope ended. */
export class DisposedError extends PixelclError {
  constructor(message: string) {
    super('DISPOSED', message)
  }
}

/** A TorchScript module cannot be read, tapped or compiled. */
export class JitError extends PixelclError {
  constructor(message: string, options?: ErrorOptions) {
    super('JIT', message, options)
  }
}

/** A file is truncated, has another format, is refused for safety, or cannot be read or written. */
export class FileError extends PixelclError {
  constructor(message: string | Wording, options?: ErrorOptions) {
    super('FILE', message, options)
  }
}

/** libtorch or the compiled shim cannot be found or loaded; the message lists every place tried. */
export class SetupError extends PixelclError {
  constructor(message: string, options?: ErrorOptions) {
    super('SETUP', message, options)
  }
}
