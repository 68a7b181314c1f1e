import { describe, expect, test } from '@jest/globals'
import { skippedText } from '../../src/cli/skipped'
import type { PretrainResult } from '../../src/training'

type Skipping = Pick<PretrainResult, 'facts' | 'files' | 'skipped'>

const told = (skipped: readonly (readonly [string, string])[], width: number) =>
  skippedText(
    { facts: { images: { trained: 1500, heldOut: 32 } }, files: { result: 'out/result.json' }, skipped: new Map(skipped) } as unknown as Skipping, // prettier-ignore
    width,
  )

describe('what a run skipped', () => {
  test('is told with the number of images, in the order of the paths, the first five by name', () => {
    const files = Array.from({ length: 1007 }, (_, i) => [`photos/${1007 - i}.jpg`, 'the JPEG ends early'] as const)
    expect(told(files, 80).split('\n')).toEqual([
      '1,532 images; 1,007 skipped:',
      ...[1, 10, 100, 1000, 1001].map((i) => `  photos/${i}.jpg: the JPEG ends early`),
      '  and 1,002 more, named in out/result.json',
      '',
    ])
    expect(told([], 80)).toBe('')
  })

  test('has its whole reasons within the width of the terminal, and paths in one piece', () => {
    expect(told([['my  photos/of a\nday.png', 'it is no image of a format that is read: AVIF, BMP, GIF']], 30)).toBe(
      [
        '1,532 images; 1 skipped:',
        '  my  photos/of a\\x0aday.png:',
        '    it is no image of a format',
        '    that is read: AVIF, BMP,',
        '    GIF',
        '',
      ].join('\n'),
    )
  })
})
