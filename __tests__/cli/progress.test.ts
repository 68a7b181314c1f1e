import { describe, expect, test } from '@jest/globals'
import { duration } from '../../src/common/text'
import { Progress, type ProgressOptions } from '../../src/cli/progress'

const metrics = (step: number, seconds = step) => ({ step, loss: 1.25, positivePairs: 1234, lr: 1e-3, imagesPerSecond: 42.4, seconds })

/** What a terminal of some kind receives. */
function written(
  options: Omit<ProgressOptions, 'terminal'> & { isTTY?: boolean; columns?: number },
  act: (progress: Progress) => void,
): string {
  let text = ''
  const { isTTY = false, columns = 100, ...rest } = options
  act(new Progress({ env: {}, ...rest, terminal: { isTTY, columns, write: (part) => (text += part) } }))
  return text
}

describe('in a pipe', () => {
  test('it writes plain lines: the first step, then one every interval, and the last', () => {
    const text = written({ steps: 20, interval: 5 }, (progress) => {
      for (let step = 1; step <= 20; step++) progress.step(metrics(step))
      progress.end()
    })
    expect(text).toBe(
      [
        'step  1/20 · loss 1.2500 · positive pairs 1,234 · 42 images/s · ETA 0:19',
        'step  6/20 · loss 1.2500 · positive pairs 1,234 · 42 images/s · ETA 0:14',
        'step 11/20 · loss 1.2500 · positive pairs 1,234 · 42 images/s · ETA 0:09',
        'step 16/20 · loss 1.2500 · positive pairs 1,234 · 42 images/s · ETA 0:04',
        'step 20/20 · loss 1.2500 · positive pairs 1,234 · 42 images/s · took 0:20',
        '',
      ].join('\n'),
    )
  })
})

describe('measuring', () => {
  test('is a live line that goes away, and a line in a pipe only where it takes long', () => {
    const measure = (progress: Progress) => {
      progress.measuring('before', 12, 64)
      progress.measuring('before', 40, 64)
      progress.measuring('before', 64, 64)
      progress.measured()
      progress.note('before: rank 3.1')
    }
    expect(written({ isTTY: true }, measure)).toBe(
      [12, 40, 64].map((done) => `\r\x1b[2Kmeasuring before: ${done}/64 images`).join('') + '\r\x1b[2Kbefore: rank 3.1\n',
    )
    const afterSteps = written({ isTTY: true, steps: 1 }, (progress) => {
      progress.step(metrics(1))
      measure(progress)
    })
    expect(afterSteps).toMatch(/took 0:01\n\r\x1b\[2Kmeasuring before: 12/)
    expect(written({ isTTY: true, columns: 20 }, measure)).toContain('\r\x1b[2Kmeasuring before: 1\r')
    expect(written({}, measure)).toBe('before: rank 3.1\n')
    expect(written({ interval: 0 }, measure)).toBe('measuring before: 12/64 images\nmeasuring before: 40/64 images\nbefore: rank 3.1\n')
  })
})

describe('measuring in a pipe', () => {
  test('repeats no line, whatever is noted in between', () => {
    const text = written({ interval: 0 }, (progress) => {
      progress.measuring('before', 1, 2)
      progress.note('a note')
      progress.measuring('before', 1, 2)
      progress.measuring('before', 2, 2)
      progress.measuring('after', 1, 2)
      progress.measuring('after', 1, 2)
      progress.measuring('after', 2, 2)
      progress.measuring('after', 1, 2)
    })
    expect(text.split('\n')).toEqual([
      'measuring before: 1/2 images',
      'a note',
      'measuring after: 1/2 images',
      'measuring after: 1/2 images',
      '',
    ])
  })
})

describe('on a terminal', () => {
  test('it rewrites one line, in colour, and leaves it when it ends', () => {
    const text = written({ steps: 2, isTTY: true }, (progress) => {
      progress.step(metrics(1))
      progress.step(metrics(2))
      progress.end()
      progress.end()
    })
    expect(text.split('\r\x1b[2K')).toHaveLength(3)
    expect(text).toContain('\x1b[1mloss 1.2500\x1b[22m')
    expect(text.match(/\n/g)).toHaveLength(1)
  })

  test('the bar shows the share that is done', () => {
    const text = written({ steps: 4, isTTY: true, columns: 120, env: { NO_COLOR: '1' } }, (progress) => progress.step(metrics(1)))
    expect(text).toContain(`${'━'.repeat(6)}${'─'.repeat(18)} step 1/4`)
  })

  test('NO_COLOR is honoured, and a dumb terminal gets plain lines', () => {
    expect(written({ steps: 2, isTTY: true, env: { NO_COLOR: '1' } }, (progress) => progress.step(metrics(1)))).not.toContain('\x1b[1m')
    expect(written({ steps: 2, isTTY: true, env: { TERM: 'dumb' } }, (progress) => progress.step(metrics(1)))).toMatch(/^step 1\/2.*\n$/)
  })

  test.each([20, 60, 80, 90, 200])('a line never wraps, at %d columns', (columns) => {
    const text = written({ steps: 1000, isTTY: true, columns, env: { NO_COLOR: '1' } }, (progress) => progress.step(metrics(500)))
    expect(text.replace('\r\x1b[2K', '').length).toBeLessThan(columns)
  })

  test.each([
    [120, `${'━'.repeat(12)}${'─'.repeat(12)} step  500/1000 · loss 1.2500 · positive pairs 1,234 · 42 images/s · ETA 8:20`],
    [80, 'step  500/1000 · loss 1.2500 · positive pairs 1,234 · 42 images/s · ETA 8:20'],
    [70, 'step  500/1000 · loss 1.2500 · positive pairs 1,234 · ETA 8:20'],
    [90, 'step  500/1000 · loss 1.2500 · positive pairs 1,234 · 42 images/s · ETA 8:20'],
    [60, 'step  500/1000 · loss 1.2500 · ETA 8:20'],
    [30, 'step  500/1000 · loss 1.2500'],
    [20, 'step  500/1000'],
  ])('the least useful parts go first, at %d columns', (columns, expected) => {
    const text = written({ steps: 1000, isTTY: true, columns, env: { NO_COLOR: '1' } }, (progress) => progress.step(metrics(500)))
    expect(text.replace('\r\x1b[2K', '')).toBe(expected)
  })

  test('a terminal that does not know its width gets whole lines', () => {
    const text = written({ steps: 2, isTTY: true, columns: 0, env: { NO_COLOR: '1' } }, (progress) => progress.step(metrics(1)))
    expect(text).toContain('step 1/2 · loss 1.2500 · positive pairs 1,234')
  })

  test('what cannot be written is dropped', () => {
    const write = () => {
      throw new Error('ENOSPC')
    }
    const progress = new Progress({ steps: 2, env: {}, terminal: { isTTY: true, write } })
    progress.step(metrics(1))
    progress.note('a note')
    progress.end()
  })

  test('the lines of a note are wrapped, but not in a pipe', () => {
    const text = 'photos: 8 images, 2 of them held out\nbefore: view correspondence 0.250 · copied position 0.500'
    const note = (progress: Progress) => progress.note(text)
    expect(written({ isTTY: true, columns: 41 }, note).split('\n')).toEqual([
      'photos: 8 images, 2 of them held out',
      'before: view correspondence 0.250 ·',
      '  copied position 0.500',
      '',
    ])
    expect(written({ columns: 41 }, note)).toBe(`${text}\n`)
  })

  test('a note goes above the next line', () => {
    const text = written({ steps: 3, isTTY: true, env: { NO_COLOR: '1' } }, (progress) => {
      progress.step(metrics(1))
      progress.note('a note')
      progress.step(metrics(2))
    })
    expect(text).toMatch(/ETA 0:02\na note\n\r/)
  })
})

test('a duration reads as on a clock', () => {
  expect([0, 59.6, 65, 7205, -1].map(duration)).toEqual(['0:00', '1:00', '1:05', '2:00:05', '0:00'])
})
