import { describe, expect, test } from '@jest/globals'
import { camelCase, snakeCase } from '../../../src/common/text'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'
import { skipIf } from '../../support/skip'
import { isGeneratedVersion, libtorchVersion } from '../../support/versions'

const { init } = torch.nn
type Initialiser = Exclude<keyof typeof init, 'calculateGain' | 'calculateFanIn'>
type Options = Readonly<Record<string, unknown>>

const matrices = [[6, 5], [5, 7], [1, 1], [0, 3], [3, 0]] // prettier-ignore
const weights = [...matrices, [4, 3, 2, 3], [17, 16, 3, 3], [2, 3, 0]]
const anything = [...weights, [7], []]
const kernels = [[4, 3, 3], [2, 6, 4, 3], [8, 2, 3, 1, 2], [0, 2, 3], [4, 0, 3], [0, 2, 0]] // prettier-ignore

const hasFans = ([outputs, inputs, ...kernel]: readonly number[]): boolean => !kernel.includes(0) && outputs! + inputs! > 0

/** What each initialiser is given after the tensor, in Python's order, and the shapes that it fills. */
const initialisers: Readonly<Record<Exclude<Initialiser, 'truncNormal_'>, readonly [shapes: number[][], ...options: Options[]]>> = {
  uniform_: [anything, {}, { a: -2, b: 5 }],
  normal_: [anything, {}, { mean: 3, std: 0.2 }],
  constant_: [anything, { val: 0.3 }, { val: true }, { val: 7 }],
  ones_: [anything, {}],
  zeros_: [anything, {}],
  eye_: [matrices, {}],
  dirac_: [kernels, {}, { groups: 2 }],
  xavierUniform_: [weights.filter(hasFans), {}, { gain: 1.7 }],
  xavierNormal_: [weights.filter(hasFans), {}, { gain: 1.7 }],
  kaimingUniform_: [
    [...weights, [0]],
    {},
    { a: Math.sqrt(5) },
    { a: 0.2, mode: 'fanOut' },
    { a: 0, mode: 'fanIn', nonlinearity: 'relu' },
    { a: 0, mode: 'fanOut', nonlinearity: 'convTranspose2d' },
  ],
  kaimingNormal_: [
    [...weights, [0]],
    {},
    { a: 0.3, mode: 'fanOut', nonlinearity: 'leakyRelu' },
    { a: 0, mode: 'fanIn', nonlinearity: 'tanh' },
  ],
  orthogonal_: [[...weights, [5, 0, 2]], {}, { gain: 1.7 }],
  sparse_: [matrices, { sparsity: 0.1 }, { sparsity: 0.5, std: 2 }, { sparsity: 0 }, { sparsity: 1 }],
}
const truncated: Options[] = [
  {},
  { mean: 0, std: 1, a: 0, b: 1 },
  // Less than 0.3 of all normal numbers lie within these bounds, which has a way of its own.
  { mean: 0, std: 1, a: 0, b: 0.7 },
  { mean: 1, std: 0.3, a: -2, b: 0.5 },
]

interface Filled {
  readonly tensor: Tensor
  readonly after: Tensor
  readonly ofGenerator: Tensor
}

/** Integers of the same bits, which tell 0 from -0. */
const bitsOf = (tensor: Tensor): Tensor => tensor.detach().view(tensor.dtype === 'float64' ? 'int64' : 'int32')

const withPython = (name: Initialiser, shapes: readonly number[][], options: Options) =>
  describe.each(['float32', 'float64'] as const)(`${name} with ${JSON.stringify(options)} in %s`, (dtype) => {
    const takesGenerator = /uniform_|normal_|orthogonal_|sparse_/i.test(name)
    test.each(takesGenerator ? ['its own generator', 'the given generator'] : ['no generator'])('by %s', async (by) => {
      const given = by === 'the given generator'
      const words = Object.entries(options).map(([key, value]) => [key, typeof value === 'string' ? snakeCase(value) : value] as const)
      const transposed = [false, ...(shapes.every((shape) => shape.length === 2) ? [true] : [])]
      const cases = transposed.flatMap((turned) => shapes.map((shape) => ({ shape, turned })))
      const { filled } = await runPython<{ filled: Filled[] }>(
        `
        def fill(shape, turned):
            torch.manual_seed(11)
            g = torch.Generator().manual_seed(5)
            t = torch.empty(shape[::-1] if turned else shape, dtype=getattr(torch, inputs['dtype']))
            t = (t.t() if turned else t).requires_grad_()
            more = {'generator': g} if inputs['given'] else {}
            result = getattr(torch.nn.init, inputs['name'])(t, **inputs['options'], **more)
            assert result is t and t.is_leaf
            return {'tensor': t.detach().contiguous(), 'after': torch.rand(2), 'ofGenerator': torch.rand(2, generator=g)}
        outputs = {'filled': [fill(case['shape'], case['turned']) for case in inputs['cases']]}
        `,
        { name: snakeCase(name), options: Object.fromEntries(words), dtype, given, cases },
      )
      expect(filled).toHaveLength(cases.length)
      // Of the first shape every form: with each number of positions before the names.
      const numbers = Array.from({ length: Object.keys(options).length + 2 }, (_, number) => number)
      for (const [i, { shape, turned }] of cases.entries()) {
        for (const count of i === 0 ? numbers : [1]) {
          torch.manualSeed(11)
          const generator = new torch.Generator().manualSeed(5)
          const empty = torch.empty(turned ? [...shape].reverse() : shape, { dtype })
          const tensor = (turned ? empty.t() : empty).requiresGrad_()
          const all = Object.entries({ tensor, ...options, ...(given ? { generator } : {}) })
          const named = Object.fromEntries(all.slice(count))
          const forms = [...all.slice(0, count).map(([, value]) => value), ...(all.length > count ? [named] : [])]
          const result = (init[name] as (...args: unknown[]) => Tensor)(...forms)

          const message = `[${shape.join(', ')}]${turned ? ' transposed' : ''}, ${count} by position`
          expectWith(result === tensor && tensor.isLeaf && tensor.requiresGrad, message).toBe(true)
          expectWith(bitsOf(tensor.detach().contiguous()), message).toEqualTensor(bitsOf(filled[i]!.tensor))
          expectWith(torch.rand([2]), message).toEqualTensor(filled[i]!.after)
          expectWith(torch.rand([2], { generator }), message).toEqualTensor(filled[i]!.ofGenerator)
        }
      }
    })
  })

describe("one seed fills with Python's numbers and leaves the generators as Python does, in every form of the arguments:", () => {
  for (const [name, [shapes, ...options]] of Object.entries(initialisers))
    for (const given of options) withPython(name as Initialiser, shapes, given)
  skipIf(!isGeneratedVersion, `PyTorch 2.13 draws truncated normal numbers by another way than ${libtorchVersion}`).describe(
    'truncated',
    () => {
      for (const given of truncated) withPython('truncNormal_', anything, given)
    },
  )
})

test('all initialisers that Python has and does not deprecate are here, and nothing else but calculateFanIn', async () => {
  const { names } = await runPython<{ names: string[] }>(`
    from torch.nn import init
    outputs = {'names': [name for name in init.__all__ if not hasattr(init, name + '_')]}
  `)
  expect(Object.keys(init).sort()).toEqual([...names.map(camelCase), 'calculateFanIn'].sort())
})

test("gains are Python's to the last bit", async () => {
  const names = ['linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu', 'conv1d', 'conv2d', 'conv3d'] as const
  const transposed = ['convTranspose1d', 'convTranspose2d', 'convTranspose3d'] as const
  const slopes = torch.rand([20000], { dtype: 'float64', generator: new torch.Generator().manualSeed(3) }).mul(10)
  const python = await runPython<{ gains: number[]; slopes: Tensor }>(
    `
    from torch.nn import init
    outputs = {'gains': [float(init.calculate_gain(name)) for name in inputs['names']],
               'slopes': torch.tensor([init.calculate_gain('leaky_relu', slope) for slope in inputs['slopes'].tolist()], dtype=torch.float64)}
    `,
    { names: [...names, ...transposed].map((name) => snakeCase(name)), slopes },
  )
  for (const [i, name] of [...names, ...transposed].entries()) expectWith(init.calculateGain(name), name).toBe(python.gains[i])
  const gains = (slopes.tolist() as number[]).map((param) => init.calculateGain('leakyRelu', { param }))
  expect(torch.tensor(gains, { dtype: 'float64' })).toEqualTensor(python.slopes)
  expect(init.calculateGain({ nonlinearity: 'leakyRelu', param: null })).toBe(python.gains[4])
})

test('numbers other than floats and tensors without values are filled as in Python', () => {
  expect(init.constant_(torch.empty([2], { dtype: 'int64' }), 3n).tolist()).toEqual([3, 3])
  expect(init.eye_(torch.empty([2, 2], { dtype: 'bool' })).tolist()).toEqual([
    [true, false],
    [false, true],
  ])
  const meta = (shape: number[]) => torch.empty(shape, { device: 'meta' })
  const filled = [
    init.truncNormal_(meta([3, 2])),
    init.orthogonal_(meta([3, 2])),
    init.eye_(meta([3, 2])),
    init.kaimingNormal_(meta([3, 2])),
  ]
  filled.push(init.sparse_(meta([3, 2]), 0.5), init.dirac_(meta([3, 2, 1])))
  expect(filled.every(({ isMeta }) => isMeta)).toBe(true)
  expect(new torch.nn.Linear(0, 2).call(torch.ones([1, 0])).shape).toEqual([1, 2])
})

test('warns of truncated normal numbers whose mean is far outside the bounds', async () => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  init.truncNormal_(torch.empty([3]), { mean: 5, a: -1, b: 1 })
  expect(await warned).toMatchObject({ code: 'PIXELCL_TRUNCATED_NORMAL', message: expect.stringContaining('the mean 5 is more than two') })
})

describe('what Python refuses is refused', () => {
  const misuses: Record<string, [call: () => unknown, python: string, message: string]> = {
    'a vector for kaimingUniform_': [
      () => init.kaimingUniform_(torch.empty([3])),
      'init.kaiming_uniform_(torch.empty(3))',
      'kaimingUniform_(): tensor: expected a Tensor of two or more dimensions but received Tensor float32 [3]',
    ],
    'a scalar for kaimingNormal_': [
      () => init.kaimingNormal_(torch.empty([])),
      'init.kaiming_normal_(torch.empty(()))',
      'kaimingNormal_(): tensor: expected a Tensor of two or more dimensions',
    ],
    'a vector for xavierUniform_': [
      () => init.xavierUniform_(torch.empty([0])),
      'init.xavier_uniform_(torch.empty(0))',
      'xavierUniform_(): tensor: expected a Tensor of two or more dimensions',
    ],
    'neither inputs nor outputs for xavierNormal_': [
      () => init.xavierNormal_(torch.empty([0, 0])),
      'init.xavier_normal_(torch.empty(0, 0))',
      'xavierNormal_(): tensor: expected a Tensor whose fan in or fan out is above 0 but received Tensor float32 [0, 0]',
    ],
    'a vector for orthogonal_': [
      () => init.orthogonal_(torch.empty([3])),
      'init.orthogonal_(torch.empty(3))',
      'orthogonal_(): tensor: expected a Tensor of two or more dimensions',
    ],
    'a vector for eye_': [
      () => init.eye_(torch.empty([3])),
      'init.eye_(torch.empty(3))',
      'eye_(): tensor: expected a Tensor of two dimensions',
    ],
    'three dimensions for sparse_': [
      () => init.sparse_(torch.empty([3, 2, 1]), 0.1),
      'init.sparse_(torch.empty(3, 2, 1), 0.1)',
      'sparse_(): tensor: expected a Tensor of two dimensions',
    ],
    'a fraction that is no number for sparse_': [
      () => init.sparse_(torch.empty([3, 2]), NaN),
      "init.sparse_(torch.empty(3, 2), float('nan'))",
      'sparse_(): sparsity: expected a number from 0 to 1 but received NaN',
    ],
    'a matrix for dirac_': [
      () => init.dirac_(torch.empty([3, 2])),
      'init.dirac_(torch.empty(3, 2))',
      'dirac_(): tensor: expected a Tensor of 3, 4 or 5 dimensions',
    ],
    'six dimensions for dirac_': [
      () => init.dirac_(torch.empty([1, 1, 1, 1, 1, 1])),
      'init.dirac_(torch.empty(1, 1, 1, 1, 1, 1))',
      'dirac_(): tensor: expected a Tensor of 3, 4 or 5 dimensions',
    ],
    'groups that do not divide the outputs': [
      () => init.dirac_(torch.empty([4, 2, 3]), 3),
      'init.dirac_(torch.empty(4, 2, 3), 3)',
      'dirac_(): groups: expected a divisor of the 4 outputs but received 3',
    ],
    'no groups': [
      () => init.dirac_(torch.empty([4, 2, 3]), 0),
      'init.dirac_(torch.empty(4, 2, 3), 0)',
      'dirac_(): groups: expected a whole number from 1 but received 0',
    ],
    'a kernel without a middle': [
      () => init.dirac_(torch.empty([4, 2, 0])),
      'init.dirac_(torch.empty(4, 2, 0))',
      'dirac_(): tensor: expected a Tensor whose kernel has a middle',
    ],
    'a deviation of 0 for truncNormal_': [
      () => init.truncNormal_(torch.empty([3]), { std: 0 }),
      'init.trunc_normal_(torch.empty(3), std=0)',
      'truncNormal_(): std: expected a number other than 0 but received 0',
    ],
    'an unknown nonlinearity': [
      () => init.calculateGain('gelu' as never),
      "init.calculate_gain('gelu')",
      "calculateGain(): nonlinearity: expected 'linear', 'conv1d',",
    ],
    'a slope that is no number': [
      () => init.calculateGain('leakyRelu', true as never),
      "init.calculate_gain('leaky_relu', True)",
      'calculateGain(): param: expected a number but received true',
    ],
    'an unknown mode': [
      () => init.kaimingUniform_(torch.empty([3, 2]), { mode: 'fan_in' as never }),
      "init.kaiming_uniform_(torch.empty(3, 2), mode='fan in')",
      "kaimingUniform_(): mode: expected 'fanIn' or 'fanOut' but received 'fan_in'",
    ],
    'a word for a number': [
      () => init.normal_(torch.empty([3]), 0, '1' as never),
      "init.normal_(torch.empty(3), 0, '1')",
      "normal_(): std: expected a number but received '1'",
    ],
    'an unknown name': [
      () => init.kaimingNormal_(torch.empty([3, 2]), { Mode: 'fanOut' } as never),
      "init.kaiming_normal_(torch.empty(3, 2), Mode='fan_out')",
      "kaimingNormal_(): unknown option 'Mode' (did you mean 'mode'?)",
    ],
    'no value': [
      () => init.constant_(torch.empty([3]), undefined as never),
      'init.constant_(torch.empty(3))',
      'constant_(): val is missing',
    ],
    'an array for a tensor': [() => init.ones_([1] as never), 'init.ones_([1])', 'ones_(): tensor: expected a Tensor but received [1]'],
  }
  test.each(Object.entries(misuses))('%s', async (_, [call, python, message]) => {
    const { refused } = await runPython<{ refused: boolean }>(`
      from torch.nn import init
      try:
          ${python}
          outputs = {'refused': False}
      except Exception:
          outputs = {'refused': True}
    `)
    expect(refused).toBe(true)
    expect(call).toThrow(message)
    expect(call).toThrow(torch.ArgumentError)
  })

  test('bounds in the wrong order and negative deviations by libtorch itself', () => {
    expect(() => init.uniform_(torch.empty([3]), 2, 1)).toThrow(/from=2.* to=1/)
    expect(() => init.normal_(torch.empty([3]), 0, -1)).toThrow(/std >= 0/)
  })

  test('calculateFanIn of fewer than two dimensions or of no tensor', () => {
    expect(init.calculateFanIn(torch.empty([4, 3, 2, 5]))).toBe(30)
    expect(() => init.calculateFanIn(torch.empty([3]))).toThrow('calculateFanIn(): tensor: expected a Tensor of two or more dimensions')
    expect(() => init.calculateFanIn(3 as never)).toThrow('calculateFanIn(): tensor: expected a Tensor but received 3')
  })
})
