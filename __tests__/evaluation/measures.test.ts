import { expect, test } from '@jest/globals'
import { MEASURES, formatChange, formatMeasure, shownChange } from '../../src/evaluation'

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
