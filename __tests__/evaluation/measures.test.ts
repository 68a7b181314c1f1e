import { expect, test } from '@jest/globals'
import { MEASURES, formatChange, formatMeasure, judge, type MeasureName } from '../../src/evaluation'

test('values are shown with as many digits as they bear, and none as a dash', () => {
  expect(MEASURES.map((name) => formatMeasure(name, 0.12345))).toEqual(['0.123', '0.123', '0.123', '0.123', '0.123', '0.1', '0.123'])
  expect(formatMeasure('knn', null)).toBe('–')
  expect([formatChange('knn', -0.25), formatChange('knn', 0.25), formatChange('knn', -0.0004)]).toEqual(['−0.250', '+0.250', '0.000'])
})

test.each<[MeasureName, 'better' | 'worse' | null]>([
  ['knn', 'better'],
  ['linear', 'better'],
  ['correspondence', 'better'],
  ['copy', 'worse'],
  ['placeShare', 'worse'],
  ['rank', null],
  ['deviation', null],
])('a rise of %s is %s, and one that is shown as none is neither', (name, verdict) => {
  expect(judge(name, 0.2)).toBe(verdict)
  expect(judge(name, 0.0004)).toBeNull()
  expect(judge(name, -0.2)).toBe(verdict === null ? null : verdict === 'better' ? 'worse' : 'better')
})
