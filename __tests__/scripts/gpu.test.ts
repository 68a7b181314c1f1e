import { beforeAll, describe, expect, test } from '@jest/globals'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { builtPackage } from '../support/child'
import { skipIf } from '../support/skip'
import { root } from './machine'

interface Result {
  readonly name: string
  readonly error: string | null
}

const program = join(root, 'scripts', 'gpu', 'checks.mjs')

function checksOn(device: string): Promise<Result[]> {
  builtPackage()
  const env = { ...process.env, OMP_NUM_THREADS: '1', NVIDIA_TF32_OVERRIDE: '0' }
  return new Promise((resolve, reject) =>
    execFile(process.execPath, [program, device], { env, timeout: 300_000 }, (error, output, errors) => {
      const results = output.split('\n').filter(Boolean)
      if (error !== null && (error.signal || results.length === 0)) return reject(new Error(`${error.message}\n${errors}`))
      resolve(results.map((line) => JSON.parse(line) as Result))
    }),
  )
}

const failures = (results: readonly Result[]): Result[] => results.filter(({ error }) => error !== null)

describe('what must hold on a GPU', () => {
  let here: Result[]
  beforeAll(async () => {
    here = await checksOn('cpu')
  }, 300_000)

  test('holds on the CPU, as far as that has it: the checks themselves are sound', () => {
    expect(here.length).toBeGreaterThanOrEqual(7)
    expect(failures(here)).toEqual([])
  })

  skipIf(!torch.cuda.isAvailable(), 'libtorch sees no CUDA device').test(
    'holds on the GPU',
    async () => {
      const there = await checksOn('cuda:0')
      expect(there.length).toBeGreaterThan(here.length)
      expect(failures(there)).toEqual([])
    },
    300_000,
  )
})

skipIf(existsSync('/dev/nvidiactl'), 'a GPU is there').test('`npm run gpu` without a GPU says so, runs nothing, and fails', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'gpu.mjs')], { encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^no GPU: no NVIDIA driver is loaded on this machine .*, so nothing was run\.\n$/)
  expect(stdout).toBe('')
})
