import { afterEach, describe, expect, test } from '@jest/globals'
import { inspect } from 'node:util'
import * as torch from '../../src/torch'
import { runPython } from '../support/python'

afterEach(() => {
  torch.setPrintoptions()
  torch.setDefaultDtype('float32')
})

/** Compares the printed form of each tensor with Python's repr of the same tensor. */
async function expectSameAsPython(tensors: Record<string, torch.Tensor>, options = ''): Promise<void> {
  const { texts } = await runPython<{ texts: Record<string, string> }>(
    `torch.set_printoptions(${options})
outputs = {'texts': {name: repr(x) for name, x in inputs.items()}}`,
    tensors,
  )
  for (const [name, tensor] of Object.entries(tensors)) expect(`${name}: ${tensor.toString()}`).toBe(`${name}: ${texts[name]}`)
}

test('numbers of every size are written as Python writes them', async () => {
  const f = (...values: number[]) => torch.tensor(values)
  const d = (...values: number[]) => torch.tensor(values, { dtype: 'float64' })
  await expectSameAsPython({
    zeros: f(0, 0),
    negativeZero: f(-0, 0, 1),
    negativeZeroOnly: f(-0),
    whole: f(1, 20, 300),
    wholeNegative: f(1, -20, 3),
    mixed: f(1, 2.5, -300.25),
    tiny: f(1e-5, 1),
    justNotTiny: f(1e-4, 0.05),
    wide: f(1, 5000),
    wideFraction: f(0.5, 5000),
    largeWhole: f(1e8, 2e8),
    larger: f(1.0000001e9),
    special: f(NaN, Infinity, -Infinity),
    specialWhole: f(NaN, 1, -Infinity),
    specialFraction: f(NaN, 1.5, -Infinity, Infinity),
    specialScientific: f(NaN, 1e-9, -Infinity, 0, -0),
    ties: d(0.03125, 0.09375, 1.00005, 0.00005 + 0.5, 2.5),
    tiesScientific: d(100005, 100015, 1),
    tiesNegative: d(-0.03125, -0.09375),
    tieToTen: d(999995, 1e-3),
    halfWhole: d(0.5, 1.5, 2.5),
    huge: d(1e300, 1e-300),
    hugeOnly: d(1e22),
    subnormal: d(5e-324),
    scalar: torch.tensor(3.14159),
    scalarWhole: torch.tensor(3),
    scalarNaN: torch.tensor(NaN),
  })
})

test('every dtype shows as in Python', async () => {
  const whole = torch.tensor([
    [1, 2, 100],
    [0, 5, 6],
  ])
  const tensors: Record<string, torch.Tensor> = {}
  for (const dtype of torch.dtypes) if (dtype !== 'float8_e8m0fnu') tensors[dtype] = whole.to(dtype)
  for (const dtype of ['float64', 'float16', 'bfloat16', 'complex64', 'complex128', 'complex32', 'float8_e5m2', 'float8_e4m3fn'] as const) {
    tensors[`${dtype}Fraction`] = torch.tensor([0.1, -2.25, 300]).to(dtype)
  }
  tensors['complexFull'] = torch.complex(torch.tensor([1, -2.5, 0, NaN]), torch.tensor([-1, 0, -0, Infinity]))
  tensors['complexScalar'] = torch.complex(torch.tensor(1.5), torch.tensor(-2))
  tensors['bool'] = torch.tensor([
    [true, false],
    [true, true],
  ])
  tensors['boolTrue'] = torch.tensor([true])
  tensors['big'] = torch.tensor([2n ** 62n, -1n])
  tensors['bigUnsigned'] = torch.tensor([2n ** 63n, 1n], { dtype: 'uint64' })
  await expectSameAsPython(tensors)
})

test('shapes are laid out as in Python, long lines broken, many elements summarised', async () => {
  torch.manualSeed(1)
  await expectSameAsPython({
    empty: torch.zeros([0]),
    emptyInt: torch.zeros([0], { dtype: 'int64' }),
    emptyMatrix: torch.zeros([0, 3]),
    emptyInside: torch.zeros([2, 0], { dtype: 'bool' }),
    line: torch.arange(0, 40),
    matrix: torch.randn([3, 25]),
    cube: torch.randn([2, 3, 4]),
    four: torch.randn([2, 1, 2, 3]),
    singleton: torch.ones([1, 1, 1]),
    exactlyThousand: torch.arange(0, 1000).view([10, 100]),
    summarised: torch.randn([1001]),
    summarisedMatrix: torch.randn([40, 40]),
    summarisedCube: torch.randn([11, 12, 13]),
    summarisedNarrow: torch.randn([2, 5, 700]),
    summarisedHigh: torch.randn([700, 2]),
    summarisedComplex: torch.complex(torch.randn([40, 30]), torch.randn([40, 30])),
    // The element that would widen the columns lies outside of the edges.
    hiddenExtreme: torch.ones([2000]).indexPut_([1000], 1e9),
    summarisedBool: torch.randn([2000]).gt(0),
    summarisedInt: torch.arange(0, 2000).sub(1000),
  })
})

test('suffixes follow, on a line of their own where they do not fit', async () => {
  const half = torch.ones([20], { dtype: 'float16' })
  await expectSameAsPython({
    leaf: torch.ones([2], { requiresGrad: true }),
    longLine: torch.arange(0, 17).to('int32'),
    longLine18: torch.arange(0, 18).to('int32'),
    longLine19: torch.arange(0, 19).to('int32'),
    half,
    leafLong: torch.randn([3, 3], { dtype: 'float64', requiresGrad: true }),
  })
  const { text } = await runPython<{ text: string }>(`outputs = {'text': repr(torch.zeros(2, requires_grad=True).exp())}`)
  expect(torch.zeros([2], { requiresGrad: true }).exp().toString()).toBe(text)
  const view = await runPython<{ text: string }>(`
    x = torch.zeros(4, requires_grad=True).exp()
    x[1:3].mul_(3)
    outputs = {'text': repr(x)}
  `)
  const x = torch.zeros([4], { requiresGrad: true }).exp()
  x.index([torch.slice(1, 3)]).mul_(3)
  expect(x.toString()).toBe(view.text)
})

test('the default dtype needs no suffix', async () => {
  torch.setDefaultDtype('float64')
  expect(torch.tensor([1.5]).toString()).toBe('tensor([1.5000])')
  expect(torch.tensor([1.5]).float().toString()).toBe('tensor([1.5000], dtype=torch.float32)')
  expect(torch.complex(torch.tensor([1]), torch.tensor([2])).toString()).toBe('tensor([1.+2.j])')
})

test('print options change the form as in Python', async () => {
  torch.manualSeed(2)
  const tensors = { values: torch.randn([5, 5]), many: torch.randn([30]), ties: torch.tensor([0.125, 0.375, 1e4]) }
  for (const [options, python] of [
    [{ precision: 2 }, 'precision=2'],
    [{ precision: 8, linewidth: 40 }, 'precision=8, linewidth=40'],
    [{ threshold: 10, edgeitems: 2 }, 'threshold=10, edgeitems=2'],
    [{ sciMode: true }, 'sci_mode=True'],
    [{ sciMode: false, precision: 2 }, 'sci_mode=False, precision=2'],
    [{ precision: 0 }, 'precision=0'],
  ] as const) {
    torch.setPrintoptions()
    torch.setPrintoptions(options)
    await expectSameAsPython(tensors, python)
  }
})

test('print options that make no sense are refused', () => {
  expect(() => torch.setPrintoptions({ precision: -1 })).toThrow(
    /setPrintoptions\(\): precision: expected a whole number from 0 to 60 but received -1/,
  )
  expect(() => torch.setPrintoptions({ sci_mode: true } as never)).toThrow(/did you mean 'sciMode'/)
})

test('random tensors of many kinds print as in Python', async () => {
  torch.manualSeed(3)
  const tensors: Record<string, torch.Tensor> = {}
  let seed = 7
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below
  for (let i = 0; i < 200; i++) {
    const shape = Array.from({ length: random(4) }, () => 1 + random(i % 10 === 0 ? 30 : 6))
    const scale = 10 ** (random(12) - 6)
    const dtype = (['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'complex64', 'bool'] as const)[random(8)]!
    const base = torch.randn(shape).mul(scale)
    tensors[`case ${i}: ${dtype} [${shape.join(', ')}] × ${scale}`] = (random(3) === 0 ? base.round() : base).to(dtype)
  }
  await expectSameAsPython(tensors)
})

describe('sparse tensors', () => {
  test('show their indices and values', async () => {
    const { coo, csr, csc, empty } = await runPython<Record<string, string>>(`
      x = torch.tensor([[0., 1.5], [2., 0.]])
      outputs = {'coo': repr(x.to_sparse()), 'csr': repr(x.to_sparse_csr()), 'csc': repr(x.to_sparse_csc()), 'empty': repr(torch.zeros(2, 2).to_sparse())}
    `)
    const x = torch.tensor([
      [0, 1.5],
      [2, 0],
    ])
    expect(x.toSparse().toString()).toBe(coo)
    expect(x.toSparseCsr().toString()).toBe(csr)
    expect(x.toSparseCsc().toString()).toBe(csc)
    expect(torch.zeros([2, 2]).toSparse().toString()).toBe(empty)
  })
})

test('util.inspect always shows values, size and dtype', () => {
  expect(
    inspect(
      torch.tensor([
        [1, 2],
        [3, 4],
      ]),
    ),
  ).toBe('tensor([[1., 2.],\n        [3., 4.]], size=(2, 2), dtype=torch.float32)')
  expect(inspect(torch.tensor(1n))).toBe('tensor(1, size=(), dtype=torch.int64)')
  expect(inspect({ a: { b: { c: { x: torch.ones([2]) } } } }, { depth: 3 })).toContain('[Tensor float32 [2]]')
  const gone = torch.ones([2])
  gone.dispose()
  expect(inspect(gone)).toBe('tensor(disposed)')
})

test('a meta tensor prints without values', async () => {
  const { text } = await runPython<{ text: string }>(`outputs = {'text': repr(torch.zeros(2, 3, device='meta', dtype=torch.int64))}`)
  expect(torch.zeros([2, 3], { device: 'meta', dtype: 'int64' }).toString()).toBe(text)
})
