import { expect } from '@jest/globals'

type Matchers<T> = ReturnType<typeof expect<T>>

/**
 * `expect(value)` whose failure message begins with `note`, such as the name of the value or a program's output.
 *
 * @example
 * expectWith(gradients[name], name).toBeAllclose(expected)
 */
export function expectWith<T>(value: T, note: string): Matchers<T> {
  return noting(expect(value), note)
}

/** The same matchers, also behind `not`, `resolves` and `rejects`. */
function noting<T extends object>(matchers: T, note: string): T {
  return new Proxy(matchers, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member === 'object' && member !== null) return noting(member, note)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        const rethrow = (error: unknown): never => {
          throw noted(error, note)
        }
        try {
          const result: unknown = Reflect.apply(member, target, args)
          return result instanceof Promise ? result.catch(rethrow) : result
        } catch (error) {
          return rethrow(error)
        }
      }
    },
  })
}

function noted(error: unknown, note: string): unknown {
  if (!(error instanceof Error)) return error
  const { message, stack } = error
  error.message = `${note}\n\n${message}`
  // jest shows the code of the first frame, which should be the test.
  const frames = stack?.replace(message, () => error.message).split('\n')
  if (frames !== undefined) error.stack = frames.filter((line) => !line.includes(__filename)).join('\n')
  return error
}
