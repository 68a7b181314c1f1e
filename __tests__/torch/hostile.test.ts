import { describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { builtPackage } from '../support/child'
import { expectWith } from '../support/expect'

/** What `npm run fuzz -- operators` prints. */
function fuzzOperators(...options: string[]): Promise<string> {
  builtPackage()
  const program = join(__dirname, '..', '..', 'scripts', 'fuzz.mjs')
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'operators', ...options], { maxBuffer: 2 ** 26, timeout: 280_000 }, (_, output) => resolve(output))
  })
}

describe('hostile values', () => {
  test('neither end the process nor give errors of other classes, in 600 calls of functions, methods and properties', async () => {
    const output = await fuzzOperators('--seed', '5', '--calls', '600')
    const [, returned, threw] = /(\d+) calls returned, (\d+) threw .*, 0 died or hung, 0 threw a raw error\n$/.exec(output) ?? []
    expectWith(Number(returned) + Number(threw), output).toBe(600)
    // Enough get through to the operators, and enough are refused, for the test to try both.
    expect(Number(returned)).toBeGreaterThan(100)
    expect(Number(threw)).toBeGreaterThan(200)
  }, 300_000)

  test('are refused where libtorch itself would crash', () => {
    const x = torch.ones([2, 3])
    const lstm = [x, [x], x, x, x, x, x, x, x, x, 1, 0, 1, 0] as const
    expect(() => torch.quantizedLstmCell(...(lstm as unknown as Parameters<typeof torch.quantizedLstmCell>))).toThrow(
      /hx: expected the two tensors/,
    )
    expect(() => torch.nativeGroupNorm(x, null, null, 2, 3, 1, 0, 1e-5)).toThrow(/group a divisor of C/)
    expect(() => torch.nativeGroupNorm(x, null, null, 2, 3, 1000, 1, 1e-5)).toThrow(/the input's 6 elements/)
    expect(torch.nativeGroupNorm(x, null, null, 2, 3, 1, 3, 1e-5)[0].shape).toEqual([2, 3])
  })
})
