import { expect, test } from '@jest/globals'
import { constant, cosine } from '../../src/common/schedules'

test('the warm-up rises in a line and does not begin at 0', () => {
  for (const schedule of [constant({ warmupSteps: 4 }), cosine({ steps: 100, warmupSteps: 4 })]) {
    expect([0, 1, 2, 3].map(schedule)).toEqual([1 / 5, 2 / 5, 3 / 5, 4 / 5])
    expect(schedule(4)).toBe(1)
  }
})

test('constant stays', () => expect([0, 1, 99].map(constant({ warmupSteps: 0 }))).toEqual([1, 1, 1]))

test('cosine falls to 0 along half a cosine, slowly at both ends', () => {
  const schedule = cosine({ steps: 110, warmupSteps: 10 })
  expect(schedule(60)).toBeCloseTo(0.5, 12)
  expect(schedule(35)).toBeCloseTo((1 + Math.SQRT1_2) / 2, 12)
  expect(schedule(110)).toBe(0)
  expect(schedule(1000)).toBe(0)
  expect(1 - schedule(20)).toBeCloseTo(schedule(100), 12)
})

test('a warm-up that is longer than the training never divides by 0', () => {
  const schedule = cosine({ steps: 3, warmupSteps: 10 })
  expect([0, 1, 2].map(schedule)).toEqual([1 / 11, 2 / 11, 3 / 11])
  expect(Number.isFinite(schedule(10))).toBe(true)
})
