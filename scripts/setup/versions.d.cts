/** The version that the set-up installs where there is no libtorch. The generated surface and the tests' Python are of it. */
export const INSTALLED_VERSION: string

/** In words: '2.11 to 2.14'. */
export const SUPPORTED_VERSIONS: string

/** Older versions are refused, newer ones tried with a warning. */
export type Standing = 'older' | 'supported' | 'newer'

export function standingOf(version: string): Standing
