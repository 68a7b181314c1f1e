import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { builtPackage } from '../support/child'

/** The spin count that OpenMP reports while libtorch is loaded, and what the program then sees of the variable. */
function spinCounts(env: Readonly<Record<string, string>>): { readonly openmp: string | undefined; readonly program: string } {
  const { GOMP_SPINCOUNT: _, OMP_WAIT_POLICY: __, ...inherited } = process.env
  const code = `require(${JSON.stringify(join(builtPackage(), 'torch'))}); console.log('program: ' + process.env.GOMP_SPINCOUNT)`
  const output = execFileSync('/bin/sh', ['-c', '"$0" -e "$1" 2>&1', process.execPath, code], {
    env: { ...inherited, ...env, OMP_DISPLAY_ENV: 'VERBOSE' },
    encoding: 'utf8',
  })
  return { openmp: /GOMP_SPINCOUNT = '(\d+)'/.exec(output)?.[1], program: /program: (.*)/.exec(output)![1]! }
}

test('idle threads spin briefly by default, and the variable that says so is gone afterwards', () => {
  expect(spinCounts({})).toEqual({ openmp: '10000', program: 'undefined' })
})

test.each([
  [{ GOMP_SPINCOUNT: '777' }, { openmp: '777', program: '777' }],
  [{ OMP_WAIT_POLICY: 'passive' }, { openmp: '0', program: 'undefined' }],
])("the user's own %j wins", (env, expected) => {
  expect(spinCounts(env)).toEqual(expected)
})
