import { afterAll } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let folder: string | undefined

/** A path in a temporary folder of the test file, which is deleted at its end. */
export function temporary(name: string): string {
  folder ??= mkdtempSync(join(tmpdir(), 'pixelcl-test-'))
  return join(folder, name)
}

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  folder = undefined
})
