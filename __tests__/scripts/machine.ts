import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { readStamp } from '../../src/native/load'

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

/** The interpreter itself, for a version manager's shim looks at the path that a test replaces. */
export function systemPython(): string {
  const { stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' })
  return stdout.trim()
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
