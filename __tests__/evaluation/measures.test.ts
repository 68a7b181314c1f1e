import { expect, test } from '@jest/globals'
import { MEASURES, formatChange, formatMeasure, gapWords, gapsOf, shownChange } from '../../src/evaluation'
import { measured } from '../../src/evaluation/measures'

test('values are shown with as many digits as they bear, and none as a dash', () => {
  expect(MEASURES.map((name) => formatMeasure(name, 0.12345))).toEqual(['0.123', '0.123', '0.123', '0.123', '0.123', '0.1', '0.123'])
  expect(formatMeasure('knn', null)).toBe('–')
  expect([formatChange('knn', -0.25), formatChange('knn', 0.25), formatChange('knn', -0.0004)]).toEqual(['−0.250', '+0.250', '0.000'])
})

test('a change is that of the values as they are shown', () => {
  expect(shownChange('knn', 0.3004, 0.2996)).toBe(0)
  expect(shownChange('knn', 0.3004, 0.3006)).toBeCloseTo(0.001, 12)
  expect(shownChange('rank', 3.04, 2.96)).toBe(0)
})

const values = { knn: 'M', linear: 'M', correspondence: 0.1, copy: 0.1, placeShare: 0.1, rank: 1, deviation: 0.1 } as const

test('every measure has a value or a reason, also a number that is not finite', () => {
  const { measures, missing } = measured({ ...values, rank: NaN, deviation: Infinity })
  expect(measures).toEqual({ ...values, knn: null, linear: null, rank: null, deviation: null })
  expect(missing).toEqual({ knn: 'M', linear: 'M', rank: 'its value is NaN', deviation: 'its value is Infinity' })
})

test('measures without a value are told by reason and time', () => {
  const before = measured({ ...values, copy: 'B', correspondence: 'B' })
  const after = measured({ ...values, correspondence: 'A', placeShare: 'A' })
  expect(gapsOf(before, after).map(gapWords)).toEqual([
    { titles: 'kNN mIoU, Linear mIoU', reason: 'not measured: M' },
    { titles: 'View correspondence, Copied position', reason: 'not measured before the training: B' },
    { titles: 'View correspondence, Place share', reason: 'not measured after the training: A' },
  ])
})
