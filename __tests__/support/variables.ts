import { afterEach } from '@jest/globals'

const before = new Map<string, string | undefined>()

/** Sets environment variables of this process until the test ends or `restoreVariables()` is called. */
export function setVariables(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!before.has(name)) before.set(name, process.env[name])
    process.env[name] = value
  }
}

export function restoreVariables(): void {
  for (const [name, value] of before) {
    if (value === undefined) Reflect.deleteProperty(process.env, name)
    else process.env[name] = value
  }
  before.clear()
}

afterEach(restoreVariables)
