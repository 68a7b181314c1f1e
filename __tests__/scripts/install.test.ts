import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expectWith } from '../support/expect'
import { onTerminal } from '../support/terminal'
import { Machine, libtorch, root } from './machine'

let machine: Machine
beforeEach(() => {
  machine = new Machine()
  machine.tools()
})
afterEach(() => machine.remove())

const UNREACHED = 'case "$*" in *--index-url*) echo "NewConnectionError: no route to host" >&2; exit 1;; *) place;; esac'
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trim().split('\n')

describe('where no libtorch is found the set-up', () => {
  test("installs PyTorch's CPU build, says how large it is, and nothing else", () => {
    const calls = machine.forgePip('place')
    const { output } = machine.setup()
    expect(output).toMatch(/installing torch==\S+ into \S+ \(CPU build: 200 MB to download, 1 GB on disk\)\n/)
    expect(output).toMatch(new RegExp(`libtorch ${libtorch.version.replace('+', '\\+')} is installed \\(\\d+ MB\\)\n`))
    expect(linesOf(calls)).toEqual([expect.stringMatching(/--quiet .*torch==\S+ --index-url https:\/\/download\.pytorch\.org\/whl\/cpu$/)])
  })

  test("is told to bring a libtorch alone, beside npm's dependencies, and compiles against it later", () => {
    const calls = machine.forgePip('place')
    const index = JSON.stringify(join(root, 'scripts', 'setup', 'index.mjs'))
    const program = `import(${index}).then(({ provideLibtorch }) => provideLibtorch({ log: console.log }))`
    const first = machine.node(['-e', program])
    expectWith(first.status, first.output).toBe(0)
    expect(first.output).toMatch(/is installed \(\d+ MB\)\n$/)
    const second = machine.node(['-e', program])
    expect(second).toEqual({ status: 0, output: '' })
    expect(machine.setup().output).toMatch(/libtorch \S+ from cache .*\n.*compiling the shim/)
    expect(linesOf(calls)).toHaveLength(1)
  })

  test("says that the CPU build was not reached, and leaves PyPI's build of 3 GB alone", () => {
    const calls = machine.forgePip(UNREACHED)
    const { status, output } = machine.setup()
    expectWith(status, output).toBe(1)
    expect(output).toContain('could not be installed: https://download.pytorch.org/whl/cpu, which has the CPU build, was not reached.')
    expect(output).toContain('NewConnectionError: no route to host')
    expect(output).toContain("PyPI's build has CUDA in it (3 GB to download, more on disk) and is taken only if you say so.")
    expect(output).toMatch(/ {2}- npx pixelcl setup --allow-cuda-build, or PIXELCL_ALLOW_CUDA_BUILD=1;\n/)
    expect(output).not.toMatch(/\n {4}at /)
    expect(linesOf(calls)).toHaveLength(1)
  })

  test.each([
    [['--allow-cuda-build'], {}],
    [[], { PIXELCL_ALLOW_CUDA_BUILD: '1' }],
  ])("takes PyPI's build with %j and %j", (args, env) => {
    const calls = machine.forgePip(UNREACHED)
    const { output } = machine.setup(args, env)
    expect(output).toMatch(/was not reached; taking PyPI's build, which has CUDA in it \(3 GB/)
    expect(output).toContain('is installed (')
    expect(linesOf(calls)[1]).not.toContain('--index-url')
  })

  test('does not call an index unreached that has no wheel', () => {
    machine.forgePip('echo "ERROR: Could not find a version that satisfies the requirement" >&2; exit 1')
    expect(machine.setup().output).toContain('whl/cpu, which has the CPU build, did not serve.')
  })
})

test('on a terminal pip shows its own progress, on standard error', () => {
  const calls = machine.forgePip('[ -t 1 ] && echo "pip sees a terminal"; exit 1')
  const setup = [process.execPath, join(root, 'scripts', 'setup.mjs')]
  expect(onTerminal(80, setup, machine.env())).toContain('pip sees a terminal')
  expect(linesOf(calls)[0]).not.toContain('--quiet')
})

describe('while the shim is compiled a terminal', () => {
  interface Progress {
    take(chunk: string): void
    end(): void
  }
  type Terminal = { isTTY: boolean; columns: number; write: (text: string) => void }
  type Options = { terminal: Terminal; env: NodeJS.ProcessEnv; now: () => number }

  /** The lines that a terminal shows one after the other. */
  async function shown(chunks: string[], { columns = 80, isTTY = true, rooms = 5 } = {}): Promise<string[]> {
    const { CompileProgress } = (await import(join(root, 'scripts', 'setup', 'progress.mjs'))) as {
      CompileProgress: new (rooms: number, options: Options) => Progress
    }
    let [text, seconds] = ['', 0]
    const terminal = { isTTY, columns, write: (part: string) => void (text += part) }
    const progress = new CompileProgress(rooms, { terminal, env: {}, now: () => 1000 * 32 * seconds++ })
    for (const chunk of chunks) progress.take(chunk)
    progress.end()
    return text.split('\r\x1b[2K').slice(1)
  }

  const building = (at: string, room: string): string =>
    `[${at}] Building CXX object CMakeFiles/pixelcl.dir/Unity/unity_${room}_cxx.cxx.o\n`

  test('shows parts of parts and the time, from the output of Ninja', async () => {
    const [first, second] = [building('1/7', 'tensor'), building('2/7', 'jit')]
    expect(await shown([first.slice(0, 30), first.slice(30) + second, '[7/7] Linking CXX shared module Release/pixelcl.node\n'])).toEqual([
      'compiled 1 of 6 parts · 0:32 · tensor',
      'compiled 2 of 6 parts · 1:04 · jit',
      'compiled 2 parts · 1:36 · linking',
      '',
    ])
  })

  test('and from that of Make, which names no number of files', async () => {
    const line = building('  2%', 'tensor')
    expect(await shown([line, line])).toEqual(['compiled 1 of 5 parts · 0:32 · tensor', 'compiled 2 of 5 parts · 1:04 · tensor', ''])
  })

  test.each([
    [30, 'compiled 1 of 6 parts · 0:32'],
    [80, 'compiled 1 of 6 parts · 0:32 · a_room_of_a_long_name'],
    [200, 'compiled 1 of 6 parts · 0:32 · a_room_of_a_long_name'],
    [25, 'compiled 1 of 6 parts'],
  ])('in %d columns without what does not fit', async (columns, expected) => {
    expect((await shown([building('1/7', 'a_room_of_a_long_name')], { columns }))[0]).toBe(expected)
  })

  test('and a pipe shows nothing', async () => {
    expect(await shown([building('1/7', 'tensor')], { isTTY: false })).toEqual([])
  })
})
