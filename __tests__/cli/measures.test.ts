import { expect, test } from '@jest/globals'
import { measuresLine, measuresTable } from '../../src/cli/measures'
import { changesOf, verdictOf } from '../../src/evaluation'
import { measured, unmeasured } from '../../src/evaluation/measures'

const samples = { matches: { compared: [], found: [], copied: [], grid: [8, 8] }, knn: null, linear: null, layout: null } as const
const none = 'there are no masks'
const known = { knn: none, linear: none, correspondence: 0.25, copy: 0.5, placeShare: 0.1, rank: 3.14, deviation: 0.7 }

test('the table of measures ends with the reasons for all that have no value', () => {
  const before = { ...measured(known), samples }
  const after = { ...measured({ ...known, placeShare: 'all features are alike' }), samples }
  const changes = changesOf(before, after)
  const text = measuresTable({ changes, verdict: verdictOf(changes, { images: 8, trainedOn: false }), before, after }, 'On images', 80)
  expect(text.split('\n').slice(1)).toEqual([
    '  View correspondence      0.250   0.250    0.000',
    '  Copied position          0.500   0.500    0.000',
    '  Place share              0.100       –         ',
    '  Effective rank             3.1     3.1      0.0',
    '  Deviation                0.700   0.700    0.000',
    '  kNN mIoU, Linear mIoU: not measured: there are no masks',
    '  Place share: not measured after the training: all features are alike',
    '',
  ])
})

test('the line of an evaluation has the known measures, or why there are none', () => {
  expect(measuresLine(measured(known))).toBe(
    'view correspondence 0.250 · copied position 0.500 · place share 0.100 · effective rank 3.1 · deviation 0.700',
  )
  expect(measuresLine(unmeasured('the features are not finite'))).toBe('nothing is measured: the features are not finite')
})
