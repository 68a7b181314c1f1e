import { beforeAll, describe, expect, test } from '@jest/globals'
import { readFileSync, writeFileSync } from 'node:fs'
import * as torch from '../../../src/torch'
import { withSource } from '../../../src/torch/archive/source'
import { ZipReader } from '../../../src/torch/archive/zip-reader'
import { isTorchScriptFile } from '../../../src/torch/jit/files'
import { runChild } from '../../support/child'
import { expectWith } from '../../support/expect'
import { temporary } from '../../support/files'
import { forgedZip } from '../serialization/forge'
import { exported } from './export'

let path: string

beforeAll(async () => {
  path = (await exported('net = networks.Small().eval()')).path
})

/** The records of a program, by their names without the archive's folder. */
function recordsOf(file: string): Map<string, Buffer> {
  return withSource(file, (source) => {
    const zip = new ZipReader(source)
    return new Map([...zip.entries.keys()].map((name) => [name.slice(zip.prefix.length), Buffer.from(zip.read(name))]))
  })
}

/** The program with some records changed; null leaves one out. Checksums are left out, so that nothing but the content tells. */
function withRecords(changes: Readonly<Record<string, Buffer | null>>): Buffer {
  const records = new Map(recordsOf(path))
  for (const [name, data] of Object.entries(changes)) {
    if (data === null) records.delete(name)
    else records.set(name, data)
  }
  return forgedZip([...records].map(([name, data]) => [`program/${name}`, { data }] as const))
}

describe('torch.jit.load says what a file is that holds no TorchScript:', () => {
  test('one that is not there, or a folder', () => {
    expect(() => torch.jit.load(temporary('absent.pt'))).toThrow(/there is no file .*absent\.pt/)
    expect(() => torch.jit.load('/tmp')).toThrow(/\/tmp is no regular file/)
    expect(() => torch.jit.load(3 as unknown as string)).toThrow(/load\(\): file: expected a file's path or its bytes but received 3/)
  })

  test.each<[string, Buffer, RegExp]>([
    ['an empty file', Buffer.alloc(0), /is no TorchScript file: it is no zip archive.*torch\.jit\.script\(model\)\.save\(path\)/],
    ['a text', Buffer.from('hello there'), /is no TorchScript file/],
    ['a zip of something else', forgedZip([['a/b.txt', { data: Buffer.from('x') }]]), /zip archive without TorchScript code/],
  ])('%s', (_, bytes, message) => {
    const file = temporary('none.pt')
    writeFileSync(file, bytes)
    expect(() => torch.jit.load(file)).toThrow(torch.JitError)
    expect(() => torch.jit.load(file)).toThrow(message)
    expect(isTorchScriptFile(file)).toBe(false)
  })

  test('a state dict, with the function that reads it', () => {
    const file = temporary('state.pt')
    torch.save({ w: torch.ones([1]) }, file)
    expect(() => torch.jit.load(file)).toThrow(
      /without TorchScript code\. It holds saved values, perhaps a state dict: read it with torch\.load\(path\)/,
    )
    expect([isTorchScriptFile(file), isTorchScriptFile(path)]).toEqual([false, true])
  })
})

describe('a TorchScript file that is damaged', () => {
  test('by being cut, anywhere, is a FileError that says so', () => {
    const whole = readFileSync(path)
    for (let length = 4; length < whole.length; length += Math.floor(whole.length / 150)) {
      expectWith(() => torch.jit.load(whole.subarray(0, length)), `cut to ${length} of ${whole.length}`).toThrow(torch.FileError)
    }
    writeFileSync(temporary('cut.pt'), whole.subarray(0, whole.length / 2))
    expect(() => torch.jit.load(temporary('cut.pt'))).toThrow(/cannot load .*cut\.pt: the file is truncated/)
  })

  test('by one bit in a weight, in the code or in the values, is a FileError that names the record', () => {
    const whole = readFileSync(path)
    for (const name of ['data/0', 'data.pkl', 'code/__torch__/networks.py', 'constants.pkl']) {
      const { headerOffset } = withSource(whole, (source) => {
        const zip = new ZipReader(source)
        return zip.entries.get(zip.prefix + name)!
      })
      const at = headerOffset + 30 + whole.readUInt16LE(headerOffset + 26) + whole.readUInt16LE(headerOffset + 28)
      const flipped = Buffer.from(whole)
      flipped[at + 2]! ^= 4
      expectWith(() => torch.jit.load(flipped), name).toThrow(torch.FileError)
      expectWith(() => torch.jit.load(flipped), name).toThrow(
        new RegExp(`the record '.*${name}' (is damaged: its checksum does not match|does not inflate)`),
      )
    }
  })

  test('by a missing record is refused by the record’s name', () => {
    expect(() => torch.jit.load(withRecords({ 'constants.pkl': null }))).toThrow(/without TorchScript code/)
    expect(() => torch.jit.load(withRecords({ 'data/0': null }))).toThrow(/data\/0/)
    expect(() => torch.jit.load(withRecords({ 'code/__torch__/networks.py': null }))).toThrow(torch.JitError)
  })
})

describe('a program that is garbled though its checksums are right', () => {
  const code = 'code/__torch__/networks.py'

  test('is whole where nothing is changed', () => {
    expect(torch.jit.load(withRecords({})).call(torch.ones([1, 3, 32, 32]))).toBeInstanceOf(torch.Tensor)
  })

  test.each<[string, () => Buffer]>([
    ['code that does not parse', () => withRecords({ [code]: Buffer.from('class Small(Module):\n  def forward(self') })],
    ['code that is binary', () => withRecords({ [code]: Buffer.alloc(500, 0xfe) })],
    [
      'code of another class',
      () =>
        withRecords({
          [code]: Buffer.from(
            'class Other(Module):\n  __parameters__ = []\n  __buffers__ = []\n  def forward(self: __torch__.networks.Other, x: Tensor) -> Tensor:\n    return x\n',
          ),
        }),
    ],
    [
      'code that calls what there is not',
      () => withRecords({ [code]: Buffer.from(recordsOf(path).get(code)!.toString().replace('torch.flatten', 'torch.no_such_operator')) }),
    ],
    ['values that are no pickle', () => withRecords({ 'data.pkl': Buffer.from('nonsense') })],
    ['values that are no object', () => withRecords({ 'data.pkl': Buffer.from([0x80, 2, 0x4b, 1, 0x2e]) })],
    [
      'values that fill memory by one index',
      () =>
        withRecords({
          'data.pkl': Buffer.concat([Buffer.from([0x80, 2, 0x4e, 0x72, 255, 255, 255, 255]), recordsOf(path).get('data.pkl')!.subarray(2)]),
        }),
    ],
    [
      'values nested without end',
      () => withRecords({ 'data.pkl': Buffer.concat([Buffer.from([0x80, 2, 0x29]), Buffer.alloc(300_000, 0x85), Buffer.from('.')]) }),
    ],
    ['constants that are no tuple', () => withRecords({ 'constants.pkl': Buffer.from([0x80, 2, 0x4e, 0x2e]) })],
    ...[
      '('.repeat(50_000) + 'x',
      '-'.repeat(50_000) + 'x',
      `x${'+x'.repeat(50_000)}`,
      `x${'[0]'.repeat(50_000)}`,
      `${'x if True else '.repeat(20_000)}x`,
      'not '.repeat(50_000) + 'x',
    ].map((expression, i): [string, () => Buffer] => [
      `code nested without end (${i + 1})`,
      () =>
        withRecords({
          [code]: Buffer.from(
            recordsOf(path)
              .get(code)!
              .toString()
              .replace(/return .*\n$/, `return ${expression}\n`),
          ),
        }),
    ]),
    [
      'blocks nested without end',
      () =>
        withRecords({
          [code]: Buffer.from(
            recordsOf(path)
              .get(code)!
              .toString()
              .replace(
                /return .*\n$/,
                `${Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}if True:\n    `).join('')}${' '.repeat(3000)}pass\n`,
              ),
          ),
        }),
    ],
  ])('%s: an error, no crash', (_, make) => {
    const file = make()
    let error: unknown
    try {
      torch.jit.load(file)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(torch.PixelclError)
    expect((error as torch.PixelclError).code).toMatch(/^(JIT|FILE)$/)
  })

  test('at random, hundreds of times: every load throws or succeeds, and the process survives', async () => {
    const folder = temporary('records.json')
    writeFileSync(folder, JSON.stringify([...recordsOf(path)].map(([name, data]) => [name, data.toString('base64')])))
    const seen = await runChild<{ outcomes: Record<string, number>; strange: string[] }>(`
      const { readFileSync } = require('node:fs')
      const records = JSON.parse(readFileSync(${JSON.stringify(folder)}, 'utf8')).map(([name, data]) => [name, Buffer.from(data, 'base64')])
      ${forgedZip.toString()}
      let seed = 4711
      const random = (limit) => {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
        return Math.floor((seed / 2 ** 32) * limit)
      }
      const damaged = (record) => {
        const bytes = Buffer.from(record)
        const [a, b, length] = [random(bytes.length), random(bytes.length), 1 + random(40)]
        switch (random(5)) {
          case 0:
            return bytes.subarray(0, a)
          case 1:
            for (let i = 0; i <= random(4); i++) bytes[random(bytes.length)] ^= 1 << random(8)
            return bytes
          case 2:
            return Buffer.concat([bytes.subarray(0, a), bytes.subarray(a + length)])
          case 3:
            return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b, b + length), bytes.subarray(a)])
          default:
            return bytes.fill(random(2) * 255, a, Math.min(bytes.length, a + length))
        }
      }
      const targets = records.map(([name]) => name).filter((name) => !name.startsWith('data/') && !name.startsWith('.data'))
      const outcomes = {}
      const strange = []
      for (let i = 0; i < 300; i++) {
        const target = i % 3 === 0 ? 'data.pkl' : targets[random(targets.length)]
        const file = forgedZip(records.map(([name, data]) => ['program/' + name, { data: name === target ? damaged(data) : data }]))
        let outcome = 'loaded'
        try {
          const module = torch.jit.load(file)
          outcome = 'read'
          module.graph()
          module.frozenBatchNorms()
          module.taps(['layer2', 'fc'])
          module.deepcopy()
        } catch (error) {
          outcome = error instanceof torch.PixelclError ? error.code : 'strange'
          if (outcome !== 'JIT' && outcome !== 'FILE') strange.push(target + ': ' + error.stack)
        }
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      }
      report({ outcomes, strange })`)
    expect(seen.strange).toEqual([])
    expect(seen.outcomes['JIT']! + (seen.outcomes['FILE'] ?? 0)).toBeGreaterThan(100)
    expect(seen.outcomes['read']).toBeGreaterThan(10)
  }, 180_000)
})
