import { describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeAll, writeAtomically } from '../../src/common/atomic'
import { temporary } from '../support/files'

const write = (path: string, text: string) => writeAtomically(path, (file) => writeAll(file, Buffer.from(text)))

let folders = 0
function folder(): string {
  const path = temporary(`atomic-${folders++}`)
  mkdirSync(path)
  return path
}

describe('a file that is written atomically', () => {
  test('may have the longest name that a file system takes, in bytes', () => {
    const path = folder()
    for (const name of ['x'.repeat(255), 'é'.repeat(127), '😀'.repeat(63)]) {
      write(join(path, name), 'text')
      expect(readFileSync(join(path, name), 'utf8')).toBe('text')
    }
    expect(() => write(join(path, 'x'.repeat(256)), 'text')).toThrow(/its name is too long/)
  })

  test('makes the target of a link that leads nowhere, and keeps the links', () => {
    const path = folder()
    symlinkSync('second', join(path, 'first'))
    symlinkSync('target', join(path, 'second'))
    write(join(path, 'first'), 'text')
    expect(lstatSync(join(path, 'first')).isSymbolicLink() && lstatSync(join(path, 'second')).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(path, 'target'), 'utf8')).toBe('text')
  })

  test('is refused behind links that point at each other', () => {
    const path = folder()
    symlinkSync('b', join(path, 'a'))
    symlinkSync('a', join(path, 'b'))
    expect(() => write(join(path, 'a'), 'text')).toThrow(/cannot write .*: its symbolic links point at each other/)
  })

  test('removes what processes that were killed left behind, and nothing else', () => {
    const path = folder()
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    const others = [`.file.${process.pid}.abc.tmp`, `.other.${pid}.abc.tmp`, `.file.${pid}.abc.bak`, '.file.tmp']
    for (const name of [`.file.${pid}.abc.tmp`, ...others]) writeFileSync(join(path, name), '')
    write(join(path, 'file'), 'text')
    expect(readdirSync(path).sort()).toEqual(['file', ...others].sort())
  })
})
