/** Standard output cannot be written, for instance to a file on a full disk. */
export class OutputError extends Error {
  readonly code = 'OUTPUT'
}

let failure: OutputError | null = null

/**
 * Keeps a failing output stream from ending the process. Errors of standard error are ignored, because progress output must not stop training.
 */
export function guardOutput(): void {
  process.stderr.on('error', () => undefined)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => void note(error))
}

/**
 * Writes to standard output.
 *
 * @throws OutputError if writing fails, except when the reader of a pipe has closed it, as `head` does.
 */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      const noted = error == null ? null : note(error)
      if (noted === null) resolve()
      else reject(noted)
    })
  })
}

/** The write error of output that was not awaited, such as a help text; null if there was none. */
export function outputFailure(): OutputError | null {
  return failure
}

function note(error: NodeJS.ErrnoException): OutputError | null {
  if (error.code === 'EPIPE') return null
  return (failure = new OutputError(`standard output cannot be written: ${error.message}`))
}
