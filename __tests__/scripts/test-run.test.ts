import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { root } from './machine'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pixelcl-test-run-'))
  writeFileSync(join(folder, 'vitest.config.mjs'), 'export default { test: { globals: true } }\n')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** `npm test` over the test files given; the last line of its output and how it ended. */
function testRun(files: Readonly<Record<string, string>>): { status: number | null; last: string | undefined; output: string } {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|NODE_OPTIONS|TEST$)/.test(name)))
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'test.mjs'), '--root', folder], {
    env,
    encoding: 'utf8',
    timeout: 120_000,
  })
  return { status, last: stdout.trimEnd().split('\n').at(-1), output: stdout + stderr }
}

describe('the whole test run ends with its counts', { timeout: 180_000 }, () => {
  test('and well, when nothing fails; what is skipped is named with its reason', () => {
    const { status, last, output } = testRun({
      'a.test.mjs': `test('one', () => {})\ntest('two', () => {})\ntest('three', ({ skip }) => skip('there is no moon'))`,
    })
    expect(last, output).toBe('2 passed, 0 failed')
    expect(output).toContain('skipped: a.test.mjs > three (there is no moon)')
    expect(status).toBe(0)
  })

  test('and not well when a test, a file or a group fails', () => {
    const { status, last, output } = testRun({
      'a.test.mjs': `test('one', () => {})\ntest('two', () => { throw new Error('no') })`,
      'b.test.mjs': `throw new Error('broken before its tests')`,
      'c.test.mjs': `describe('a group', () => { beforeAll(() => { throw new Error('no') }); test('three', () => {}) })`,
    })
    expect(last, output).toBe('1 passed, 3 failed')
    expect(status).toBe(1)
  })

  test('and not well when there is no test at all, or its process dies', () => {
    expect(testRun({})).toMatchObject({ status: 1, last: '0 passed, 1 failed' })
    expect(testRun({ 'a.test.mjs': `test('one', () => process.kill(process.pid, 'SIGKILL'))` })).toMatchObject({
      status: 1,
      last: '0 passed, 1 failed',
    })
  })
})
