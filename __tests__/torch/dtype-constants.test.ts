import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { runPython } from '../support/python'

test("every dtype has the names that Python gives it, and their value is the dtype's name", async () => {
  const { names } = await runPython<{ names: Record<string, string> }>(`
    outputs = {'names': {n: str(getattr(torch, n)).split('.')[1] for n in dir(torch) if isinstance(getattr(torch, n), torch.dtype)}}
  `)
  const known = Object.entries(names).filter(([, dtype]) => (torch.dtypes as readonly string[]).includes(dtype))
  expect(new Set(known.map(([, dtype]) => dtype)).size).toBe(torch.dtypes.length)
  const constants = torch as unknown as Readonly<Record<string, unknown>>
  for (const [name, dtype] of known) expect([name, constants[name]]).toEqual([name, name === 'float' ? torch.float : dtype])
  const left = Object.entries(names).filter(([, dtype]) => !(torch.dtypes as readonly string[]).includes(dtype))
  expect(left.filter(([name]) => name in torch)).toEqual([])
})

describe('a dtype constant', () => {
  test('is taken wherever a dtype is', () => {
    const x = torch.zeros([2], { dtype: torch.long })
    expect(x.dtype).toBe('int64')
    expect(x.to(torch.half).dtype).toBe(torch.float16)
    expect(x.sum({ dim: 0, dtype: torch.double }).dtype).toBe('float64')
    expect(torch.tensor([1, 2], { dtype: torch.bool }).tolist()).toEqual([true, true])
    expect(torch.ones([2]).view(torch.int).dtype).toBe('int32')
    expect(torch.promoteTypes(torch.half, torch.int)).toBe('float16')
    expect(new torch.nn.Linear(2, 1, { dtype: torch.bfloat16 }).weight.dtype).toBe('bfloat16')
  })

  test('has the one dtype as its type', () => {
    const long: 'int64' = torch.long
    // A declaration without a type keeps it, too.
    const options = { dtype: torch.cfloat }
    const complex: 'complex64' = options.dtype
    // @ts-expect-error a dtype that does not exist
    const absent: unknown = torch.longg
    expect([long, complex, absent]).toEqual(['int64', 'complex64', undefined])
  })
})

describe('torch.float', () => {
  test('is a dtype as well as the function that makes a number a double', () => {
    expect(torch.float(1)).toEqual({ float: 1 })
    const x = torch.tensor([1n, 2n])
    expect(torch.zeros([2], { dtype: torch.float }).dtype).toBe('float32')
    expect(torch.zeros(2, { dtype: torch.float }).dtype).toBe('float32')
    expect(torch.tensor([1n], { dtype: torch.float }).dtype).toBe('float32')
    expect(torch.full([1], 1n, { dtype: torch.float }).dtype).toBe('float32')
    expect(torch.fullLike(x, 1, { dtype: torch.float }).dtype).toBe('float32')
    expect(torch.asTensor(x, { dtype: torch.float }).dtype).toBe('float32')
    expect([x.to(torch.float), x.to({ dtype: torch.float }), x.type(torch.float)].map(({ dtype }) => dtype)).toEqual(
      Array(3).fill('float32'),
    )
    expect(x.cumsum(0, { dtype: torch.float }).dtype).toBe('float32')
    expect(torch.nn.functional.softmin(x, 0, torch.float).dtype).toBe('float32')
    expect(torch.canCast(torch.float, torch.int)).toBe(false)
    expect(new torch.nn.Linear(2, 1).double().to(torch.float).weight.dtype).toBe('float32')
    expect(torch.ops['aten']!['zeros_like']!(x, { dtype: torch.float })).toMatchObject({ dtype: 'float32' })
    torch.setDefaultDtype(torch.float)
    expect(torch.getDefaultDtype()).toBe('float32')
  })
})

describe('an explicit undefined for a dtype', () => {
  const absent = (torch as unknown as Readonly<Record<string, torch.DType>>)['longg']!
  const expected = /\(\): dtype: expected a dtype such as 'float32' but received undefined/

  test('is refused, for so a misspelt constant arrives', () => {
    const x = torch.ones([2])
    const calls: (() => unknown)[] = [
      () => torch.zeros([2], { dtype: absent }),
      () => torch.zeros(2, { dtype: absent }),
      () => torch.zerosLike(x, { dtype: absent }),
      () => torch.tensor([1], { dtype: absent }),
      () => torch.asTensor(x, { dtype: absent }),
      () => torch.full([2], 1, { dtype: absent }),
      () => torch.fullLike(x, 1, { dtype: absent }),
      () => x.sum({ dtype: absent }),
      () => x.to({ dtype: absent }),
      () => x.newTensor([1], { dtype: absent }),
      () => torch.norm(x, { dtype: absent }),
      () => torch.sparseCooTensor([[0]], [1], [2], { dtype: absent }),
      () => new torch.nn.Linear(2, 1, { dtype: absent }),
      () => new torch.nn.Linear(2, 1).to({ dtype: absent }),
    ]
    for (const call of calls) expect(call).toThrow(expected)
  })

  test('does not compile, while null means the default', () => {
    // @ts-expect-error undefined is no dtype
    expect(() => torch.zeros([2], { dtype: undefined })).toThrow(expected)
    expect(torch.zeros([2], { dtype: null }).dtype).toBe('float32')
    expect(torch.tensor([1n], { dtype: null }).dtype).toBe('int64')
    expect(torch.ones([2]).to({ dtype: null }).dtype).toBe('float32')
  })

  test('of every other option means the default', () => {
    expect(torch.zeros([2], { device: undefined, layout: undefined, requiresGrad: undefined }).requiresGrad).toBe(false)
    expect(torch.tensor([1], { device: undefined }).device).toBe('cpu')
    expect(torch.ones([2, 2]).sum({ dim: 1, keepdim: undefined }).shape).toEqual([2])
  })
})

test('a text that is no dtype is refused by name, with all that there are', () => {
  // @ts-expect-error a misspelt dtype
  expect(() => torch.tensor([1], { dtype: 'flaot32' })).toThrow(/tensor\(\): dtype: unknown dtype 'flaot32': expected one of float32/)
  // @ts-expect-error a misspelt dtype
  expect(() => torch.zeros([1], { dtype: 'flaot32' })).toThrow(/unknown dtype 'flaot32'/)
})

describe('torch.device', () => {
  test('checks a name that is known only when the program runs', () => {
    const name: string = 'meta'
    expect(torch.zeros([2], { device: torch.device(name) }).device).toBe('meta')
    expect(torch.device('cuda', 1)).toBe('cuda:1')
    expect(torch.device(0)).toBe('cuda:0')
    expect(() => torch.device('gpu')).toThrow(/device\(\): expected a device such as 'cpu', 'cuda' or 'cuda:0' but received 'gpu'/)
    // @ts-expect-error any text may be no device
    expect(torch.zeros([2], { device: name }).device).toBe('meta')
  })
})
