import { describe, expect, test } from '@jest/globals'
import type { Tensor } from '../../src/torch'
import { expectWith } from '../support/expect'
import { backbonePath, followsCancelled, isCancelled, readCase, readTensors, runCase, under } from './fixtures'

const cases = ['pixpro_default', 'pixpro_two_layers_wide', 'pixcontrast', 'no_positive_pairs']

function largest(tensor: Tensor): number {
  return tensor.abs().max().item()
}

describe.each(cases)('%s', (name) => {
  const read = readCase(name)
  const twoLayers = read.options['ppm_num_layers'] === 2

  test("in float64: losses, pairs, every gradient and every final value are the reference's", () => {
    const reference = readTensors(name)
    const gradients = under(reference, 'grad.')
    let compared = 0
    const { learner, results } = runCase(name, 'float64', (step, trained) => {
      if (step > 0) return
      const parameters = new Map(trained.namedParameters())
      expect(
        [...parameters]
          .filter(([, parameter]) => parameter.grad !== null)
          .map(([key]) => key)
          .sort(),
      ).toEqual(Object.keys(gradients).sort())
      for (const [key, expected] of Object.entries(gradients)) {
        const grad = parameters.get(key)!.grad!
        if (isCancelled(key, twoLayers)) expectWith(largest(grad), key).toBeLessThan(1e-12)
        else expectWith(grad, key).toBeAllclose(expected, { rtol: 1e-9, atol: 1e-11 })
        compared++
      }
    })
    expect(compared).toBeGreaterThan(20)
    for (const [step, { loss, positivePairs }] of results.entries()) {
      const expected = read.steps[step]!
      expect(positivePairs).toBe(expected.positive_pairs)
      expectWith(Math.abs(loss / expected.loss - 1), `loss of step ${step}`).toBeLessThan(1e-9)
    }
    const state = learner.stateDict()
    const final = under(reference, 'final.')
    expect(Object.keys(state)).toEqual(expect.arrayContaining(Object.keys(final)))
    expect(Object.keys(state).length).toBe(Object.keys(final).length)
    for (const [key, expected] of Object.entries(final)) {
      const exempt = isCancelled(key, twoLayers) || followsCancelled(key, twoLayers)
      expectWith(state[key], key).toBeAllclose(expected, exempt ? { rtol: 0, atol: 1e-8 } : { rtol: 1e-9, atol: 1e-11 })
    }
  })

  test('in float32: the losses stay as near as the reference stays to itself, and the pairs are exact', () => {
    const { results } = runCase(name, 'float32')
    for (const [step, { loss, positivePairs }] of results.entries()) {
      const expected = read.steps[step]!
      expect(positivePairs).toBe(expected.positive_pairs)
      expectWith(Math.abs(loss / expected.loss - 1), `loss of step ${step}`).toBeLessThan(step === 0 ? 1e-5 : 1e-3)
    }
  })
})

test('the fixtures are whole', () => {
  for (const name of cases) {
    expectWith(readCase(name).steps.length, name).toBe(3)
    expect(backbonePath(name)).toMatch(/\.pt$/)
  }
})
