/** Standard output that cannot be written, such as a file on a disk that is full. */
export class OutputError extends Error {
  readonly code = 'OUTPUT'
}

let failure: OutputError | null = null

/**
 * Keeps a stream that cannot be written from ending the process: what goes to standard error is dropped then, for training matters more
 * than its progress.
 */
export function guardOutput(): void {
  process.stderr.on('error', () => undefined)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => void note(error))
}

/**
 * Writes to standard output.
 *
 * @throws OutputError where it cannot be written. Who reads a pipe may have seen enough, as `head` does: that is no error.
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

/** What stopped an output that no one waited for, such as a help text; null where all was written. */
export function outputFailure(): OutputError | null {
  return failure
}

function note(error: NodeJS.ErrnoException): OutputError | null {
  if (error.code === 'EPIPE') return null
  return (failure = new OutputError(`standard output cannot be written: ${error.message}`))
}
