import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expectWith } from '../support/expect'
import { root } from './machine'

jest.setTimeout(180_000)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pixelcl-test-run-'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  // The configuration of the tests themselves, over other files.
  writeFileSync(
    join(folder, 'jest.config.mjs'),
    `import config from ${JSON.stringify(join(root, 'jest.config.mjs'))}
const testEnvironment = config.testEnvironment.replace('<rootDir>', ${JSON.stringify(root)})
export default { ...config, roots: ['<rootDir>'], testEnvironment, globalSetup: undefined, setupFilesAfterEnv: [] }\n`,
  )
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface TestRun {
  readonly status: number | null
  readonly last: string | undefined
  readonly output: string
}

/** `npm test` over the test files given; the last line of its output and how it ended. */
function testRun(files: Readonly<Record<string, string>>, args: readonly string[] = []): TestRun {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(JEST_WORKER_ID|NODE_ENV|NODE_OPTIONS)$/.test(name)))
  const program = [join(root, 'scripts', 'test.mjs'), '--config', join(folder, 'jest.config.mjs'), '--rootDir', folder, ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { env, encoding: 'utf8', timeout: 170_000 })
  return { status, last: stdout.trimEnd().split('\n').at(-1), output: stdout + stderr }
}

const skipIf = `import { skipIf } from ${JSON.stringify(join(root, '__tests__', 'support', 'skip'))}\n`

describe('the whole test run ends with its counts', () => {
  test('and well, when nothing fails; what is skipped is named with its reason', () => {
    const { status, last, output } = testRun({
      'a.test.ts': `${skipIf}test('one', () => {})\nskipIf(false, 'it is night').test('two', () => {})
skipIf(true, 'there is no moon').test('three', () => { throw new Error() })
skipIf(true, 'there is no sun').describe('a group', () => test('four', () => { throw new Error() }))
test.skip('five', () => {})`,
    })
    expectWith(last, output).toBe('2 passed, 0 failed')
    expect(output).toContain('skipped: a.test.ts > three (there is no moon)\n')
    expect(output).toContain('skipped: a.test.ts > a group four (there is no sun)\n')
    expect(output).toContain('skipped: a.test.ts > five\n')
    expect(status).toBe(0)
  })

  test('and not well when a test, a file or a group fails', () => {
    const { status, last, output } = testRun({
      'a.test.ts': `test('one', () => {})\ntest('two', () => { throw new Error('no') })`,
      'b.test.ts': `throw new Error('broken before its tests')`,
      'c.test.ts': `describe('a group', () => { beforeAll(() => { throw new Error('no') }); test('three', () => {}) })`,
    })
    expectWith(last, output).toBe('1 passed, 3 failed')
    expect(status).toBe(1)
  })

  test('and not well when there is no test at all', () => {
    expect(testRun({})).toMatchObject({ status: 1, last: '0 passed, 1 failed' })
  })

  test('of the tests that its arguments choose', () => {
    const { last, output } = testRun({ 'a.test.ts': `test('one', () => {})\ntest('two', () => { throw new Error('no') })` }, ['-t', 'one'])
    expectWith(last, output).toBe('1 passed, 0 failed')
  })
})

describe('each file has a process of its own', () => {
  const passes = `test('one', () => {})\ntest('two', () => {})`

  test.each<Record<string, [code: string, message: string]>>([
    {
      signal: [`process.kill(process.pid, 'SIGSEGV')`, 'signal=SIGSEGV'],
      abort: ['process.abort()', 'signal=SIGABRT'],
      kill: [`process.kill(process.pid, 'SIGKILL')`, 'signal=SIGKILL'],
      silent: ['process.reallyExit(0)', 'exitCode=0'],
    },
    // jest tries this one three times more.
    { code: ['process.reallyExit(3)', 'child process exceptions'] },
  ])('so whatever ends one fails its file, by name, and the others run', (ends) => {
    const files = Object.entries(ends).map(([name, [code]]) => [name, `test('one', () => {})\ntest('two', () => { ${code} })`] as const)
    const others = ['a', 'm', 'z']
    const all = [...files, ...others.map((name) => [name, passes] as const)]
    const { status, last, output } = testRun(Object.fromEntries(all.map(([name, text]) => [`${name}.test.ts`, text])))
    expectWith(last, output).toBe(`6 passed, ${files.length} failed`)
    for (const [name, [, message]] of Object.entries(ends)) {
      expect(output).toMatch(new RegExp(`FAIL .*${name}\\.test\\.ts\\n`))
      expect(output).toContain(message)
    }
    for (const name of others) expect(output).toMatch(new RegExp(`PASS .*${name}\\.test\\.ts`))
    expect(status).toBe(1)
  })

  test('even where one worker runs them all', () => {
    const tells = `test('one', () => require('node:fs').appendFileSync(__dirname + '/processes', process.pid + '\\n'))`
    const { last, output } = testRun({ 'a.test.ts': tells, 'b.test.ts': tells, 'c.test.ts': tells }, ['--maxWorkers=1'])
    expectWith(last, output).toBe('3 passed, 0 failed')
    const processes = readFileSync(join(folder, 'processes'), 'utf8').trim().split('\n')
    expect(new Set(processes).size).toBe(3)
  })
})
