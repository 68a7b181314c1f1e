import { describe, expect, test } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { native } from '../../src/native'
import * as torch from '../../src/torch'
import { camelCase } from '../../src/common/text'
import { skipIf } from '../support/skip'
import { generatedOnly, isGeneratedVersion } from '../support/versions'

/** Whether two types are the same, not only assignable to each other. */
type Same<One, Two> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Two ? 1 : 2 ? true : false

const x = torch.tensor([
  [1, 2, 3],
  [4, 5, 6],
])
const generated = join(__dirname, '../../src/torch/generated')

describe('the forms of a call, which compile and run alike', () => {
  test('all by position', () => {
    expect(x.sum(1, true, { dtype: 'float64' }).shape).toEqual([2, 1])
    expect(torch.clamp(x, 2, 5).tolist()).toEqual(x.clamp(2, 5).tolist())
    expect(torch.nn.functional.avgPool2d(torch.ones(1, 1, 4, 4), [2, 2], 2, 0, false, true, null).shape).toEqual([1, 1, 2, 2])
  })

  test('the first by position, the others by name', () => {
    expect(x.sum(1, { keepdim: true }).shape).toEqual([2, 1])
    expect(x.mean([0, 1], { keepdim: true, dtype: torch.double }).dtype).toBe('float64')
    expect(x.scatter(1, { index: torch.tensor([[0n], [1n]]), value: 0 }).tolist()).toEqual([
      [0, 2, 3],
      [4, 0, 6],
    ])
    expect(torch.conv2d(torch.ones(1, 2, 4, 4), torch.ones(2, 1, 3, 3), null, 1, 1, { groups: 2 }).shape).toEqual([1, 2, 4, 4])
    expect(torch.flatten(x, 0, { endDim: 1 }).shape).toEqual([6])
  })

  test('all by name', () => {
    expect(x.sum({ dim: 1 }).tolist()).toEqual([6, 15])
    expect(x.mean({ dim: 1, keepdim: true }).shape).toEqual([2, 1])
    expect(x.transpose({ dim0: 0, dim1: 1 }).shape).toEqual([3, 2])
    expect(x.view({ size: [3, 2] }).shape).toEqual([3, 2])
    expect(torch.matmul({ input: x, other: x.t() }).shape).toEqual([2, 2])
    expect(torch.zeros({ size: [2, 3], dtype: torch.long }).dtype).toBe('int64')
    expect(torch.cat({ tensors: [x, x], dim: 1 }).shape).toEqual([2, 6])
    expect(torch.linalg.norm({ input: x, ord: 2, dim: 1 }).shape).toEqual([2])
    expect(torch.fft.rfft({ input: x, n: 2 }).shape).toEqual([2, 2])
    expect(torch.special.xlogy({ input: x, other: x }).shape).toEqual([2, 3])
    expect(torch.nn.functional.adaptiveAvgPool1d({ input: x, outputSize: 1 }).shape).toEqual([2, 1])
  })

  test('the ints of a list one by one, with options behind them where tensors are made', () => {
    expect(torch.zeros(2, 3).shape).toEqual([2, 3])
    expect(torch.randn(2n, 3n, { dtype: torch.double }).dtype).toBe('float64')
    expect(torch.rand(2, { generator: new torch.Generator().manualSeed(1) }).shape).toEqual([2])
    expect(x.newOnes(2, 3, { dtype: 'int32' }).dtype).toBe('int32')
    expect(x.view(3, 2).permute(1, 0).reshape(-1).shape).toEqual([6])
    const shape = [2, 3]
    expect(torch.empty(...shape).shape).toEqual(shape)
  })

  test('a tensor or a number, also where only the call knows which', () => {
    const operands: (torch.Tensor | number)[] = [x, 2]
    expect(operands.map((other) => x.add(other).sum().item())).toEqual([42, 33])
    expect(operands.map((input) => torch.mul(input, x).sum().item())).toEqual([91, 42])
  })

  test('options that may be undefined, as wrappers pass them on', () => {
    const draw = (options: { g?: torch.Generator; device?: torch.Device }): torch.Tensor =>
      torch.rand([2], { generator: options.g, device: options.device, requiresGrad: undefined })
    expect(draw({}).shape).toEqual([2])
    expect(draw({ g: new torch.Generator() }).shape).toEqual([2])
    const reduce = (keepdim?: boolean): number[] => x.sum(1, { keepdim }).shape
    expect([reduce(), reduce(true)]).toEqual([[2], [2, 1]])
  })

  test('a result in place is the tensor itself, with its own type', () => {
    const weight = new torch.nn.Parameter(torch.ones(2))
    const scaled: torch.nn.Parameter = torch.noGrad(() => weight.mul_(2))
    expect(scaled).toBe(weight)
  })
})

test('what PyTorch does not take does not compile either', () => {
  // @ts-expect-error a misspelt option
  expect(() => x.sum({ dims: 1 })).toThrow(/dim/)
  // @ts-expect-error a text is no dimension
  expect(() => x.sum({ dim: 'one' })).toThrow(/sum\(\)/)
  // @ts-expect-error no operand
  expect(() => x.add()).toThrow(/add\(\)/)
  // @ts-expect-error an argument given twice
  expect(() => x.transpose(0, { dim0: 0, dim1: 1 })).toThrow(/twice|both/)
  // @ts-expect-error a tensor is no size
  expect(() => torch.zeros(x, 2)).toThrow(/zeros\(\)/)
  // @ts-expect-error no such device
  expect(() => torch.zeros(2, { device: 'cpuu' })).toThrow(/cpuu/)
  // @ts-expect-error no such memory format
  expect(() => x.clone({ memoryFormat: 'channels_last' })).toThrow(/channels_last/)
  // @ts-expect-error no such target
  expect(() => x.to('flaot32')).toThrow(/flaot32/)
})

describe('results with names', () => {
  test('are the tensors, by name, by position and taken apart', () => {
    const result = x.max(1)
    const { values, indices } = result
    const [first, second] = result
    const exact: [Same<typeof first, torch.Tensor>, Same<typeof second, torch.Tensor>, Same<typeof indices, torch.Tensor>] = [
      true,
      true,
      true,
    ]
    const tensor: torch.Tensor = values
    expect(exact).toEqual([true, true, true])
    expect(tensor).toBe(values)
    expect(values).toBe(first)
    expect(indices).toBe(second)
    expect(result.indices.tolist()).toEqual([2, 2])
    expect(x.max(1).values.mul(2).tolist()).toEqual([6, 12])
  })

  test('stay arrays', () => {
    const result: readonly torch.Tensor[] = x.sort({ dim: 1, descending: true })
    expect(Array.isArray(result)).toBe(true)
    expect(result.length).toBe(2)
    expect(Object.keys(result)).toEqual(['0', '1'])
    expect([...x.topk(1)].map(({ shape }) => shape)).toEqual([
      [2, 1],
      [2, 1],
    ])
  })

  test("hide Array's method of the same name, which does not compile", () => {
    // @ts-expect-error a tensor cannot be called
    expect(() => x.max(1).values()).toThrow(TypeError)
  })

  test('have the names in camelCase, in every module', () => {
    const square = torch.tensor([
      [2, 1],
      [1, 3],
    ])
    expect(torch.linalg.svd(square).Vh.shape).toEqual([2, 2])
    expect(torch.linalg.eigh(square).eigenvalues.shape).toEqual([2])
    expect(torch.linalg.lstsq(square, square).singularValues.shape).toEqual([0])
    expect(torch.linalg.slogdet(square).logabsdet.item()).toBeCloseTo(Math.log(5))
    expect(torch.linalg.qr(square).R.shape).toEqual([2, 2])
    expect(torch.frexp(square).exponent.dtype).toBe('int32')
    expect(torch.histogram(x, 3).binEdges.shape).toEqual([4])
    expect(torch.aminmax(x).max.item()).toBe(6)
    expect(square.slogdet().sign.item()).toBe(1)
  })

  skipIf(!isGeneratedVersion, generatedOnly).test('are those of the schemas, for every operator', () => {
    const specs = filesOf(generated).flatMap((file) => tablesOf(file).flatMap((table) => table.specs))
    const differing = specs.filter((spec) => {
      const [name, overload, marks = ''] = spec.split('|')
      const [flags = '', names = ''] = marks.split(':')
      return !flags.includes('@') && names !== returnNames(native.schema(`aten::${name}`, overload!)!).join(',')
    })
    expect(specs.filter((spec) => spec.split('|')[2]!.includes(':')).length).toBeGreaterThan(50)
    expect(differing).toEqual([])
  })
})

test('every argument of every overload can be given by name, in the types', () => {
  const missing: string[] = []
  for (const file of filesOf(generated)) {
    const text = readFileSync(join(generated, file), 'utf8')
    for (const { name, isMethod, specs } of tablesOf(file)) {
      const safe = text.includes(`export { ${name}_ as ${name} }`) ? `${name}_` : name
      const forms = [...text.matchAll(new RegExp(`^(?:export )?(?:function )?${safe}\\(options\\??: (.*)\\): \\S.*$`, 'gm'))]
      const keys = forms.map(([, object]) => [...object!.matchAll(/(\w+)\??: /g)].map(([, key]) => key).concat(factoryKeys(object!)))
      for (const spec of specs) {
        const parameters = spec
          .split('|')[3]!
          .split(',')
          .filter((field) => field !== '*' && field !== '')
        const names = parameters.map((field) => camelCase(field.split(':')[0]!))
        const self = isMethod ? Math.max(names.indexOf('self'), 0) : -1
        const outer = names.filter((_, i) => i !== self).map((key) => (key === 'self' && !isMethod ? 'input' : key))
        if (outer.length > 0 && !keys.some((known) => outer.every((key) => known.includes(key)))) missing.push(`${file} ${spec}`)
      }
    }
  }
  expect(missing).toEqual([])
})

/** The names behind the arrow of a schema, as `(Tensor values, Tensor indices)` has them. */
function returnNames(schema: string): string[] {
  const results = /-> \((.*)\)$/.exec(schema)?.[1]?.split(', ') ?? []
  const names = results.map((result) => result.split(' ')[1])
  return names.every((name) => name !== undefined) ? names.map((name) => camelCase(name!)) : []
}

function factoryKeys(object: string): string[] {
  return object.includes('FactoryOptions') ? ['dtype', 'layout', 'device', 'pinMemory', 'requiresGrad'] : []
}

interface Table {
  readonly name: string
  readonly isMethod: boolean
  readonly specs: readonly string[]
}

const filesOf = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.ts'))

/** The tables of overloads that a generated file declares. */
function tablesOf(file: string): Table[] {
  const text = readFileSync(join(generated, file), 'utf8')
  return [...text.matchAll(/signatures\('(\w+)', (true|false), \[(.*)\]\)/g)].map(([, name, isMethod, specs]) => ({
    name: name!,
    isMethod: isMethod === 'true',
    specs: specs!.split(/', '/).map((spec) => spec.replace(/^'|'$/g, '')),
  }))
}
