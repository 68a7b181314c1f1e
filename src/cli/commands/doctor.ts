import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { packageRoot, packageVersion, type Libtorch, type Place, type Stamp, type Standing } from '../../native/load'
import { Style } from '../../common/terminal'
import { ExitCode } from '../exit'
import { nodeOutput } from '../node'
import { print } from '../output'

interface Attempt {
  readonly found?: string
  readonly missing?: string
}

/** What `scripts/setup.mjs --inspect` prints. */
interface Machine {
  readonly node: string
  readonly platform: string
  readonly refusal: string | null
  readonly compiler: Attempt
  readonly cmake: Attempt
  readonly make: Attempt
  readonly python: Attempt
  readonly nvidiaDriver: boolean
  readonly stampPath: string
  readonly stamp: Stamp | null
  readonly libtorch: Libtorch | null
  /** The Python that the libtorch belongs to, which `pixelcl python` runs. */
  readonly libtorchPython: string | null
  /** The supported versions, and whether the version in use is one of them. */
  readonly support: { readonly versions: string; readonly standing: Standing | null }
  readonly tried: readonly Place[]
}

/** The result of loading the shim in a separate process, because loading may crash. */
interface Trial {
  readonly adds: boolean
  readonly cudaDevices: number
  readonly error: string | null
}

/** One line of the report; `ok` is null if something is missing that is not needed now. */
interface Finding {
  readonly name: string
  readonly ok: boolean | null
  readonly lines: readonly string[]
}

export function defineDoctor(command: Command, end: (code: number) => void): void {
  command
    .description(
      'Shows Node, the compiler, which libtorch is taken and why, CUDA, and whether a tensor adds. Ends with 1 when something is wrong.',
    )
    .option('--json', 'print the findings as JSON on standard output')
    .action(async ({ json }: { json?: boolean }) => {
      const machine = JSON.parse(await nodeOutput([join(packageRoot, 'scripts', 'setup.mjs'), '--inspect'])) as Machine
      const trial = await tryShim()
      const findings = findingsOf(machine, trial)
      const isWell = findings.every(({ ok }) => ok !== false)
      await print(
        json === true
          ? `${JSON.stringify({ version: packageVersion(), ok: isWell, ...machine, trial }, null, 2)}\n`
          : report(findings, machine, isWell),
      )
      end(isWell ? ExitCode.done : ExitCode.failed)
    })
}

const TRIAL = `
const torch = require(process.argv[1])
const sum = (device) => torch.ones([2, 2], { device }).add(torch.ones([2, 2], { device })).sum().item()
const cudaDevices = torch.cuda.isAvailable() ? torch.cuda.deviceCount() : 0
const devices = ['cpu', ...Array.from({ length: cudaDevices }, (_, i) => 'cuda:' + i)]
console.log(JSON.stringify({ adds: devices.every((device) => sum(device) === 8), cudaDevices, error: null }))`

async function tryShim(): Promise<Trial> {
  try {
    return JSON.parse(await nodeOutput(['-e', TRIAL, join(dirname(dirname(__dirname)), 'torch')])) as Trial
  } catch (error) {
    return { adds: false, cudaDevices: 0, error: (error as Error).message }
  }
}

function findingsOf(machine: Machine, trial: Trial): Finding[] {
  const { stamp, refusal, tried, node, platform, compiler, cmake, make, python } = machine
  const libtorch = stamp?.libtorch ?? machine.libtorch
  const isSetUp = stamp !== null
  return [
    { name: 'Node', ok: refusal === null, lines: [`${node} (${platform})`, ...(refusal?.split('\n') ?? [])] },
    tool('compiler', compiler, { isNeeded: !isSetUp, use: 'setup compiles with it' }),
    tool('CMake', cmake, { isNeeded: !isSetUp, use: 'setup compiles with it' }),
    tool('Make', make, { isNeeded: !isSetUp, use: 'CMake runs it, or Ninja' }),
    tool('Python', python, { isNeeded: libtorch === null, use: 'setup installs libtorch with it where there is none' }),
    libtorchOf(libtorch, machine),
    { name: 'why', ok: null, lines: tried.map(({ place, reason }) => `${place}: ${reason}`) },
    { name: 'CUDA', ok: null, lines: [cudaLine(machine, libtorch, trial)] },
    isSetUp
      ? { name: 'shim', ok: true, lines: [stamp.addon, `compiled ${stamp.setupAt}`] }
      : { name: 'shim', ok: false, lines: [whyNot(trial), 'run: npx pixelcl setup'] },
    ...(isSetUp ? [tensorsOf(trial)] : []),
  ]
}

/** A missing tool of the set-up is no failure once the set-up is done. */
function tool(name: string, { found, missing = '' }: Attempt, { isNeeded, use }: { isNeeded: boolean; use: string }): Finding {
  return found === undefined
    ? { name, ok: isNeeded ? false : null, lines: [...missing.split('\n'), use] }
    : { name, ok: true, lines: [found] }
}

function libtorchOf(libtorch: Libtorch | null, { support: { versions, standing }, libtorchPython }: Machine): Finding {
  if (libtorch === null) return { name: 'libtorch', ok: null, lines: ['not found; setup installs it'] }
  const { version, source, path, abi } = libtorch
  const isSupported = standing === 'supported'
  const support = isSupported ? `a supported version (${versions})` : `untested: ${standing} than the supported versions (${versions})`
  return {
    name: 'libtorch',
    ok: isSupported ? true : null,
    lines: [`${version} from ${source}`, support, path, `C++ ABI: _GLIBCXX_USE_CXX11_ABI=${abi}`, pythonLine(libtorchPython)],
  }
}

function pythonLine(python: string | null): string {
  return python === null
    ? 'no Python belongs to it, so `npx pixelcl python` has none to run'
    : `its Python: ${python} (npx pixelcl python FILE)`
}

function whyNot({ error }: Trial): string {
  return error?.split('\n')[0] ?? 'LIBTORCH, CXX or the flags of the compiler ask for another than the one that is compiled'
}

function tensorsOf({ adds, error }: Trial): Finding {
  const lines = adds ? ['ones([2, 2]) + ones([2, 2]) adds up'] : (error ?? 'a sum is wrong').split('\n')
  return { name: 'tensors', ok: adds, lines }
}

function cudaLine({ nvidiaDriver }: Machine, libtorch: Libtorch | null, trial: Trial): string {
  const driver = nvidiaDriver ? 'an NVIDIA driver is there' : 'no NVIDIA driver'
  if (libtorch === null) return driver
  if (!libtorch.cuda) return `none: this libtorch is a CPU build; ${driver}`
  const devices = trial.cudaDevices
  return devices > 0
    ? `${devices} ${devices === 1 ? 'device' : 'devices'}`
    : `no device that serves; this libtorch is built with CUDA, ${driver}`
}

function report(findings: readonly Finding[], { stamp }: Machine, isWell: boolean): string {
  const { green, red, dim, bold } = new Style()
  const mark = (ok: boolean | null) => (ok === null ? dim('·') : ok ? green('✓') : red('✗'))
  const width = Math.max(...findings.map(({ name }) => name.length))
  const body = findings.map(({ name, ok, lines }) => {
    const [first = '', ...rest] = lines
    return `${mark(ok)} ${name.padEnd(width)}  ${[first, ...rest.map((line) => `${' '.repeat(width + 4)}${line}`)].join('\n')}\n`
  })
  const verdict = isWell
    ? 'All is well.'
    : `Something is wrong (✗).${stamp === null ? ' `npx pixelcl setup` does what is not done yet.' : ''}`
  return `${bold(`pixelcl ${packageVersion()}`)}\n\n${body.join('')}\n${verdict}\n`
}
