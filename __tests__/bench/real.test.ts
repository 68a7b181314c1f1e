import { beforeAll, describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeTextures } from '../../src/vision/datasets'
import { builtPackage } from '../support/child'
import { expectWith } from '../support/expect'
import { temporary } from '../support/files'

const root = join(__dirname, '..', '..')
const data = temporary('data')
const runs = temporary('runs')
const results = temporary('RESULTS.md')
const config = temporary('options.json')
const nowhere = temporary('nothing')

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function bench(env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const own = {
    PIXELCL_BENCH_REAL: data,
    PIXELCL_BENCH_RUNS: runs,
    PIXELCL_BENCH_RESULTS: results,
    PIXELCL_BENCH_SEEDS: '0',
    PIXELCL_BENCH_CONFIG: config,
    PIXELCL_BENCH_STEPS: '2',
    PIXELCL_BENCH_THREADS: '1',
  }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'bench', 'run.mjs'), 'real'],
      { env: { ...process.env, ...own, ...env } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

/** Textures laid out as the street images are, and a small backbone in the place of the large one. */
async function layOut(): Promise<void> {
  const textures = await makeTextures(temporary('textures'), { train: 12, heldOut: 4, size: 48 })
  const camvid = join(data, 'camvid')
  mkdirSync(camvid, { recursive: true })
  renameSync(textures.train, join(camvid, 'train'))
  renameSync(textures.trainMasks, join(camvid, 'train-masks'))
  renameSync(textures.heldOut, join(camvid, 'val'))
  renameSync(textures.heldOutMasks, join(camvid, 'val-masks'))
  const small = { inputSize: [48, 48], viewSize: [32, 32], projectionSize: 8, projectionHiddenSize: 16, batchSize: 4 }
  writeFileSync(config, JSON.stringify(small))
  copyFileSync(join(root, 'models', 'small.pt'), join(data, 'resnet20-cifar10.pt'))
}

/** The table's rows: the name, then the cells. */
function rowsOf(markdown: string): Map<string, string[]> {
  const lines = markdown.split('\n').filter((line) => line.startsWith('| '))
  return new Map(
    lines
      .slice(2)
      .map((line) => line.slice(2, -2).split(' | '))
      .map(([name, ...cells]) => [name!, cells]),
  )
}

const firstLoss = (name: string): number => {
  const run = readdirSync(runs).find((entry) => entry.startsWith(`${name}-0-`))!
  return (JSON.parse(readFileSync(join(runs, run, 'run', 'metrics.jsonl'), 'utf8').split('\n')[0]!) as { loss: number }).loss
}

describe('npm run bench -- real', () => {
  let first: Ended

  beforeAll(async () => {
    builtPackage()
    await layOut()
    first = await bench()
  }, 300_000)

  it('measures the untouched backbone, both losses and their controls', () => {
    expectWith(first.code, first.stderr).toBe(0)
    const rows = rowsOf(readFileSync(results, 'utf8'))
    expect([...rows.keys()]).toEqual([
      'CIFAR-10 weights, untouched',
      'dense',
      'dense, coordinates shuffled',
      'dense, short',
      'PixPro',
      'PixPro, coordinates shuffled',
    ])
    for (const [seed, ...values] of rows.values()) {
      expect(seed).toMatch(/^(0|–)$/)
      const measures = values.slice(0, 2).map(Number)
      for (const value of measures) expect(value).toBeGreaterThan(0)
      for (const value of measures) expect(value).toBeLessThan(1)
      expect(values[2]).toBe(seed === '–' ? '–' : '2')
      for (const minutes of values.slice(3)) expect(minutes).toMatch(seed === '–' ? /^–$/ : /^\d+\.\d$/)
      expect(values).toHaveLength(5)
    }
  })

  it('pretrains the controls from the same start with other pairs', () => {
    expect(firstLoss('dense-shuffled')).not.toBe(firstLoss('dense'))
    expect(firstLoss('PixPro-shuffled')).not.toBe(firstLoss('PixPro'))
    expect(firstLoss('dense-shuffled')).toBeCloseTo(firstLoss('dense'), 0)
  })

  it('caches finished rows, and makes the same table from them', async () => {
    const before = readFileSync(results, 'utf8')
    const again = await bench()
    expect(again.code).toBe(0)
    expect(again.stderr).not.toContain('step')
    expect(readFileSync(results, 'utf8')).toBe(before)
  })

  it('says what is missing, and where it comes from', async () => {
    const { code, stderr } = await bench({ PIXELCL_BENCH_REAL: nowhere })
    expect(code).not.toBe(0)
    expect(stderr).toContain(join(nowhere, 'camvid', 'train'))
    expect(stderr).toContain('PIXELCL_BENCH_REAL')
    expect(stderr).toContain('SegNet')
    expect(existsSync(nowhere)).toBe(false)
  })
})
