import { type ChildProcess, execFile, fork } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { makeTextures } from '../../src/vision/datasets'
import { cacheOfItsOwn } from '../support/cache'
import { builtPackage } from '../support/child'
import { pythonPath, runPython } from '../support/python'
import { root } from './blocks'

export interface Ended {
  readonly status: number | string
  readonly output: string
}

/**
 * A user's project with a folder of photos, in which the programs of the documents run: shell blocks in a process each, TypeScript in one
 * process of Node, Python in one of Python.
 *
 * The package and its tools are links, and `npx` starts them at once; `__tests__/package` installs the packed package by npm itself.
 */
export class Project {
  readonly folder: string
  readonly #top: string
  readonly #env: NodeJS.ProcessEnv
  #runner: ChildProcess | undefined

  private constructor(top: string) {
    this.#top = top
    this.folder = join(top, 'project')
    const [bin, cache, python] = [join(top, 'bin'), join(top, 'cache'), join(top, 'python')]
    for (const path of [join(this.folder, 'node_modules'), bin, join(python, 'torchvision', 'models')]) mkdirSync(path, { recursive: true })
    // A cache of its own, for `setup` writes there which libtorch was chosen; what was compiled serves again.
    cacheOfItsOwn(cache, ['python', 'shims', 'builds'])
    executable(join(bin, 'python3'), `exec '${pythonPath()}' "$@"`)
    executable(
      join(bin, 'npx'),
      `tool=$1; shift
case $tool in
  pixelcl) exec '${process.execPath}' '${join(builtPackage(), 'cli', 'main.js')}' "$@" ;;
  *) exec '${join(root, 'node_modules', '.bin')}'/"$tool" "$@" ;;
esac`,
    )
    // torchvision has no CPU build beside this torch; its ResNets are those of models/resnet.py.
    writeFileSync(join(python, 'torchvision', '__init__.py'), '')
    copyFileSync(join(root, 'models', 'resnet.py'), join(python, 'torchvision', 'models', '__init__.py'))
    this.#env = {
      ...process.env,
      PATH: [bin, process.env['PATH'] ?? ''].join(delimiter),
      PYTHONPATH: python,
      PYTHONDONTWRITEBYTECODE: '1',
      PIXELCL_CACHE: cache,
      PIXELCL_DRY_RUN: '1',
      OMP_NUM_THREADS: '1',
      NO_COLOR: '1',
    }
    for (const name of ['NODE_OPTIONS', 'NODE_ENV']) Reflect.deleteProperty(this.#env, name)
  }

  static async make(): Promise<Project> {
    const project = new Project(mkdtempSync(join(tmpdir(), 'pixelcl-documents-')))
    const { train } = await makeTextures(join(project.#top, 'textures'), { train: 12, heldOut: 1, size: 64 })
    symlinkSync(train, join(project.folder, 'photos'))
    return project
  }

  /** What `npm install` of these packages would bring; the package itself among them. */
  install(names: readonly string[]): void {
    for (const name of names) {
      const source = name === 'pixelcl' ? root : join(root, 'node_modules', name)
      const target = join(this.folder, 'node_modules', name)
      if (!existsSync(source)) throw new Error(`npm install ${name}: no dependency of this package, so no document can ask for it`)
      mkdirSync(join(target, '..'), { recursive: true })
      if (!existsSync(target)) symlinkSync(source, target)
    }
  }

  write(name: string, text: string): void {
    mkdirSync(join(this.folder, name, '..'), { recursive: true })
    writeFileSync(join(this.folder, name), text)
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path))
  }

  run(command: string, args: readonly string[], cwd = this.folder): Promise<Ended> {
    return new Promise((resolve) =>
      execFile(command, args, { cwd, env: this.#env, timeout: 280_000, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : (error.code ?? error.signal ?? -1), output: stdout + stderr }),
      ),
    )
  }

  /** Runs a program that lies in the project; returns what it printed, throws what it threw. */
  async runProgram(name: string): Promise<string[]> {
    this.#runner ??= this.#startRunner()
    const runner = this.#runner
    const answer = await new Promise<{ lines: string[]; error?: string }>((resolve, reject) => {
      const ended = (code: number | null, signal: string | null): void => reject(new Error(`${name} ended its process: ${signal ?? code}`))
      runner.once('exit', ended)
      runner.once('message', (message) => {
        runner.off('exit', ended)
        resolve(message as { lines: string[]; error?: string })
      })
      runner.send(join(this.folder, name))
    })
    if (answer.error !== undefined) throw new Error(`${name}: ${answer.error}\n${answer.lines.join('\n')}`)
    return answer.lines
  }

  #startRunner(): ChildProcess {
    const runner = fork(join(__dirname, 'runner.mjs'), {
      cwd: this.folder,
      env: { ...this.#env, PIXELCL_CACHE: process.env['PIXELCL_CACHE'] },
      execArgv: ['--import', pathToFileURL(require.resolve('tsx')).href],
    })
    runner.once('exit', () => (this.#runner = undefined))
    return runner
  }

  /** Runs Python code in the process that the tests of this file share; returns what it printed. */
  async runPythonBlock(text: string): Promise<string[]> {
    const { printed } = await runPython<{ printed: string }>(
      `
import contextlib, io, os, sys
os.chdir(inputs['folder'])
if inputs['modules'] not in sys.path: sys.path.insert(0, inputs['modules'])
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    exec(compile(inputs['text'], 'the block', 'exec'), {'__name__': '__main__'})
outputs = {'printed': printed.getvalue()}
`,
      { folder: this.folder, modules: this.#env['PYTHONPATH'], text },
    )
    return printed.split('\n')
  }

  remove(): void {
    this.#runner?.kill()
    rmSync(this.#top, { recursive: true, force: true })
  }
}

function executable(path: string, commands: string): void {
  writeFileSync(path, `#!/bin/sh\n${commands}\n`)
  chmodSync(path, 0o755)
}
