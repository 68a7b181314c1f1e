/** The exit codes. */
export const ExitCode = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

export const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong usage,
130 interrupted, everything saved.
`

/** Wrong usage: a flag, an argument or a configuration file is invalid. */
export class UsageError extends Error {
  readonly code = 'USAGE'
}
