import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { inspect, isDeepStrictEqual } from 'node:util'
import sharp from 'sharp'
import ts from 'typescript'
import * as pixelcl from '../src/pixelcl'
import * as torch from '../src/torch'
import * as vision from '../src/vision'

const source = join(__dirname, '..', 'src')
const before = process.cwd()
const folder = mkdtempSync(join(tmpdir(), 'pixelcl-examples-'))

/** What an example may take as given: a folder 'photos' with images, and a mask of them. */
beforeAll(async () => {
  process.chdir(folder)
  mkdirSync('photos')
  for (const [name, background] of [
    ['red.png', '#c00'],
    ['green.jpg', '#0c0'],
  ] as const) {
    await sharp({ create: { width: 80, height: 72, channels: 3, background } }).toFile(join('photos', name))
  }
  await sharp({ create: { width: 80, height: 72, channels: 3, background: '#030303' } })
    .toColourspace('b-w')
    .toFile('mask.png')
})
afterAll(() => {
  process.chdir(before)
  rmSync(folder, { recursive: true })
})

interface Example {
  readonly name: string
  readonly file: string
  readonly lines: readonly string[]
}

/** The lines under each `@example` of a file's docstrings. */
function examplesOf(file: string): Example[] {
  const found: Example[] = []
  for (const comment of readFileSync(file, 'utf8').matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const lines = comment[0].split('\n').map((line) => line.replace(/^\s*\* ?/, ''))
    const start = lines.indexOf('@example')
    if (start < 0) continue
    const end = lines.findIndex((line, i) => i > start && /^(@|\/)/.test(line))
    const number = readFileSync(file, 'utf8').slice(0, comment.index).split('\n').length + start
    found.push({ name: `${relative(source, file)}:${number}`, file, lines: lines.slice(start + 1, end) })
  }
  return found
}

/** `expression // value` becomes a comparison; any other line stays as it is. */
function programOf({ lines }: Example): string {
  const checked = lines.map((line) => {
    const match = /^([^/\s].*?)\s+\/\/ (.*)$/.exec(line)
    return match === null || /^(const|let|for|if|import)\b|[{,]$/.test(match[1]!)
      ? line
      : `__check(${match[1]}, ${JSON.stringify(match[2])})`
  })
  const plain = checked.filter((line) => !line.startsWith('import ')).join('\n')
  return ts
    .transpileModule(`async () => {\n${plain}\n}`, { compilerOptions: { target: ts.ScriptTarget.ES2022 } })
    .outputText.replace(/^"use strict";\s*/, '')
}

/** Arrays that native code made, of another realm, as arrays of this one. */
function ofThisRealm(value: unknown): unknown {
  return Array.isArray(value) ? Array.from(value, ofThisRealm) : value
}

function check(given: unknown, expected: string): void {
  const value = ofThisRealm(given)
  let wanted: unknown
  try {
    wanted = new Function(`return (${expected})`)()
  } catch {
    wanted = Symbol('no value')
  }
  if (isDeepStrictEqual(value, wanted)) return
  // Tensors stand in examples as `toString()` writes them, without size and dtype.
  const shown = inspect(value, { depth: 6 }).replace(/, size=\([^)]*\), dtype=torch\.\w+/g, '')
  expect(shown).toBe(expected)
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.includes('generated'))
  .map((name) => join(source, name))
const names = { torch, F: torch.nn.functional, nn: torch.nn, ...pixelcl, ...vision, ...vision.datasets, __check: check }

describe('the example in the docstring of', () => {
  for (const example of files.flatMap(examplesOf)) {
    test(example.name, async () => {
      try {
        const folder = new vision.datasets.ImageFolder('photos', { size: [64, 64] })
        const known = { ...names, folder, ...((await import(example.file)) as object) }
        const program = new Function(...Object.keys(known), `return ${programOf(example)}`) as (...values: unknown[]) => () => Promise<void>
        await program(...Object.values(known))()
      } finally {
        torch.setPrintoptions()
      }
    })
  }
})
