import { expect, test } from '@jest/globals'
import { wrapped } from '../../src/common/text'

test('text is wrapped between words, and further lines are indented', () => {
  expect(wrapped('  - one two three four', 12, 4)).toBe('  - one two\n    three\n    four')
  expect(wrapped('short', 80)).toBe('short')
})

test('a word that is wider than the line stays whole', () => {
  expect(wrapped('see /a/very/long/path now', 10, 2)).toBe('see\n  /a/very/long/path\n  now')
})
