import { describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'

const { init } = torch.nn

const fills: Record<string, readonly [(tensor: Tensor) => Tensor, python: string]> = {
  uniform_: [(t) => init.uniform_(t), 'init.uniform_(t)'],
  'uniform_ between bounds': [(t) => init.uniform_(t, -2, 5), 'init.uniform_(t, -2, 5)'],
  normal_: [(t) => init.normal_(t, 3, 0.2), 'init.normal_(t, 3, 0.2)'],
  constant_: [(t) => init.constant_(t, 0.3), 'init.constant_(t, 0.3)'],
  ones_: [(t) => init.ones_(t), 'init.ones_(t)'],
  zeros_: [(t) => init.zeros_(t), 'init.zeros_(t)'],
  kaimingUniform_: [(t) => init.kaimingUniform_(t), 'init.kaiming_uniform_(t)'],
  'kaimingUniform_ with a slope': [(t) => init.kaimingUniform_(t, { a: Math.sqrt(5) }), 'init.kaiming_uniform_(t, a=5 ** 0.5)'],
  'kaimingNormal_ over the outgoing fan': [
    (t) => init.kaimingNormal_(t, { mode: 'fanOut', nonlinearity: 'relu' }),
    "init.kaiming_normal_(t, mode='fan_out', nonlinearity='relu')",
  ],
  'kaimingNormal_ for tanh': [(t) => init.kaimingNormal_(t, { nonlinearity: 'tanh' }), "init.kaiming_normal_(t, nonlinearity='tanh')"],
  'kaimingNormal_ by position': [(t) => init.kaimingNormal_(t, 0, 'fanOut', 'relu'), "init.kaiming_normal_(t, 0, 'fan_out', 'relu')"],
  'normal_ by name': [(t) => init.normal_(t, { std: 0.02 }), 'init.normal_(t, std=0.02)'],
  'uniform_ by position and name': [(t) => init.uniform_(t, -1, { b: 3 }), 'init.uniform_(t, -1, b=3)'],
  'constant_ by name': [(t) => init.constant_(t, { val: 0.3 }), 'init.constant_(t, val=0.3)'],
  'xavierUniform_ by name': [(t) => init.xavierUniform_(t, { gain: 2 }), 'init.xavier_uniform_(t, gain=2)'],
  'normal_ of a generator': [
    (t) => init.normal_(t, { generator: new torch.Generator().manualSeed(5) }),
    'init.normal_(t, generator=torch.Generator().manual_seed(5))',
  ],
  xavierUniform_: [(t) => init.xavierUniform_(t), 'init.xavier_uniform_(t)'],
  'xavierNormal_ with a gain': [(t) => init.xavierNormal_(t, 2), 'init.xavier_normal_(t, 2)'],
}

describe("one seed fills with Python's numbers", () => {
  test.each(Object.entries(fills))('%s', async (_, [fill, code]) => {
    const shapes = [
      [6, 5],
      [4, 3, 2, 3],
      [17, 16, 3, 3],
    ]
    const python = await runPython<Record<string, Tensor>>(
      `
      from torch.nn import init
      torch.manual_seed(11)
      outputs = {}
      for shape in inputs['shapes']:
          t = torch.empty(shape, requires_grad=True)
          ${code}
          outputs[str(len(outputs))] = t.detach()
      `,
      { shapes },
    )
    torch.manualSeed(11)
    for (const [i, shape] of shapes.entries()) {
      const tensor = torch.empty(shape).requiresGrad_()
      expect(fill(tensor) === tensor).toBe(true)
      expect(tensor.detach()).toEqualTensor(python[String(i)]!)
      expect(tensor.isLeaf && tensor.requiresGrad).toBe(true)
    }
  })
})

test('gains are those of the nonlinearities', async () => {
  const names = ['linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu'] as const
  const python = await runPython<Record<string, number>>(`
    from torch.nn import init
    outputs = {name: float(init.calculate_gain(name)) for name in ['linear', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'selu']}
    outputs['slope'] = init.calculate_gain('leaky_relu', 0.3)
  `)
  for (const name of names) expectWith(init.calculateGain(name), name).toBeCloseTo(python[name === 'leakyRelu' ? 'leaky_relu' : name]!, 14)
  expect(init.calculateGain('leakyRelu', 0.3)).toBeCloseTo(python['slope']!, 14)
})

test("arguments have Python's order", async () => {
  const python = await runPython<Record<string, string[]>>(`
    import inspect
    from torch.nn import init
    names = ['kaiming_normal_', 'kaiming_uniform_', 'uniform_', 'normal_', 'constant_', 'xavier_uniform_', 'xavier_normal_', 'calculate_gain']
    outputs = {name: list(inspect.signature(getattr(init, name)).parameters)[1:] for name in names}
  `)
  const kaiming = ['a', 'mode', 'nonlinearity', 'generator']
  expect(python).toEqual({
    kaiming_normal_: kaiming,
    kaiming_uniform_: kaiming,
    uniform_: ['a', 'b', 'generator'],
    normal_: ['mean', 'std', 'generator'],
    constant_: ['val'],
    xavier_uniform_: ['gain', 'generator'],
    xavier_normal_: ['gain', 'generator'],
    calculate_gain: ['param'],
  })
})

test('what is unknown, or no tensor, or no number is refused', () => {
  const weight = () => torch.empty([3, 2])
  const refusals: [() => unknown, RegExp][] = [
    [
      () => init.kaimingNormal_(weight(), { Mode: 'fanOut' } as never),
      /kaimingNormal_\(\): unknown option 'Mode' \(did you mean 'mode'\?\)/,
    ],
    [() => init.kaimingNormal_(weight(), 'fanOut' as never), /kaimingNormal_\(\): a must be a number but is 'fanOut'/],
    [() => init.xavierNormal_(weight(), 'relu' as never), /xavierNormal_\(\): gain must be a number but is 'relu'/],
    [() => init.normal_(weight(), 0, '1' as never), /normal_\(\): std must be a number but is '1'/],
    [() => init.uniform_(weight(), { low: 3 } as never), /uniform_\(\): unknown option 'low'; known are a, b, generator/],
    [() => init.constant_(weight()), /constant_\(\): val must be a number but is undefined/],
    [() => init.calculateGain('leakyRelu', '0.3' as never), /calculateGain\(\): param must be a number but is '0\.3'/],
  ]
  for (const name of [
    'uniform_',
    'normal_',
    'constant_',
    'zeros_',
    'ones_',
    'kaimingUniform_',
    'kaimingNormal_',
    'xavierUniform_',
  ] as const) {
    refusals.push([() => init[name](undefined as never), new RegExp(`${name}\\(\\): 'tensor' must be a Tensor but is undefined`)])
  }
  refusals.push([() => init.xavierNormal_([1] as never), /'tensor' must be a Tensor but is \[1\]/])
  for (const [body, message] of refusals) {
    expect(body).toThrow(message)
    expect(body).toThrow(torch.ArgumentError)
  }
})

test('a tensor without elements stays, and misuse is named', () => {
  expect(init.kaimingNormal_(torch.empty([0, 3])).shape).toEqual([0, 3])
  expect(new torch.nn.Linear(0, 2).call(torch.ones([1, 0])).shape).toEqual([1, 2])
  expect(() => init.kaimingUniform_(torch.empty([3]))).toThrow(/two or more dimensions/)
  expect(() => init.kaimingUniform_(torch.empty([3, 2]), { mode: 'fan_out' as never })).toThrow(
    /unknown mode 'fan_out': expected fanIn or fanOut/,
  )
  expect(() => init.kaimingUniform_(torch.empty([3, 2]), { nonlinearity: 'leaky_relu' as never })).toThrow(
    /unknown nonlinearity 'leaky_relu': expected linear,/,
  )
})
