import { describe, test } from '@jest/globals'

type Body = () => void | Promise<void>

interface Registration {
  test(name: string, body: Body, timeout?: number): void
  describe(name: string, body: () => void): void
}

/**
 * Registers a test or a group, skipped if `condition` is true; `npm test` then lists it with the reason.
 *
 * @example
 * skipIf(process.getuid?.() === 0, 'root may write everywhere').test('a folder without permission', () => { … })
 */
export function skipIf(condition: boolean, reason: string): Registration {
  if (!condition) return { test, describe }
  const titled = (name: string): string => `${name} (skipped: ${reason})`
  return {
    test: (name, body, timeout) => test.skip(titled(name), body, timeout),
    describe: (name, body) => describe.skip(titled(name), body),
  }
}
