import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { makeTextures } from '../src/vision/datasets'
import { cacheOfItsOwn } from './support/cache'
import { expectWith } from './support/expect'
import { packInto } from './support/pack'
import { pythonPath } from './support/python'

const root = join(__dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'pixelcl-readme-'))
/** A user's project: empty but for a folder of photos. */
const project = join(folder, 'project')
const environment: NodeJS.ProcessEnv = {}
let tarball = ''

interface Block {
  readonly language: string
  readonly text: string
  readonly line: number
}

const blocks: Block[] = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
  language: match[1]!,
  text: match[2]!,
  line: readme.slice(0, match.index).split('\n').length,
}))

/** Runs `command` where the README says; a failure shows all that was printed. */
function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env: environment, encoding: 'utf8', timeout: 280_000 })
  expectWith(status, `${command} ${args.join(' ')}\n${stdout}\n${stderr}`).toBe(0)
  return stdout + stderr
}

beforeAll(async () => {
  const ownCache = join(folder, 'cache')
  const bin = join(folder, 'bin')
  for (const path of [project, bin, join(folder, 'python', 'torchvision', 'models')]) mkdirSync(path, { recursive: true })
  // A cache of its own, for `setup` writes there which libtorch was chosen; what was compiled serves again.
  cacheOfItsOwn(ownCache, ['python', 'shims', 'builds'])
  writeFileSync(join(bin, 'python3'), `#!/bin/sh\nexec '${pythonPath()}' "$@"\n`)
  chmodSync(join(bin, 'python3'), 0o755)
  // torchvision has no CPU build beside this torch; its ResNets are those of models/resnet.py.
  writeFileSync(join(folder, 'python', 'torchvision', '__init__.py'), '')
  copyFileSync(join(root, 'models', 'resnet.py'), join(folder, 'python', 'torchvision', 'models', '__init__.py'))
  Object.assign(environment, process.env, {
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    PYTHONPATH: join(folder, 'python'),
    PIXELCL_CACHE: ownCache,
    PIXELCL_DRY_RUN: '1',
    STEPS: '2',
    BATCH: '2',
    SIZE: '64',
    NO_COLOR: '1',
  })
  for (const name of ['NODE_OPTIONS', 'NODE_ENV']) Reflect.deleteProperty(environment, name)
  const { train } = await makeTextures(join(folder, 'textures'), { train: 12, heldOut: 1, size: 64 })
  symlinkSync(train, join(project, 'photos'))
  tarball = packInto(folder)
}, 300_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function runShell(text: string): string {
  if (!text.includes('npm start'))
    return run(
      'bash',
      ['-euo', 'pipefail', '-c', text.replace('npm install pixelcl ', `npm install --prefer-offline --no-audit --no-fund ${tarball} `)],
      project,
    )
  // The tests are what is running already.
  return run('bash', ['-euo', 'pipefail', '-c', text.replace(/^npm test$/m, '')], root)
}

describe('every block of the README runs as it stands: line', () => {
  for (const { language, text, line } of blocks) {
    test(`${line} (${text.trim().split('\n').at(-1)})`, () => {
      if (language === 'sh') return void runShell(text)
      if (language === 'python') return void run('python3', ['-c', text], project)
      expect(language).toBe('ts')
      const isProgram = text.includes("torch.save(resnet.stateDict(), 'improved-resnet.pt')")
      const name = isProgram ? 'pretrain.mts' : `block-${line}.mts`
      writeFileSync(join(project, name), text)
      // The program is run by the README's own next line.
      if (!isProgram) run('npx', ['tsx', name], project)
      run(
        process.execPath,
        [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), ...TYPE_CHECK, '--typeRoots', join(root, 'node_modules', '@types'), name],
        project,
      )
    }, 300_000)
  }
})

const TYPE_CHECK = [
  '--noEmit',
  '--strict',
  '--module',
  'node16',
  '--target',
  'es2022',
  '--lib',
  'es2023,esnext.disposable',
  '--types',
  'node',
  '--skipLibCheck',
  'false',
]

describe('the README', () => {
  test('shows the very program of examples/ and the options of the schema', () => {
    const renewed = execFileSync(process.execPath, [join(root, 'scripts', 'generate', 'readme.mjs'), '--print'], { encoding: 'utf8' })
    expect(renewed).toBe(readme)
  })

  test('links to files that are there', () => {
    const targets = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1]!)
    expect(targets.length).toBeGreaterThan(3)
    for (const target of targets) expectWith(existsSync(join(root, target)), target).toBe(true)
  })

  test('created the files that it mentions', () => {
    for (const path of ['improved-resnet.pt', 'run/improved-resnet.pt', 'run/report.html', 'state.pt', 'weights.safetensors']) {
      expectWith(existsSync(join(project, path)), path).toBe(true)
    }
  })
})
