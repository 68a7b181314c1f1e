import { describe, expect, test } from 'vitest'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { learnerOf, readCase, under, viewsOf, type Case } from './fixtures'

const CASES = ['pixpro_default', 'pixpro_two_layers_wide', 'pixcontrast', 'no_positive_pairs']

/**
 * Biases that the following batch norm cancels: their true gradient is zero, and what is stored is rounding noise that
 * Adam magnifies; so is the running mean of the batch norm that follows.
 */
function isCancelled(name: string, reference: Case): boolean {
  if (/(_projector|online_predictor)\.net\.0\.bias$/.test(name) || /instance_projector\.net\.3\.bias$/.test(name)) return true
  if (/(_projector|online_predictor)\.net\.1\.running_mean$/.test(name)) return true
  return reference.options['ppm_num_layers'] === 2 && /transform_net\.(0\.bias|1\.running_mean)$/.test(name)
}

function worstDifference(actual: Tensor, expected: Tensor): number {
  return actual.double().sub(expected.double()).abs().max().item()
}

/** Every element within 1e-9 relative, 1e-11 absolute near zero. */
function expectClose(actual: Tensor, expected: Tensor, name: string): void {
  const allowed = expected.double().abs().mul(1e-9).clampMin(1e-11)
  const excess = actual.double().sub(expected.double()).abs().sub(allowed).max().item()
  expect(excess, `${name} differs`).toBeLessThanOrEqual(0)
}

/** The target's statistics start from the online encoder's of the moment it was copied, as in the reference. */
describe.each(CASES)('the reference case %s', (name) => {
  test('holds in float64: losses, pairs, gradients and final values', () => {
    const reference = readCase(name)
    const learner = learnerOf(reference, 'float64')
    const optimizer = new torch.optim.Adam(learner.parameters(), { lr: reference.optimizer.lr })
    reference.steps.forEach((step, i) => {
      const images = reference.tensors.get('images')!.select(0, i).double()
      const [loss, pairs] = learner.forward(images, { returnPositivePairs: true, views: viewsOf(reference, i) })
      optimizer.zeroGrad()
      loss.backward()
      if (i === 0) checkGradients(reference, new Map(learner.namedParameters()))
      optimizer.step()
      learner.updateMovingAverage()
      expect(pairs).toBe(step.positive_pairs)
      expect(Math.abs(loss.item() / step.loss - 1)).toBeLessThanOrEqual(1e-9)
    })
    const state = learner.stateDict()
    const final = under(reference, 'final.')
    expect(Object.keys(final).filter((key) => !(key in state))).toEqual([])
    for (const [key, expected] of Object.entries(final)) {
      if (isCancelled(key, reference)) expect(worstDifference(state[key]!, expected), key).toBeLessThanOrEqual(1e-8)
      else expectClose(state[key]!, expected, key)
    }
  })

  test('holds in float32: losses within 1e-5 at step 1 and 1e-3 later, the same pairs', () => {
    const reference = readCase(name)
    const learner = learnerOf(reference, 'float32')
    const optimizer = new torch.optim.Adam(learner.parameters(), { lr: reference.optimizer.lr })
    reference.steps.forEach((step, i) => {
      const images = reference.tensors.get('images')!.select(0, i).float()
      const [loss, pairs] = learner.forward(images, { returnPositivePairs: true, views: viewsOf(reference, i) })
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      learner.updateMovingAverage()
      expect(pairs).toBe(step.positive_pairs)
      expect(Math.abs(loss.item() / step.loss - 1)).toBeLessThanOrEqual(i === 0 ? 1e-5 : 1e-3)
    })
  })
})

function checkGradients(reference: Case, parameters: ReadonlyMap<string, Tensor>): void {
  const expected = under(reference, 'grad.')
  const withGradient = [...parameters].filter(([, parameter]) => parameter.grad !== null).map(([key]) => key)
  expect(withGradient.sort()).toEqual(Object.keys(expected).sort())
  for (const [key, gradient] of Object.entries(expected)) {
    const actual = parameters.get(key)!.grad!
    if (isCancelled(key, reference)) expect(actual.abs().max().item(), key).toBeLessThan(1e-12)
    else expectClose(actual, gradient, key)
  }
}
