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
      PIXELCL_DEMO_IMAGES: '10',
    }
    await promisify(execFile)(process.execPath, [bench, 'demo'], { env })
    section = readFileSync(temporary('RESULTS.md'), 'utf8')
  }, 300_000)

  /** Each run's name and seed, and kNN mIoU, linear mIoU and place share before and after as they are printed. */
  const rows = () => {
    const pair = String.raw`(0\.\d{3}) → (0\.\d{3})`
    const pattern = String.raw`^\| (the demo|coordinates shuffled) \| (\d) \| ${pair} \| ${pair} \| [^|]* \| ${pair} \| \d+ \|$`
    return [...section.matchAll(new RegExp(pattern, 'gm'))].map((row) => row.slice(1))
  }

  test('sets every seed beside its control', () => {
    expect(rows().map(([kind, seed]) => [kind, seed])).toEqual([
      ['the demo', '0'],
      ['the demo', '1'],
      ['coordinates shuffled', '0'],
      ['coordinates shuffled', '1'],
    ])
  })

  test('measures the same backbone before every run, and another after each', () => {
    const before = new Set(rows().map(([, , knn, , linear, , place]) => `${knn} ${linear} ${place}`))
    const after = new Set(rows().map(([, , , knn, , linear, , place]) => `${knn} ${linear} ${place}`))
    expect(before.size).toBe(1)
    expect(after.size).toBe(4)
  })

  test('sums up by the least gain over the seeds', () => {
    const of = (kind: string) => rows().filter(([name]) => name === kind).map((row) => row.slice(2).map(Number)) // prettier-ignore
    const [demo, controls] = [of('the demo'), of('coordinates shuffled')]
    const [, rise, above] = /kNN mIoU changes by at least ([+−]0\.\d{3}) \(([+−]0\.\d{3}) from the control/.exec(section)!
    const number = (text: string) => Number(text.replace('−', '-'))
    expect(number(rise!)).toBeCloseTo(Math.min(...demo.map(([before, after]) => after! - before!)), 2)
    expect(number(above!)).toBeCloseTo(Math.min(...demo.map(([, after], i) => after! - controls[i]![1]!)), 2)
    const highest = Math.max(...demo.map((row) => row[5]!))
    expect(section).toContain(`the place share ends at ${highest.toFixed(3)} or below`)
  })
})
