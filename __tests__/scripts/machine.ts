import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { readStamp } from '../../src/native/load'
import { systemPython } from '../support/terminal'

export const root = join(__dirname, '..', '..')
/** The libtorch that the tests themselves run on. */
export const libtorch = readStamp()!.libtorch

/** A machine for the set-up to look at: its own home, cache and path, with what a test puts there. */
export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), 'pixelcl-machine-'))
  readonly cache = join(this.folder, 'cache')
  readonly bin = join(this.folder, 'bin')

  constructor() {
    mkdirSync(this.bin)
    this.link('node', process.execPath)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Puts a program on the path. */
  link(name: string, target: string): void {
    symlinkSync(target, join(this.bin, name))
  }

  /** Puts a shell script on the path. */
  script(name: string, body: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(this.bin, name), 0o755)
  }

  /** Puts stand-ins of a compiler, CMake and Make on the path, which only tell their versions. */
  tools(): void {
    for (const [name, version] of [
      ['c++', 'c++ 12.2.0'],
      ['cmake', 'cmake version 3.25.1'],
      ['make', 'GNU Make 4.3'],
    ] as const)
      this.script(name, `echo "${version}"`)
  }

  /**
   * Puts a stand-in of python3 on the path that makes virtual environments of itself. Its pip writes its arguments to the file that is
   * returned and runs `pip`, which may place `$torch`, the folder of an installed torch.
   */
  forgePip(pip: string): string {
    const calls = join(this.folder, 'pip-calls')
    const forged = this.forgeLibtorch('forged')
    const body = [
      'case "$*" in',
      '*version_info*) echo 3.12;;',
      '*ensurepip*) ;;',
      `"-m venv "*) /bin/mkdir -p "$3/bin" && /bin/cp "$0" "$3/bin/python" && echo > "$3/pyvenv.cfg";;`,
      '"-m pip config list") ;;',
      `"-m pip install "*) echo "$*" >> ${calls}; torch="$\{0%/bin/python}/lib/python3.12/site-packages/torch"; place() { /bin/mkdir -p "$\{torch%/torch}" && /bin/ln -s ${forged} "$torch"; }`,
      `  ${pip};;`,
      '*) echo /usr;;',
      'esac',
    ]
    this.script('python3', body.join('\n'))
    return calls
  }

  /** A folder that looks like a libtorch: the real libraries and headers under the version that is wanted. */
  forgeLibtorch(path: string, version: string = libtorch.version): string {
    const folder = join(this.folder, path)
    mkdirSync(folder, { recursive: true })
    for (const part of ['lib', 'include', 'share']) symlinkSync(join(libtorch.path, part), join(folder, part))
    writeFileSync(join(folder, 'version.py'), `__version__ = '${version}'\n`)
    return folder
  }

  /** The same with copies of the libraries' first bytes, so that a test may damage them. */
  forgeTruncated(path: string, library: string, bytes: number): string {
    const folder = this.forgeLibtorch(path)
    rmSync(join(folder, 'lib'))
    mkdirSync(join(folder, 'lib'))
    for (const name of ['libtorch.so', 'libtorch_cpu.so', 'libc10.so']) {
      if (name === library) writeFileSync(join(folder, 'lib', name), firstBytes(join(libtorch.path, 'lib', name), bytes))
      else symlinkSync(join(libtorch.path, 'lib', name), join(folder, 'lib', name))
    }
    return folder
  }

  /** A `python3` on the path whose site-packages hold that torch; importing it leaves a file. */
  forgePython(name: string, version: string): { torch: string; imported: string } {
    const torch = this.forgeLibtorch(join(name, 'site-packages', 'torch'), version)
    const imported = join(this.folder, `${name}-was-imported`)
    writeFileSync(join(torch, '__init__.py'), `open(${JSON.stringify(imported)}, 'w').close()\n`)
    this.script('python3', `PYTHONPATH=${dirname(torch)} exec ${systemPython()} "$@"`)
    return { torch, imported }
  }

  env(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return { HOME: this.folder, PATH: this.bin, PIXELCL_CACHE: this.cache, ...more }
  }

  /** Runs the set-up's script; answers its exit code and what it printed. */
  setup(args: readonly string[] = [], more: NodeJS.ProcessEnv = {}): { status: number | null; output: string } {
    return this.node([join(root, 'scripts', 'setup.mjs'), ...args], more)
  }

  node(args: readonly string[], more: NodeJS.ProcessEnv = {}): { status: number | null; output: string } {
    const { status, stdout, stderr, signal } = spawnSync(process.execPath, args, {
      env: this.env(more),
      encoding: 'utf8',
      timeout: 120_000,
    })
    return { status, output: `${stdout}${stderr}${signal ?? ''}` }
  }

  /** What the set-up finds, nothing being changed. */
  inspect(more: NodeJS.ProcessEnv = {}): Inspection {
    const { status, output } = this.setup(['--inspect'], more)
    if (status !== 0) throw new Error(output)
    return JSON.parse(output) as Inspection
  }
}

export interface Inspection {
  readonly libtorch: { readonly path: string; readonly version: string; readonly source: string } | null
  readonly tried: readonly { readonly place: string; readonly reason: string }[]
  readonly compiler: { readonly found?: string; readonly missing?: string }
  readonly cmake: { readonly found?: string; readonly missing?: string }
  readonly python: { readonly found?: string; readonly missing?: string }
  readonly stamp: { readonly addon: string } | null
  readonly support: { readonly versions: string; readonly standing: string | null }
}

function firstBytes(path: string, bytes: number): Buffer {
  const descriptor = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(bytes)
    return buffer.subarray(0, readSync(descriptor, buffer, 0, bytes, 0))
  } finally {
    closeSync(descriptor)
  }
}

/** The stamp the tests run on, rewritten for another machine's cache. */
export function copyStamp(machine: Machine, change: (stamp: Record<string, unknown>) => void): void {
  const { status, output } = machine.setup(['--inspect'])
  if (status !== 0) throw new Error(output)
  const path = (JSON.parse(output) as { stampPath: string }).stampPath
  const stamp = JSON.parse(JSON.stringify(readStamp())) as Record<string, unknown>
  change(stamp)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, JSON.stringify(stamp))
}
