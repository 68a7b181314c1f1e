import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expectWith } from '../support/expect'
import { type Block, blocksOf, printedBy, programOfTables, root } from './blocks'
import { type Ended, Project } from './project'

const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const tables = programOfTables('docs/FROM-PYTHON.md')
const blocks = [...documents.flatMap(blocksOf), tables]
const programs = blocks.filter(({ notRun }) => notRun === undefined)

let project: Project
let typeCheck: Promise<Ended>
beforeAll(async () => {
  project = await Project.make()
  project.install(['pixelcl'])
  typeCheck = checkTypes()
}, 300_000)
afterAll(() => project?.remove())

/** The README's example is saved and run by the lines of shell after it. */
const isExample = ({ text }: Block): boolean => text.includes('new PixelCL(') && text.includes("'improved-resnet.pt'")

const nameOf = ({ document, line, language }: Block): string => `${document.replace(/\W/g, '-')}-${line}.m${language}`

/** Compiles all programs as they are printed, in a fresh project of `tsc --init`; PIXELCL_TEST_TSC names another compiler. */
async function checkTypes(): Promise<Ended> {
  const tsc = process.env['PIXELCL_TEST_TSC'] ?? join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const folder = join(project.folder, 'types')
  for (const block of programs.filter(({ language }) => language === 'ts')) project.write(join('types', nameOf(block)), block.text)
  await project.run(process.execPath, [tsc, '--init'], folder)
  return project.run(process.execPath, [tsc, '--noEmit'], folder)
}

/** Networks and steps that are done in moments. */
const inSmall = (text: string): string =>
  text
    .replaceAll('resnet50', 'resnet18')
    .replace(/^const steps = 100$/m, 'const steps = 2')
    .replace(/^const batch = 10$/m, 'const batch = 2')
    .replace(/^const size = 256$/m, 'const size = 64')

async function runShell(text: string): Promise<void> {
  // The tests are what is running already, and __tests__/cli/demo.test.ts runs the demo.
  const inCheckout = text.includes('npm start')
  const packages = /^npm install (.*)$/m.exec(text)?.[1]!.split(' ')
  project.install(packages?.filter((word) => !word.startsWith('-')) ?? [])
  const commands = inSmall(text)
    .replace(/^npm (test|install .*)$/gm, '')
    .replace(/^npm start$/m, 'npm start -- --help')
  const { status, output } = await project.run('bash', ['-euo', 'pipefail', '-c', commands], inCheckout ? root : project.folder)
  expectWith(status, `${commands}\n${output}`).toBe(0)
}

async function runBlock(block: Block): Promise<void> {
  if (block === tables) expect(block.text.split('= given()').length).toBeGreaterThan(30)
  if (block.language === 'sh') return runShell(block.text)
  const text = inSmall(block.text)
  if (block.language === 'ts' && isExample(block)) return project.write('pretrain.mts', text)
  if (block.language === 'python') return expectPrinted(block, await project.runPythonBlock(text))
  expect(block.language).toMatch(/^[tj]s$/)
  project.write(nameOf(block), text)
  expectPrinted(block, await project.runProgram(nameOf(block)))
}

/** The lines that the block's comments show are printed, in this order. */
function expectPrinted(block: Block, lines: readonly string[]): void {
  let from = 0
  for (const expected of printedBy(block)) {
    const at = lines.indexOf(expected, from)
    expectWith(at < 0 ? lines.slice(from).join('\n') : expected, `${block.document}:${block.line}`).toBe(expected)
    from = at + 1
  }
}

describe.each(documents.filter((document) => programs.some((block) => block.document === document)))('%s', (document) => {
  for (const block of programs.filter((each) => each.document === document)) {
    const name =
      block === tables ? 'what its tables say runs' : `the block in line ${block.line} runs (${block.text.trim().split('\n').at(-1)})`
    test(name, () => runBlock(block), 300_000)
  }
})

test('the programs compile as they are printed, in a fresh project of `tsc --init`', async () => {
  const { status, output } = await typeCheck
  expectWith(status, output).toBe(0)
}, 300_000)

test('the README created the files that it mentions', () => {
  for (const path of ['improved-resnet.pt', 'run/improved-resnet.pt', 'run/report.html', 'state.pt', 'weights.safetensors'])
    expectWith(project.has(path), path).toBe(true)
})

describe('blocks that cannot run here', () => {
  const others = blocks.filter(({ notRun }) => notRun !== undefined)

  test('are right in their syntax', async () => {
    for (const { document, line, language, text } of others) {
      const place = `${document}:${line}`
      if (language === 'python') await project.runPythonBlock(`compile(${JSON.stringify(text)}, '${place}', 'exec')`)
      else if (language === 'sh') expectWith(await project.run('bash', ['-n', '-c', text]), place).toMatchObject({ status: 0 })
      else {
        const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true, compilerOptions: { module: ts.ModuleKind.ESNext } })
        expectWith(diagnostics?.map(({ messageText }) => messageText) ?? [], place).toEqual([])
      }
    }
  })
})
