import { afterAll, describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { builtPackage } from '../support/child'

const folder = mkdtempSync(join(tmpdir(), 'pixelcl-hostile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Outcome {
  readonly returned: number
  readonly threw: number
  readonly classes: Readonly<Record<string, number>>
  readonly members: number
}

/** Calls the public surface with drawn values in a process of its own, whose address space is bounded; names the call that ended it. */
async function survive(seed: number, count: number): Promise<Outcome> {
  const trace = join(folder, `trace-${seed}`)
  const program = join(__dirname, 'hostile', 'program.mjs')
  const command = [process.execPath, '--no-deprecation', program, builtPackage(), seed, 0, count, trace]
    .map((part) => `'${part}'`)
    .join(' ')
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, timeout: 280_000, maxBuffer: 2 ** 26, env: { ...process.env, OMP_NUM_THREADS: '1' } }
    execFile('sh', ['-c', `ulimit -v 12000000; exec ${command}`], options, (error, output, errors) => {
      const line = output.split('\n').find((text) => text.startsWith('report: '))
      if (error === null && line !== undefined) return resolve(JSON.parse(line.slice('report: '.length)) as Outcome)
      const last = readFileSync(trace, 'utf8').split('\n')[0]!.trim()
      reject(new Error(`the process ended (${error?.signal ?? error?.code}) in call ${last}\n${errors.slice(-2000)}`))
    })
  })
}

describe('hostile values', () => {
  test('never end the process: 20,000 calls of functions, methods and properties with wrong types, sizes, handles and getters', async () => {
    const { returned, threw, members, classes } = await survive(2, 20_000)
    expect(returned + threw).toBe(20_000)
    expect(members).toBeGreaterThan(1400)
    // Enough get through to the operators, and enough are refused, for the test to try both.
    expect(returned).toBeGreaterThan(4000)
    expect(classes['TorchError']).toBeGreaterThan(4000)
    expect(classes['ArgumentError']).toBeGreaterThan(4000)
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
