import { expect, test } from '@jest/globals'
import { systemReason } from '../../src/common/errors'
import { columns, sized, wrapped } from '../../src/common/text'

test('text is wrapped between words, and further lines are indented', () => {
  expect(wrapped('  - one two three four', 12, 4)).toBe('  - one two\n    three\n    four')
  expect(wrapped('short', 80)).toBe('short')
})

test('a word that is wider than the line stays whole', () => {
  expect(wrapped('see /a/very/long/path now', 10, 2)).toBe('see\n  /a/very/long/path\n  now')
})

test('rows of two columns are aligned where they fit, else the second goes below the first', () => {
  const rows = [
    ['runs/a.pt', 'the backbone, a state dict'],
    ['runs/report.html', 'curves'],
  ] as const
  expect(columns(rows)).toBe('  runs/a.pt         the backbone, a state dict\n  runs/report.html  curves\n')
  expect(columns(rows, 46)).toBe(columns(rows))
  expect(columns(rows, 45)).toBe('  runs/a.pt\n    the backbone, a state dict\n  runs/report.html\n    curves\n')
  expect(columns(rows, 20)).toBe('  runs/a.pt\n    the backbone, a\n    state dict\n  runs/report.html\n    curves\n')
})

test('a size says which side is which where they differ', () => {
  expect([sized([4, 4]), sized([4, 6]), sized([4, 6], ' pixels')]).toEqual([
    '4 × 4',
    '4 × 6 (height × width)',
    '4 × 6 pixels (height × width)',
  ])
})

test.each([
  ["EACCES: permission denied, open '/photos/a, b.jpg'", 'permission denied (EACCES)'],
  ['EIO: i/o error, read', 'i/o error (EIO)'],
  ['File size (3000000000) is greater than 2 GiB', 'File size (3000000000) is greater than 2 GiB'],
])('the reason of a system call is told without call and path: %s', (message, reason) => {
  expect(systemReason(new Error(message))).toBe(reason)
})
