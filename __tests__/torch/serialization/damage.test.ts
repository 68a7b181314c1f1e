import { beforeAll, describe, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import * as torch from '../../../src/torch'
import { runChild } from '../../support/child'
import { expectWith } from '../../support/expect'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'

/** One file of every format, with every kind of value. */
const formats = ['zip', 'old', 'protocol4', 'safetensors'] as const
const path = (format: string) => temporary(`whole-${format}.pt`)

beforeAll(async () => {
  const code = `
    import collections
    value = {
        'state': collections.OrderedDict(a=torch.arange(6.).view(2, 3), b=torch.ones(3, dtype=torch.bfloat16), n=torch.tensor(3)), 3: (1, 2.0, None, True, b'xy', 'text'),
        'array': np.arange(3), 'set': {1, 2}, 'sparse': torch.eye(3).to_sparse(), 'csr': torch.eye(3).to_sparse_csr(), 'parameter': torch.nn.Parameter(torch.ones(2)),
        'wide': torch.ones(2, dtype=torch.uint16), 'conj': torch.tensor([1+2j]).conj(), 'scalar': np.float64(3), 'size': torch.Size([1, 2]), 'big': 2**100, 'lists': [[], [1], {}]}
    torch.save(value, inputs['zip'])
    torch.save(value, inputs['old'], _use_new_zipfile_serialization=False)
    torch.save(value, inputs['protocol4'], pickle_protocol=4)`
  await runPython(code, { zip: path('zip'), old: path('old'), protocol4: path('protocol4') })
  torch.safetensors.save({ a: torch.arange(6), b: torch.ones([3], { dtype: 'bfloat16' }) }, path('safetensors'))
})

const read = (format: string, file: Buffer): unknown => (format === 'safetensors' ? torch.safetensors.load(file) : torch.load(file))

describe.each(formats)('a file of the format %s', (format) => {
  test('is whole', () => {
    expect(() => read(format, readFileSync(path(format)))).not.toThrow()
  })

  test('says so where it is cut, wherever it is cut', () => {
    const whole = readFileSync(path(format))
    const step = Math.max(1, Math.floor(whole.length / 400))
    for (let length = 0; length < whole.length; length += step) {
      expectWith(() => read(format, whole.subarray(0, length)), `cut to ${length} of ${whole.length} bytes`).toThrow(torch.FileError)
    }
  })
})

test('a flipped bit in a record of a zip file is always detected', () => {
  const whole = readFileSync(path('zip'))
  const start = whole.indexOf('data.pkl') + 64
  for (let at = start; at < start + 1000; at += 7) {
    const flipped = Buffer.from(whole)
    flipped[at]! ^= 1 << (at % 8)
    expectWith(() => torch.load(flipped), `byte ${at}`).toThrow(torch.FileError)
  }
})

test('a thousand damaged files are refused by FileErrors or read, in bounded memory, and none ends the process', async () => {
  const seen = await runChild<{ outcomes: Record<string, number>; strange: string[]; growth: number; slowest: number }>(`
    const { readFileSync } = require('node:fs')
    let seed = 12345
    const random = (limit) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return Math.floor((seed / 2 ** 32) * limit)
    }
    const files = ${JSON.stringify(formats.map((format) => [format, path(format)]))}.map(([format, path]) => [format, readFileSync(path)])
    // Checksums would hide the pickle's own damage: 0 stands for none.
    const withoutChecksums = (bytes) => {
      const copy = Buffer.from(bytes)
      for (let at = copy.indexOf('PK\\x01\\x02'); at >= 0; at = copy.indexOf('PK\\x01\\x02', at + 4)) copy.writeUInt32LE(0, at + 16)
      return copy
    }
    const damaged = (whole) => {
      const bytes = Buffer.from(whole)
      const [a, b, length] = [random(bytes.length), random(bytes.length), 1 + random(40)]
      switch (random(6)) {
        case 0:
          return bytes.subarray(0, a)
        case 1:
          for (let i = 0; i <= random(4); i++) bytes[random(bytes.length)] ^= 1 << random(8)
          return bytes
        case 2:
          for (let i = 0; i <= random(4); i++) bytes[random(bytes.length)] = random(256)
          return bytes
        case 3:
          return Buffer.concat([bytes.subarray(0, a), bytes.subarray(a + length)])
        case 4:
          return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b, b + length), bytes.subarray(a)])
        default:
          return bytes.fill(random(2) * 255, a, Math.min(bytes.length, a + length))
      }
    }
    const outcomes = {}
    const strange = []
    let slowest = 0
    gc()
    const before = rss()
    for (let i = 0; i < 1000; i++) {
      const [format, whole] = files[i % files.length]
      const bytes = damaged(i % 8 < 4 ? withoutChecksums(whole) : whole)
      const start = process.cpuUsage()
      let outcome = 'read'
      try {
        if (format === 'safetensors') torch.safetensors.load(bytes)
        else torch.load(bytes, { unknownObjects: i % 3 === 0 ? 'keep' : 'refuse' })
      } catch (error) {
        outcome = error instanceof torch.FileError ? 'refused' : 'strange'
        if (outcome === 'strange') strange.push(error.stack)
      }
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      slowest = Math.max(slowest, process.cpuUsage(start).user / 1000)
    }
    report({ outcomes, strange, growth: rss() - before, slowest })`)
  expect(seen.strange).toEqual([])
  expect(seen.outcomes['refused']).toBeGreaterThan(500)
  expect(seen.outcomes['read']).toBeGreaterThan(10)
  expect(seen.growth).toBeLessThan(300)
  expect(seen.slowest).toBeLessThan(5000)
}, 180_000)
