import { beforeAll, describe, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'
import { exported } from './export'

let values: torch.jit.ScriptModule
let path: string
const x = torch.ones([2])

beforeAll(async () => {
  path = (await exported('net = networks.Values()')).path
  values = torch.jit.load(path)
})

describe('arguments', () => {
  test('may be named in a last object, in Python’s spelling or in camelCase', async () => {
    expect((values.call(x, { mode: 3 }) as Tensor).tolist()).toEqual([4, 4])
    expect((values.call(x, 3, { color: 'BLUE' }) as Tensor).tolist()).toEqual([-2, -2])
    expect((values.call({ x, mode: 'sum' }) as Tensor).tolist()).toEqual([0.5, 0.5])
    const defaults = torch.jit.load((await exported('net = networks.Defaults()')).path)
    const images = torch.ones([1, 3, 2, 2])
    expect((defaults.call(images, { return_features: true }) as Tensor).shape).toEqual([1, 4, 2, 2])
    expect((defaults.call(images, { returnFeatures: true, scale: 1 }) as Tensor).shape).toEqual([1, 4, 2, 2])
  })

  test('that are unknown, given twice or missing are named', () => {
    expect(() => values.call(x, { moode: 3 })).toThrow(torch.ArgumentError)
    expect(() => values.call(x, { moode: 3 })).toThrow(/'forward' has no argument 'moode': it takes \(x, mode, color\)/)
    expect(() => values.call(x, { x })).toThrow(/received its argument 'x' twice/)
    expect(() => values.call({ mode: 3 })).toThrow(/missing value for argument 'x'/)
  })

  test('of a union are the alternative that fits best, with Python’s choice', async () => {
    const given = [torch.ones([1]), 3, 2.5, 'text', [1, 2]]
    const { kinds } = await runPython<{ kinds: string[] }>(
      `m = torch.jit.load(inputs['path'])\noutputs = {'kinds': [m.kind(v) for v in inputs['given']]}`,
      { path, given },
    )
    expect(given.map((value) => values.invoke('kind', value))).toEqual(kinds)
    expect(kinds).toEqual(['Tensor', 'int', 'float', 'str', 'list'])
    expect([null, undefined, 1, 'a'].map((value) => values.invoke('nothing', value))).toEqual([true, true, false, false])
    expect(() => values.invoke('kind', null)).toThrow(/expected a value of type Union\[/)
  })

  test('of type Any are inferred: dicts, tuples, lists, tensors', () => {
    const described = (value: unknown) => values.invoke('described', value)
    expect(described({ a: 5 })).toBe('dict of 5')
    expect(described(new Map([['a', 6]]))).toBe('dict of 6')
    expect(described(Object.freeze([1, 'two']))).toBe('tuple of two')
    expect(described([1, 2, 3])).toBe('list of 3')
    expect(described(x)).toBe('Tensor')
    expect(described(null)).toBe('other')
    expect(() => described({ a: 1, b: 'c' })).toThrow(/values of a dict have different types/)
  })

  test('of a named tuple are an array or an object, and results have both', () => {
    for (const given of [[x, 4], { logits: x, count: 4 }]) {
      const result = values.invoke('named', given) as unknown[] & { logits: Tensor; count: number }
      expect([result.logits.tolist(), result.count, result[1], result.length]).toEqual([[2, 2], 5, 5, 2])
      expect(Object.keys(result)).toEqual(['0', '1'])
    }
    expect(() => values.invoke('named', { logits: x })).toThrow(/expected an object with 'count'/)
  })

  test('of an enumeration are a name, a value or a member, as results are', () => {
    const blue = values.invoke('other', 'RED') as torch.jit.EnumMember
    expect(blue).toEqual({ name: 'BLUE', value: 2 })
    expect(values.invoke('other', 1)).toEqual(blue)
    expect(values.invoke('other', blue)).toEqual({ name: 'RED', value: 1 })
    expect(() => values.invoke('other', 'GREEN')).toThrow(/one of 'RED', 'BLUE' but received the string 'GREEN'/)
  })

  test('and results may be objects of the program’s own classes', () => {
    const counter = values.invoke('counter', 5) as torch.jit.ScriptObject & { total: number }
    expect(counter).toBeInstanceOf(torch.jit.ScriptObject)
    expect([counter.originalName, counter.total]).toEqual(['Counter', 5])
    expect(values.invoke('count', counter, 2)).toBe(7)
    expect(counter.invoke('add', 3)).toBe(10)
    expect(counter.total).toBe(10)
    counter.total = 1
    expect(counter.invoke('add', { more: 1 })).toBe(2)
    expect(() => values.invoke('count', { total: 1 }, 2)).toThrow(/TorchScript module or object/)
  })
})

describe('properties', () => {
  test('give children, tensors, attributes and constants', () => {
    const module = torch.jit.load(path)
    expect([module['scale'], module['label'], module['sizes'], module['width']]).toEqual([0.5, 'plain', [1, 2, 3], 7])
    expect(module['conv']).toBe(module.getSubmodule('conv'))
    expect((module['conv'] as torch.jit.ScriptModule)['weight']).toBe(module.getParameter('conv.weight'))
    expect((module['conv'] as torch.jit.ScriptModule)['in_channels']).toBe(1)
    expect((module['offset'] as Tensor).tolist()).toEqual([1, 1])
    expect(module['absent']).toBeUndefined()
  })

  test('that are attributes can be assigned, are used and saved', async () => {
    const module = torch.jit.load(path)
    module['scale'] = 3
    expect((module.call(x) as Tensor).tolist()).toEqual([3, 3])
    expect(values['scale']).toBe(0.5)
    const copy = temporary('scaled.pt')
    module.save(copy)
    const { scale } = await runPython<{ scale: number }>(`outputs = {'scale': torch.jit.load(inputs['copy']).scale}`, { copy })
    expect(scale).toBe(3)
    expect(module.deepcopy()['scale']).toBe(3)
    expect(() => (module['scale'] = 'wide')).toThrow(/expected a number/)
    expect(() => (module['width'] = 8)).toThrow(/'width' is a constant of the TorchScript code/)
    expect(() => (module['conv'] = null)).toThrow(/'conv' of a TorchScript module cannot be replaced/)
  })
})

test('autocast in a program casts as in Python, in the taps, too, and is saved as it was', async () => {
  const input = torch.rand([5, 3])
  const expected = await exported<{ y: Tensor; inner: Tensor; gradient: Tensor }>('net = networks.Autocast()', {
    after: `x = inputs['x']
y = program(x)
y.sum().backward()
outputs = {'y': y, 'inner': net.inner(x), 'gradient': program.inner.linear.weight.grad}`,
    inputs: { x: input },
  })
  const module = torch.jit.load(expected.path)
  const y = module.call(input) as Tensor
  y.sum().backward()
  expect(y).toEqualTensor(expected.y)
  expect(module.getParameter('inner.linear.weight').grad).toEqualTensor(expected.gradient)
  const inner = module.getSubmodule('inner').call(input) as unknown as Tensor
  expect(inner.dtype).toBe('bfloat16')
  expect(inner).toEqualTensor(expected.inner)
  expect(module.taps(['inner']).run(module, input)[0]).toEqualTensor(expected.inner)
  const copy = temporary('autocast.pt')
  module.save(copy)
  expect(torch.jit.load(copy).call(input)).toEqualTensor(expected.y)
  expect((module.getSubmodule('inner') as unknown as torch.jit.ScriptModule).graph()).not.toContain('autocast_to')
})

describe('extra files', () => {
  test('go into the archive and come out of it, between Python and here', async () => {
    const [there, here] = [temporary('there.pt'), temporary('here.pt')]
    await exported('net = networks.Small()', {
      after: `torch.jit.save(program, inputs['there'], _extra_files={'labels.txt': 'cat\\ndog', 'notes/a.bin': b'\\x00\\xff'})`,
      inputs: { there },
    })
    const files: Record<string, string | Uint8Array> = { 'labels.txt': '', 'notes/a.bin': '' }
    const module = torch.jit.load(there, { _extraFiles: files })
    expect(Buffer.from(files['labels.txt'] as Uint8Array).toString()).toBe('cat\ndog')
    expect([...(files['notes/a.bin'] as Uint8Array)]).toEqual([0, 255])
    torch.jit.save(module, here, { _extraFiles: { 'labels.txt': 'ﬁn', 'b.bin': new Uint8Array([1, 2]) } })
    const { labels, bytes } = await runPython<{ labels: string; bytes: number[] }>(
      `files = {'labels.txt': '', 'b.bin': ''}
torch.jit.load(inputs['here'], _extra_files=files)
outputs = {'labels': files['labels.txt'].decode() if isinstance(files['labels.txt'], bytes) else files['labels.txt'], 'bytes': list(files['b.bin'])}`,
      { here },
    )
    expect([labels, bytes]).toEqual(['ﬁn', [1, 2]])
    const read: Record<string, string | Uint8Array> = { 'b.bin': '' }
    torch.jit.load(new Uint8Array(readFileSync(here)), { _extraFiles: read })
    expect([...(read['b.bin'] as Uint8Array)]).toEqual([1, 2])
  })

  test('that are not there, or no object, are an error', () => {
    expect(() => torch.jit.load(path, { _extraFiles: { 'x.txt': '' } })).toThrow(/cannot load .*: it has no extra file 'x\.txt'/)
    expect(() => torch.jit.load(path, { _extraFiles: 3 as never })).toThrow(/_extraFiles: expected an object of files by their names/)
  })
})
