import { worded, type Wording } from './wording'

/** The base of every error this package throws on purpose; `code` is stable, the message is for people. */
export class PixelclError extends Error {
  readonly code: string
  /** @internal The message with its options kept apart, so that the command line can write them as flags. */
  declare readonly wording: string | Wording

  constructor(code: string, message: string | Wording, options?: ErrorOptions) {
    super(String(message), options)
    this.name = new.target.name
    this.code = code
    // Not shown where an error is printed: it repeats the message.
    Object.defineProperty(this, 'wording', { value: message, enumerable: false, writable: true })
  }

  /** @internal Ends the message with more. */
  append(text: string | Wording): void {
    Object.assign(this, { wording: worded`${this.wording}${text}` })
    this.message += String(text)
  }
}

/** libtorch refused or failed: the message is libtorch's own, without its C++ trace. */
export class TorchError extends PixelclError {
  /** The operator's schema, where an operator was being called. */
  readonly schema: string | undefined
  #nativeStack: string | (() => string) | undefined

  constructor(message: string, details: { code?: string; schema?: string; nativeStack?: string | (() => string) } = {}) {
    super(details.code ?? 'TORCH', message)
    this.schema = details.schema
    this.#nativeStack = details.nativeStack
  }

  /** The C++ message with its trace, which is put into words at the first reading: that takes milliseconds. */
  get nativeStack(): string | undefined {
    if (typeof this.#nativeStack === 'function') this.#nativeStack = this.#nativeStack()
    return this.#nativeStack
  }
}

/** An argument has the wrong type, value or name: says what was expected, what came, and what to write. */
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

/** A file is not what it should be: truncated, of another format, or refused for safety. */
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
