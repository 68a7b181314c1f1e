/** What a command ends with. */
export const ExitCode = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

export const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, everything saved.
`

/** What was typed, or stands in a configuration file, is wrong by itself. */
export class UsageError extends Error {
  readonly code = 'USAGE'
}
