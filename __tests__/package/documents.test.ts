import { describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { builtPackage } from '../support/child'
import { root } from './project'

/** Documents that tests write; what they name is what Python has. */
const WRITTEN_BY_TESTS = ['FEATURES.md', 'MODULES.md', 'OPERATORS.md', 'OPTIMIZERS.md']
const documents = ['README.md', 'CONTRIBUTING.md', ...pagesOf('docs')]

function pagesOf(folder: string): string[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith('.md') && !WRITTEN_BY_TESTS.includes(name))
  return names.map((name) => `${folder}/${name}`)
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Folders whose content a document may name. */
const rooms = ['__tests__', 'bench', 'binding', 'docs', 'examples', 'models', 'scripts', 'src']
/** Files of a checkout that are named by a part of their path, as `npm test` takes it. */
const tests = readdirSync(join(root, '__tests__'), { recursive: true, encoding: 'utf8' })

/** The paths in a document's code spans and diagrams, and the targets of its links, from the root. */
function pathsIn(document: string): string[] {
  const text = read(document)
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!)
  const named = [...spans, ...[...text.matchAll(/^```\n([\s\S]*?)^```$/gm)].flatMap((match) => match[1]!.split(/\s+/))]
  const isPath = (word: string): boolean => rooms.includes(word.split('/')[0]!) && /^[\w./-]+$/.test(word) && word.includes('/')
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => relative(root, join(root, dirname(document), match[1]!)))
  return [...new Set([...named.filter(isPath), ...links])].sort()
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsIn(document: string): string[] {
  const headings = [...read(document).matchAll(/^#+ (.*)$/gm)].map((match) => match[1]!)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(documents)('%s', (document) => {
  test('links to headings that exist', () => {
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)].map(([, path, anchor]) => ({
      path: path!,
      anchor: anchor!,
    }))
    const target = (path: string): string => (path === '' ? document : relative(root, join(root, dirname(document), path)))
    expect(links.filter(({ path, anchor }) => !anchorsIn(target(path)).includes(anchor))).toEqual([])
  })

  test('names only files and folders that exist', () => {
    const paths = pathsIn(document)
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  test('names only tests and npm commands that exist', () => {
    const text = read(document)
    const filters = [...text.matchAll(/(?:npm test -- |npx jest )([\w/-]+)/g)].map((match) => match[1]!)
    expect(filters.filter((filter) => !tests.some((path) => path.includes(filter)))).toEqual([])
    const commands = [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]!)
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    expect(commands.filter((command) => !(command in scripts))).toEqual([])
  })
})

test('the README shows the very program of examples/, and docs/OPTIONS.md the options of the schema', () => {
  builtPackage()
  const { stdout, status } = spawnSync(process.execPath, [join(root, 'scripts', 'generate', 'documents.mjs'), '--check'], {
    encoding: 'utf8',
  })
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
}, 300_000)

describe('docs/ERRORS.md', () => {
  const document = read('docs/ERRORS.md')
  const rows = [...document.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]!)
  const sources = ['src', 'binding'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(ts|cc|h)$/.test(path))
      .map((path) => read(join(folder, path))),
  )
  const namesIn = (pattern: RegExp): string[] => [
    ...new Set(sources.flatMap((text) => Array.from(text.matchAll(pattern), (match) => match[1]!))),
  ]

  test('names every class of errors', () => {
    const classes = namesIn(/\bclass (\w+Error) extends/g)
    expect(classes).toEqual(expect.arrayContaining(['PixelclError', 'TorchError', 'OptionError', 'UsageError']))
    expect(classes.filter((name) => !document.includes(`\`${name}\``))).toEqual([])
  })

  test('names every code of an error or a warning, and no other', () => {
    const codes = [
      ...namesIn(/(?:super|PixelclError)\('([A-Z_]+)'/g),
      ...namesIn(/\bcode(?:: | = | \?\? )'([A-Z_]+)'(?!, syscall)/g),
      ...namesIn(/'(PIXELCL_[A-Z_]+)' ?[,)}]/g).filter((name) => !/^PIXELCL_(CACHE|DRY_RUN|DEMO|TEST|ALLOW)/.test(name)),
      ...namesIn(/(?:Failure\(|code = )"([A-Z_]+)"/g),
    ]
    expect(codes).toEqual(expect.arrayContaining(['ARGUMENT', 'TORCH', 'OUT_OF_MEMORY', 'UNEXPECTED', 'PIXELCL_IMAGE_RANGE']))
    const listed = [...rows, ...Array.from(document.matchAll(/^\| `\w+`[^|]*\| `([A-Z_]+)`/gm), (match) => match[1]!)]
    expect([...new Set(listed.filter((name) => /^[A-Z_]+$/.test(name)))].sort()).toEqual([...new Set(codes)].sort())
  })
})

test('the architecture names every room of src, of src/torch and of binding', () => {
  const text = read('docs/ARCHITECTURE.md')
  const foldersOf = (path: string): string[] =>
    readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [`${path}/${entry.name}`] : []))
  expect(['src', 'src/torch', 'binding'].flatMap(foldersOf).filter((room) => !text.includes(room))).toEqual([])
})

test('sources cite no document but those of the repository', () => {
  const sources = ['src', 'binding', 'scripts', '__tests__', 'bench', 'models', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(ts|mts|mjs|cjs|cc|h|py)$/.test(path))
      .map((path) => `${folder}/${path}`),
  )
  const cited = sources.flatMap((path) => [...read(path).matchAll(/[\w./-]*[A-Z]{3,}\.md\b/g)].map(([name]) => ({ path, name })))
  const documentsOf = ['', 'docs/', 'bench/'].map((folder) => (name: string) => existsSync(join(root, folder, name)))
  expect(cited.filter(({ name }) => !documentsOf.some((exists) => exists(name)))).toEqual([])
  expect(cited.length).toBeGreaterThan(3)
})
