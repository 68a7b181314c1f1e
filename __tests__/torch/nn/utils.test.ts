import { describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { runPython } from '../../support/python'

const { utils } = torch.nn

const gradients = () => {
  torch.manualSeed(0)
  return [torch.randn([3, 2]), torch.randn([4]), torch.randn([2, 1, 2])]
}

function parametersWith(grads: readonly Tensor[]): Tensor[] {
  return grads.map((grad) => {
    const parameter = torch.zerosLike(grad).requiresGrad_()
    parameter.grad = grad.clone()
    return parameter
  })
}

describe.each([2, 1, 0.5, Infinity, 3])('with the norm of order %p, as in Python:', (order) => {
  test.each([0.5, 100])('clipGradNorm_ to %p, getTotalNorm and clipGradsWithNorm_', async (maxNorm) => {
    const grads = gradients()
    const parameters = parametersWith(grads)
    const python = await runPython<{ norm: Tensor; total: Tensor; clipped: Tensor[] }>(
      `
      grads = [inputs['a'], inputs['b'], inputs['c']]
      params = [torch.zeros_like(g, requires_grad=True) for g in grads]
      for p, g in zip(params, grads): p.grad = g.clone()
      order = ${order === Infinity ? "float('inf')" : order}
      outputs = {'total': torch.nn.utils.get_total_norm(grads, order), 'norm': torch.nn.utils.clip_grad_norm_(params, ${maxNorm}, order), 'clipped': [p.grad for p in params]}
      `,
      { a: grads[0]!, b: grads[1]!, c: grads[2]! },
    )
    expect(utils.getTotalNorm(grads, order)).toBeAllclose(python.total)
    expect(utils.clipGradNorm_(parameters, maxNorm, { normType: order })).toBeAllclose(python.norm)
    for (const [i, parameter] of parameters.entries()) expect(parameter.grad!).toBeAllclose(python.clipped[i]!)
    const others = parametersWith(grads)
    utils.clipGradsWithNorm_(others, maxNorm, utils.getTotalNorm(grads, order))
    for (const [i, parameter] of others.entries()) expect(parameter.grad!).toBeAllclose(python.clipped[i]!)
  })
})

test('clipGradNorm_ takes one tensor, a generator of parameters and none, and passes over those without gradients', () => {
  const linear = new torch.nn.Linear(2, 2)
  expect(utils.clipGradNorm_(linear.parameters(), 1).item()).toBe(0)
  expect(utils.clipGradNorm_([], 1).item()).toBe(0)
  linear.weight.grad = torch.full([2, 2], 2)
  expect(utils.clipGradNorm_(linear.weight, 1).item()).toBe(4)
  expect(linear.weight.grad).toBeAllclose(torch.full([2, 2], 0.5))
})

test('a norm that is no number changes nothing where errors are asked for', () => {
  const parameters = parametersWith([torch.tensor([NaN, 1])])
  expect(() => utils.clipGradNorm_(parameters, 1, { errorIfNonfinite: true })).toThrow(/the total norm of order 2 is NaN/)
  expect(parameters[0]!.grad!.tolist()).toEqual([NaN, 1])
  expect(utils.clipGradNorm_(parameters, 1).isnan().item()).toBe(true)
})

test('clipGradValue_ cuts each element', () => {
  const parameters = parametersWith([torch.tensor([-3, 0.5, 2])])
  utils.clipGradValue_(parameters, 1)
  expect(parameters[0]!.grad!.tolist()).toEqual([-1, 0.5, 1])
})

test('parametersToVector and vectorToParameters are each the way back of the other', () => {
  const linear = new torch.nn.Linear(2, 3)
  const vector = utils.parametersToVector(linear.parameters())
  expect(vector.shape).toEqual([9])
  expect(vector.requiresGrad).toBe(true)
  const { weight } = linear
  utils.vectorToParameters(vector.detach().mul(2), linear.parameters())
  expect(linear.weight).toBe(weight)
  expect(utils.parametersToVector(linear.parameters())).toBeAllclose(vector.mul(2))
})

test('misuse is named', () => {
  expect(() => utils.clipGradNorm_(3 as never, 1)).toThrow(/clipGradNorm_\(\): parameters: expected a Tensor or a list of them/)
  expect(() => utils.clipGradValue_([], { clipvalue: 1 } as never)).toThrow(/clipGradValue_\(\): .*clipValue/)
})
