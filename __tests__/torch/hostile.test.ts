import { describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { builtPackage } from '../support/child'
import { expectWith } from '../support/expect'

/** What `npm run fuzz` prints. */
function fuzz(...options: string[]): Promise<string> {
  builtPackage()
  const program = join(__dirname, '..', '..', 'scripts', 'fuzz.mjs')
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...options], { maxBuffer: 2 ** 26, timeout: 280_000 }, (_, output) => resolve(output))
  })
}

test('200 crafted and 200 damaged files neither end the process nor hang, give errors of other classes or show foreign memory', async () => {
  const output = await fuzz('files', '--seed', '7', '--crafted', '200', '--mutated', '200', '--batch', '400')
  expect(output).toMatch(/^400 of 400 files\n400 files: /)
  expect(output).toMatch(/, 0 died or hung, 0 gave a raw error or foreign bytes\n$/)
  // Enough are read, by every function, for the test to try both.
  for (const entrance of ['load', 'load of a path', 'loadStateDictFile', 'safetensors.load', 'jit.load'])
    expectWith(
      Number(new RegExp(`(\\d+) ${entrance.replace('.', '\\.')}[, ]`).exec(output)?.[1]),
      `${entrance}: ${output}`,
    ).toBeGreaterThan(2)
}, 300_000)

describe('hostile values', () => {
  test('neither end the process nor give errors of other classes, in 600 calls of functions, methods and properties', async () => {
    const output = await fuzz('operators', '--seed', '5', '--calls', '600')
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
