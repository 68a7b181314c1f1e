/** The version that the set-up installs, and of which the generated surface and the tests' Python are. */
export const INSTALLED_VERSION: string

/** As text: '2.11 to 2.14'. */
export const SUPPORTED_VERSIONS: string

/** Older versions are rejected, newer ones are tried with a warning. */
export type Standing = 'older' | 'supported' | 'newer'

export function standingOf(version: string): Standing
