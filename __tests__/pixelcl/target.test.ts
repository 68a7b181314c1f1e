import { beforeEach, describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { expectWith } from '../support/expect'
import { copyOf, overlapping, smallImages, smallLearner } from './small'

beforeEach(() => {
  torch.manualSeed(8)
})

describe('the momentum target', () => {
  test('is a frozen copy of the online encoder when the constructor returns', () => {
    const learner = smallLearner()
    const target = learner.targetEncoder!.stateDict()
    for (const [name, value] of Object.entries(learner.onlineEncoder.stateDict())) expectWith(target[name], name).toEqualTensor(value)
    expect(learner.targetEncoder!.parameters().some((parameter) => parameter.requiresGrad)).toBe(false)
    expect(learner.onlineEncoder.parameters().every((parameter) => parameter.requiresGrad)).toBe(true)
  })

  test.each([
    [0.99, 'option'],
    [0.5, 'option'],
    [0, 'option'],
    [1, 'option'],
    [0.7, 'argument'],
  ])('moves by the formula with decay %d as %s: parameters only, no buffers', (decay, given) => {
    const learner = smallLearner(given === 'option' ? { movingAverageDecay: decay } : {}).double()
    const online = learner.onlineEncoder.stateDict()
    torch.noGrad(() => learner.onlineEncoder.parameters().forEach((parameter) => parameter.add_(torch.randnLike(parameter))))
    for (const buffer of learner.onlineEncoder.buffers()) buffer.add_(3)
    const before = copyOf(learner.targetEncoder!.stateDict())
    const pointers = learner.targetEncoder!.parameters()
    learner.updateMovingAverage(...(given === 'argument' ? [decay] : []))
    const buffers = new Set([...learner.onlineEncoder.namedBuffers()].map(([name]) => name))
    expect(buffers.size).toBeGreaterThan(0)
    for (const [name, after] of Object.entries(learner.targetEncoder!.stateDict())) {
      if (buffers.has(name)) expectWith(after, name).toEqualTensor(before[name]!)
      else expectWith(after, name).toBeAllclose(before[name]!.mul(decay).add(online[name]!.mul(1 - decay)), { rtol: 1e-14, atol: 1e-15 })
    }
    expect(learner.targetEncoder!.parameters().every((parameter, i) => parameter === pointers[i])).toBe(true)
  })

  test('refuses a decay that is none', () => {
    for (const decay of [1.5, -1, NaN, torch.ones([]), null] as number[])
      expect(() => smallLearner().updateMovingAverage(decay)).toThrow(/updateMovingAverage: expected a decay of 0 to 1 but received/)
  })

  test('its batch norms learn from its own passes, and no gradient reaches it', () => {
    const learner = smallLearner()
    const batches = () => learner.targetEncoder!.stateDict()['net.stem.1.num_batches_tracked']!.item()
    expect(batches()).toBe(0)
    learner.forward(smallImages(), { views: overlapping }).backward()
    expect(batches()).toBe(2)
    expect(learner.targetEncoder!.parameters().every((parameter) => parameter.grad === null)).toBe(true)
    learner.targetEncoder!.eval()
    learner.forward(smallImages(), { views: overlapping })
    expect(batches()).toBe(2)
    expect(learner.onlineEncoder.stateDict()['net.stem.1.num_batches_tracked']!.item()).toBe(4)
  })

  test('is absent between resetMovingAverage and the next forward, from the state and the parameters too', () => {
    const learner = smallLearner()
    const whole = Object.keys(learner.stateDict())
    const count = learner.parameters().length
    learner.resetMovingAverage()
    expect(learner.targetEncoder).toBe(null)
    expect(Object.keys(learner.stateDict())).toEqual(whole.filter((name) => !name.startsWith('target_encoder.')))
    expect(learner.parameters().length).toBeLessThan(count)
    expect(() => learner.updateMovingAverage()).toThrow(
      /target encoder has not been created yet.*call forward\(\) before updateMovingAverage\(\)/,
    )
    learner.forward(smallImages(), { views: overlapping })
    expect(Object.keys(learner.stateDict())).toEqual(whole)
    learner.updateMovingAverage()
  })

  test('is made anew after the two passes of the online encoder, so that their statistics are in it', () => {
    const learner = smallLearner()
    learner.resetMovingAverage()
    learner.forward(smallImages(), { views: overlapping })
    expect(learner.onlineEncoder.stateDict()['net.stem.1.num_batches_tracked']!.item()).toBe(2)
    expect(learner.targetEncoder!.stateDict()['net.stem.1.num_batches_tracked']!.item()).toBe(4)
  })

  test('outlives the scope in which forward made it', () => {
    const learner = smallLearner()
    learner.resetMovingAverage()
    torch.scope(() => {
      learner.forward(smallImages(), { views: overlapping })
    })
    learner.updateMovingAverage()
    expect(learner.forward(smallImages(), { views: overlapping }).isDisposed).toBe(false)
  })
})
