import { expect, test } from '@jest/globals'
import { MEASURES, markOf, type Change, type Changes, type Outcome } from '../../src/evaluation'
import { resultJson, type PretrainResult } from '../../src/training'

const clear: Change = { before: 0.1, after: 0.2, change: 0.1, noise: { low: 0.09, high: 0.11 }, direction: 'worse' }
const changes = Object.fromEntries(MEASURES.map((name) => [name, clear])) as Changes

test.each(['better', 'unchanged', 'worse', 'shortcut', 'unmeasured'] as const)(
  'the JSON of a run that is %s marks every change as the terminal does',
  (outcome: Outcome) => {
    const verdict = { outcome, title: '', reason: '' }
    const evaluation = { measures: {}, missing: {} }
    const run = { changes, verdict, next: [], before: evaluation, after: evaluation, masks: null, skipped: new Map(), arch: null }
    const { verdict: written } = resultJson(run as unknown as PretrainResult) as { verdict: { changes: Changes } }
    for (const name of MEASURES) expect([name, written.changes[name].direction]).toEqual([name, markOf(name, changes, verdict)])
    expect(written.changes.placeShare.direction).toBe(outcome === 'shortcut' ? 'worse' : null)
  },
)
