import { beforeAll, expect, test } from '@jest/globals'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { camelCase } from '../../src/common/text'
import { runPython } from '../support/python'
import { skipIf } from '../support/skip'
import { generatedFrom, generatedOnly, isGeneratedVersion } from '../support/versions'
import { MODULES, OTHER_MODULES, REASONS, type Standing } from './features/reasons'

/** A name of Python that is not here under its path, and the row that says why. */
interface Missing {
  readonly name: string
  readonly row: number
}

interface Compared {
  readonly path: string
  readonly names: readonly string[]
  readonly here: readonly string[]
  readonly missing: readonly Missing[]
}

skipIf(!isGeneratedVersion, generatedOnly).describe("the public names of Python's torch", () => {
  const compared: Compared[] = []
  let modules: readonly string[]

  beforeAll(async () => {
    const python = await runPython<{ names: Record<string, string[]>; modules: string[] }>(
      `
      import importlib.util
      spec = importlib.util.spec_from_file_location('names', inputs['path'])
      names = importlib.util.module_from_spec(spec)
      spec.loader.exec_module(names)
      outputs = {'names': {path: names.names_of(path) for path in inputs['modules']}, 'modules': names.modules()}
      `,
      { path: join(__dirname, 'features', 'names.py'), modules: MODULES },
    )
    modules = python.modules
    for (const path of MODULES) {
      const owner = at(path)
      const names = python.names[path]!
      const isHere = (name: string): boolean => owner !== undefined && camelCase(name) in owner
      const missing = names.filter((name) => !isHere(name)).map((name) => ({ name, row: rowOf(`${path}.${name}`) }))
      compared.push({ path, names, here: names.filter(isHere).map(camelCase), missing })
    }
  })

  test('are here, or a row of the reasons says why not', () => {
    const unexplained = compared.flatMap(({ path, missing }) => missing.filter(({ row }) => row < 0).map(({ name }) => `${path}.${name}`))
    expect(unexplained).toEqual([])
  })

  test('that are explained are missing, each by a pattern that is needed', () => {
    const names = compared.flatMap(({ path, missing }) => missing.map(({ name, row }) => ({ full: `${path}.${name}`, row })))
    const idle = REASONS.flatMap((reason, row) =>
      patternsOf(reason.names).filter((pattern) => !names.some((name) => name.row === row && matches(pattern, name.full))),
    )
    expect(idle).toEqual([])
  })

  test('stand in modules that are compared, or of which a row says why they are not', () => {
    const covered = new Set(MODULES.map((path) => path.split('.').slice(0, 2).join('.')))
    const others = Object.values(OTHER_MODULES).flatMap(patternsOf)
    expect([...covered, ...others].filter((path) => modules.includes(path)).sort()).toEqual(
      [...modules, ...others.filter((path) => covered.has(path))].sort(),
    )
    expect(others.filter((path) => !modules.includes(path))).toEqual([])
  })

  test('that have another way here: what their reasons name is there', () => {
    const x = torch.ones(1)
    const named = REASONS.flatMap(({ reason }) => [...reason.matchAll(/`(torch|x)\.([\w.]+)`/g)])
    expect(named.length).toBeGreaterThan(5)
    const absent = named.filter(([, owner, path]) => {
      let value: unknown = owner === 'x' ? x : torch
      for (const part of path!.split('.')) value = (value as Record<string, unknown> | undefined)?.[part]
      return value === undefined
    })
    expect(absent.map(([text]) => text)).toEqual([])
  })

  test('stand in docs/FEATURES.md', () => {
    expect(document(compared)).toMatchFile('docs/FEATURES.md')
  })
})

/** What answers to a path of Python here: a namespace, a tensor for its members, or undefined. */
function at(path: string): object | undefined {
  if (path === 'torch.Tensor') return torch.ones(1)
  let owner: unknown = torch
  for (const part of path.split('.').slice(1)) owner = (owner as Record<string, unknown> | undefined)?.[camelCase(part)]
  // Of a class, the methods are compared.
  return typeof owner === 'function' ? (owner.prototype as object) : (owner as object | undefined)
}

function patternsOf(names: string): string[] {
  return names.trim().split(/\s+/)
}

function matches(pattern: string, name: string): boolean {
  return new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name)
}

function rowOf(name: string): number {
  return REASONS.findIndex(({ names }) => patternsOf(names).some((pattern) => matches(pattern, name)))
}

const TITLES: Readonly<Record<Standing, string>> = { 'another way': 'Another way here', waits: 'Waits', 'left out': 'Left out' }

function document(compared: readonly Compared[]): string {
  const standings = Object.keys(TITLES) as Standing[]
  const count = (missing: readonly Missing[], standing: Standing): number =>
    missing.filter(({ row }) => REASONS[row]?.standing === standing).length
  const row = (title: string, { names, here, missing }: Omit<Compared, 'path'>): string =>
    `| ${[title, `${here.length} of ${names.length}`, ...standings.map((standing) => count(missing, standing) || '')].join(' | ')} |`
  const total = {
    names: compared.flatMap(({ names }) => names),
    here: compared.flatMap(({ here }) => here),
    missing: compared.flatMap(({ missing }) => missing),
  }
  return [
    '# Features',
    '',
    `The public names of Python's torch ${generatedFrom}, module by module: by \`__all__\` and the documentation, without modules and what is deprecated.`,
    `${total.here.length} of ${total.names.length} are here, in camelCase; of the others each section says why they are not.`,
    '`__tests__/torch/features.test.ts` asks Python and writes this list. What is here is compared with Python elsewhere:',
    '[operators](OPERATORS.md), [modules](MODULES.md), [optimizers](OPTIMIZERS.md).',
    '',
    `| module | here | ${standings.map((standing) => TITLES[standing].toLowerCase()).join(' | ')} |`,
    `| --- | --- | ${standings.map(() => '---').join(' | ')} |`,
    ...compared.map((module) => row(`[\`${module.path}\`](#${module.path.replaceAll('.', '').toLowerCase()})`, module)),
    row('total', total),
    '',
    'Modules whose names are not compared:',
    '',
    ...Object.entries(OTHER_MODULES).map(([reason, paths]) => `- ${reason}: ${list(patternsOf(paths))}`),
    '',
    ...compared.flatMap(section),
  ].join('\n')
}

function section({ path, here, missing }: Compared): string[] {
  const rows = [...new Set(missing.map(({ row }) => row))].sort((a, b) => a - b)
  return [
    `## ${path}`,
    '',
    ...rows.map((row) => {
      const { standing, reason } = REASONS[row] ?? { standing: 'left out' as const, reason: 'unexplained' }
      return `- **${TITLES[standing]}**, ${reason}: ${list(missing.filter((name) => name.row === row).map(({ name }) => name))}`
    }),
    ...(rows.length > 0 ? [''] : []),
    ...(here.length > 0 ? [`Here (${here.length}): ${list(here)}`, ''] : []),
  ]
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
