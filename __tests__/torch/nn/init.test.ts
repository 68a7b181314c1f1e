import { describe, expect, test } from 'vitest'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
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
  for (const name of names) expect(init.calculateGain(name), name).toBeCloseTo(python[name === 'leakyRelu' ? 'leaky_relu' : name]!, 14)
  expect(init.calculateGain('leakyRelu', 0.3)).toBeCloseTo(python['slope']!, 14)
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
