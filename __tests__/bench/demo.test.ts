import { beforeAll, describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheOfItsOwn } from '../support/cache'
import { builtPackage } from '../support/child'
import { temporary } from '../support/files'

const bench = join(__dirname, '..', '..', 'bench', 'run.mjs')

describe('npm run bench -- demo', () => {
  let section = ''

  beforeAll(async () => {
    builtPackage()
    cacheOfItsOwn(temporary('cache'), ['python', 'shims', 'stamps'])
    const env = {
      ...process.env,
      PIXELCL_CACHE: temporary('cache'),
      PIXELCL_BENCH_RESULTS: temporary('RESULTS.md'),
      PIXELCL_BENCH_SEEDS: '0,1',
      PIXELCL_BENCH_THREADS: '1',
      PIXELCL_DEMO_STEPS: '2',
      PIXELCL_DEMO_IMAGES: '20',
    }
    await promisify(execFile)(process.execPath, [bench, 'demo'], { env })
    section = readFileSync(temporary('RESULTS.md'), 'utf8')
  }, 300_000)

  /** Each run's name and seed, and the measures before and after as they are printed. */
  const rows = () =>
    [...section.matchAll(/^\| (the demo|coordinates shuffled) \| (\d) \| (0\.\d{3}) → (0\.\d{3}) .*? \| (0\.\d{3}) → (0\.\d{3}) /gm)].map(
      (row) => row.slice(1),
    )

  test('sets every seed beside its control', () => {
    expect(rows().map(([kind, seed]) => [kind, seed])).toEqual([
      ['the demo', '0'],
      ['the demo', '1'],
      ['coordinates shuffled', '0'],
      ['coordinates shuffled', '1'],
    ])
  })

  test('measures the same backbone before every run, and another after each', () => {
    const before = new Set(rows().map(([, , correspondence, , meanIoU]) => `${correspondence} ${meanIoU}`))
    const after = new Set(rows().map(([, , , correspondence, , meanIoU]) => `${correspondence} ${meanIoU}`))
    expect(before.size).toBe(1)
    expect(after.size).toBe(4)
  })

  test('sums up by the mean change and the extremes', () => {
    const ends = (kind: string) => rows().filter(([name]) => name === kind).map((row) => row[3]!).sort() // prettier-ignore
    expect(section).toContain(`the lowest seed ends at ${ends('the demo')[0]}, the highest control at ${ends('coordinates shuffled')[1]}`)
    expect(section).toMatch(/View correspondence changes by [+−]0\.\d{3} on average \(controls [+−]0\.\d{3}\)/)
  })
})
