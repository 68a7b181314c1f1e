import { describe, expect, test } from '@jest/globals'
import { LiveLine, Style, type Terminal } from '../../src/common/terminal'
import { progressLine } from '../../src/vision/models/progress-line'

/** A terminal, or a pipe, that keeps what it receives. */
function recorder(isTTY: boolean): Terminal & { text: string } {
  return { isTTY, columns: 80, text: '', write(part) { this.text += part } } // prettier-ignore
}

test('text is styled on a terminal only, and not with NO_COLOR or a dumb terminal', () => {
  const bold = (isTTY: boolean, env: Record<string, string>) => new Style({ isTTY }, env).bold('loss')
  expect(bold(true, {})).toBe('\x1b[1mloss\x1b[22m')
  expect([bold(false, {}), bold(true, { NO_COLOR: '1' }), bold(true, { TERM: 'dumb' })]).toEqual(['loss', 'loss', 'loss'])
})

describe('a live line', () => {
  test('is rewritten in place, and lines of their own end it', () => {
    const out = recorder(true)
    const line = new LiveLine(out, {})
    line.show('one')
    line.show('two')
    line.print('a note')
    line.show('three')
    line.end()
    line.end()
    expect(out.text).toBe('\r\x1b[2Kone\r\x1b[2Ktwo\na note\n\r\x1b[2Kthree\n')
  })

  test('shows nothing in a pipe, where lines of their own are written', () => {
    const out = recorder(false)
    const line = new LiveLine(out, {})
    line.show('one')
    line.print('a note')
    line.end()
    expect(out.text).toBe('a note\n')
  })
})

test('a download shows its last state in either', () => {
  const [pipe, terminal] = [recorder(false), recorder(true)]
  for (const out of [pipe, terminal]) {
    const line = progressLine('https://host/a.pth', '/cache/a.pth', 0, out)
    line.tell(1e6, 4e6)
    line.tell(4e6, 4e6)
    line.end()
  }
  expect(pipe.text).toBe('downloading https://host/a.pth to /cache/a.pth\n4.0 of 4.0 MB (100 %)\n')
  expect(terminal.text).toMatch(/^downloading .*\n\r\x1b\[2K1\.0 of 4\.0 MB \(25 %\)\r\x1b\[2K4\.0 of 4\.0 MB \(100 %\)/)
  expect(terminal.text.endsWith('\n')).toBe(true)
})
