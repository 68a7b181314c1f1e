import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expectWith } from '../support/expect'
import { systemPython } from '../support/terminal'
import { Machine, libtorch, root } from './machine'

let machine: Machine
beforeEach(() => {
  machine = new Machine()
})
afterEach(() => machine.remove())

const python = systemPython()

describe('LIBTORCH that points at', () => {
  const refused = (path: string): string => {
    const { status, output } = machine.setup([], { LIBTORCH: path })
    expectWith(status, output).toBe(1)
    expect(output).toMatch(/no libtorch that serves was found. Tried:\n {2}LIBTORCH=/)
    expect(output).toContain('LIBTORCH is set, so no other place is taken.')
    expect(output).toMatch(/Ways out:\n {2}- unset LIBTORCH/)
    expect(output).not.toMatch(/\n {4}at /)
    return output
  }

  test('nothing is refused', () => {
    expect(refused(join(machine.folder, 'nowhere'))).toContain(`LIBTORCH=${machine.folder}/nowhere: the folder does not exist`)
  })

  test('a folder without libtorch is refused', () => {
    mkdirSync(join(machine.folder, 'empty'))
    expect(refused(join(machine.folder, 'empty'))).toContain('no lib/libtorch_cpu.so in it')
  })

  test.each([
    ['libtorch_cpu.so', 1_000_000, /lib\/libtorch_cpu\.so is truncated: 1000000 of \d{8,} bytes/],
    ['libtorch_cpu.so', 100, /lib\/libtorch_cpu\.so is truncated: 100 bytes/],
    ['libc10.so', 0, /lib\/libc10\.so is no ELF library/],
  ])('a truncated %s (%d bytes) is refused, and the process lives', (library, bytes, expected) => {
    expect(refused(machine.forgeTruncated('truncated', library, bytes))).toMatch(expected)
  })

  test.each(['2.10.1', '1.13.1+cu117'])('version %s is refused, but for LIBTORCH_BYPASS_VERSION_CHECK=1', (version) => {
    const path = machine.forgeLibtorch('other', version)
    expect(refused(path)).toContain(`version ${version} is not supported: 2.11 to 2.14 are`)
    const { libtorch: found, tried } = machine.inspect({ LIBTORCH: path, LIBTORCH_BYPASS_VERSION_CHECK: '1' })
    expect(found).toMatchObject({ version, source: 'LIBTORCH' })
    expect(tried).toEqual([
      { place: `LIBTORCH=${path}`, reason: `serves: version ${version}, taken because LIBTORCH_BYPASS_VERSION_CHECK=1` },
    ])
  })

  test.each(['2.15.0', '3.0.1+cu140'])('version %s, which is newer than those supported, is tried with a warning', (version) => {
    const path = machine.forgeLibtorch('newer', version)
    const { libtorch: found, tried, support } = machine.inspect({ LIBTORCH: path })
    expect(found).toMatchObject({ path, version, source: 'LIBTORCH' })
    expect(support).toEqual({ versions: '2.11 to 2.14', standing: 'newer' })
    expect(tried).toEqual([{ place: `LIBTORCH=${path}`, reason: `serves: version ${version}, tried though newer than 2.11 to 2.14` }])
    const { output } = machine.setup([], { LIBTORCH: path })
    expect(output).toContain(`warning: libtorch ${version} is newer than the supported versions (2.11 to 2.14), so it is untested.`)
    expect(output).toMatch(/take a supported one: pip install torch==2\.13\.0, or LIBTORCH=/)
    // It went on to compile, for which this machine has nothing.
    expect(output).toContain('no C++ compiler was found')
  })

  test.each(['2.11.0', '2.12.1+cpu', '2.14.1+cu130', libtorch.version])('version %s serves, before any Python', (version) => {
    machine.forgePython('python', libtorch.version)
    const path = machine.forgeLibtorch('ours', version)
    const { libtorch: found, support } = machine.inspect({ LIBTORCH: path })
    expect(found).toMatchObject({ path, version, source: 'LIBTORCH' })
    expect(support.standing).toBe('supported')
  })
})

describe('a python3 on the path', () => {
  test('serves when its torch is supported, which is read without importing it', () => {
    const { torch, imported } = machine.forgePython('python', libtorch.version)
    expect(machine.inspect().libtorch).toMatchObject({ path: torch, version: libtorch.version, source: join(machine.bin, 'python3') })
    expect(existsSync(imported)).toBe(false)
  })

  test('is passed over with the reason when its torch is not', () => {
    const { torch } = machine.forgePython('python', '2.4.0')
    const { libtorch: found, tried } = machine.inspect()
    expect(found).toBeNull()
    expect(tried[0]).toEqual({ place: 'LIBTORCH', reason: 'not set' })
    expect(tried[1]!.place).toBe(`${machine.bin}/python3 (${torch})`)
    expect(tried[1]!.reason).toMatch(/version 2\.4\.0 is not supported/)
    expect(tried[2]).toEqual({ place: `the cache ${machine.cache}`, reason: 'no torch is installed there' })
  })

  test('is passed over when it has none, or does not start', () => {
    machine.link('python3', python)
    expect(machine.inspect({ PYTHONNOUSERSITE: '1' }).tried[1]).toEqual({ place: join(machine.bin, 'python3'), reason: 'has no torch' })
    const broken = new Machine()
    broken.script('python3', 'exit 1')
    expect(broken.inspect().tried[1]).toEqual({ place: join(broken.bin, 'python3'), reason: 'cannot be started' })
    broken.remove()
  })

  test('is the only choice with LIBTORCH_USE_PYTORCH=1', () => {
    machine.forgePython('python', '2.4.0')
    machine.forgeLibtorch(join('cache', 'python', 'lib', 'python3.12', 'site-packages', 'torch'))
    const { status, output } = machine.setup([], { LIBTORCH_USE_PYTORCH: '1' })
    expectWith(status, output).toBe(1)
    expect(output).toContain('LIBTORCH_USE_PYTORCH is set, so no other place is taken.')
    expect(output).toMatch(/python3 \(.*\): version 2\.4\.0 is not supported/)
    expect(machine.inspect().libtorch).toMatchObject({ source: 'cache' })
  })
})

describe('what is missing is named with the command that installs it:', () => {
  const real = (): NodeJS.ProcessEnv => ({ LIBTORCH: libtorch.path })

  test('everything at once, with one command for all, before anything is installed', () => {
    machine.script('apt-get', 'exit 1')
    const { status, output } = machine.setup()
    expect(status).toBe(1)
    expect(output).toMatch(
      /^4 things are missing:\n\nno C\+\+ compiler .*\n {2}.*\ncmake was .*\n {2}.*\nneither ninja .*\n {2}.*\nno Python /,
    )
    expect(output).toMatch(/All of them:\n {2}(sudo )?apt-get install g\+\+ cmake make python3 python3-venv\n$/)
    expect(output).not.toContain('dnf')
    expect(existsSync(join(machine.cache, 'python'))).toBe(false)
  })

  test('a cache that can be written', () => {
    machine.tools()
    writeFileSync(join(machine.folder, 'file'), '')
    const folder = join(machine.folder, 'file', 'cache')
    const { status, output } = machine.setup([], { PIXELCL_CACHE: folder })
    expect(status).toBe(1)
    expect(output).toBe(
      `the cache ${folder} cannot be written (a part of it is a file). Name a folder that you may write to, with 1 GB free:\n` +
        '  PIXELCL_CACHE=/folder npx pixelcl setup\nThe programs that use the package need the same PIXELCL_CACHE.\n',
    )
  })

  test.each(process.platform === 'linux' ? ['/proc/pixelcl', '/proc/pixelcl/cache'] : [])(
    'a cache on a file system that takes folders, unlike %s',
    (folder) => {
      machine.tools()
      const { status, output } = machine.setup([], { PIXELCL_CACHE: folder })
      expect(status).toBe(1)
      expect(output).toMatch(/^the cache \/proc\/\S+ cannot be written \(its file system takes no new folders\)\. Name a folder/)
    },
  )

  test('a CMake that is new enough', () => {
    machine.tools()
    machine.script('cmake', 'echo "cmake version 3.17.5"')
    const { output } = machine.setup([], real())
    expect(output).toMatch(/cmake version 3\.17\.5 is too old: 3\.18 or newer is needed\. Install a newer one:\n/)
  })

  test.each([
    ['linux', ['apt-get'], false, 'sudo apt-get install g++ python3 python3-venv'],
    ['linux', ['dnf'], false, 'sudo dnf install gcc-c++ python3'],
    ['linux', ['dnf'], true, 'dnf install gcc-c++ python3'],
    ['linux', [], false, 'sudo apt-get install g++ python3 python3-venv   (or: sudo dnf install gcc-c++ python3)'],
    ['darwin', [], false, 'xcode-select --install && brew install python@3.12'],
  ])('on %s with %j and root %j by: %4$s', async (platform, managers, isRoot, expected) => {
    const { installCommand } = (await import(join(root, 'scripts', 'setup', 'toolchain.mjs'))) as {
      installCommand(tools: string[], facts: { platform: string; env: NodeJS.ProcessEnv; isRoot: boolean }): string
    }
    for (const name of managers) machine.script(name, '')
    expect(installCommand(['compiler', 'python'], { platform, env: machine.env(), isRoot })).toBe(expected)
  })

  test('a C++ compiler', () => {
    const { status, output } = machine.setup([], real())
    expect(status).toBe(1)
    expect(output).toMatch(
      /no C\+\+ compiler was found \(looked for c\+\+, g\+\+, clang\+\+\)\. Install one:\n.*(apt-get install g\+\+|xcode-select)/,
    )
  })

  test('the compiler that CXX names', () => {
    machine.link('c++', '/usr/bin/c++')
    const { status, output } = machine.setup([], { ...real(), CXX: 'no-such-compiler' })
    expect(status).toBe(1)
    expect(output).toContain('looked for no-such-compiler')
  })

  test('CMake', () => {
    machine.script('c++', 'echo "c++ 12.2.0"')
    const { status, output } = machine.setup([], real())
    expect(status).toBe(1)
    expect(output).toMatch(/cmake was not found\. Install it:\n.*(apt-get|brew) install cmake/)
  })

  test('Ninja or Make, for CMake to run', () => {
    machine.script('c++', 'echo "c++ 12.2.0"')
    machine.script('cmake', 'echo "cmake version 3.25.1"')
    const { status, output } = machine.setup([], real())
    expect(status).toBe(1)
    expect(output).toMatch(/neither ninja nor make was found\. Install one:\n.*(apt-get install make|xcode-select)/)
  })

  test('Python', () => {
    const { status, output } = machine.setup()
    expect(status).toBe(1)
    expect(output).toMatch(/no Python 3\.10 to 3\.13 with venv was found\. Install it:\n.*install python/)
  })

  test('a Python that is neither too old nor too new', () => {
    machine.script('python3', 'case "$2" in *version_info*) echo 3.9;; *) echo /usr;; esac')
    machine.script('python3.13', 'case "$2" in *version_info*) echo 3.14;; *) echo /usr;; esac')
    expect(machine.inspect().python.missing).toMatch(/\(python3 is 3\.9; python3\.13 is 3\.14\)/)
  })

  test("Python's venv", () => {
    machine.script('python3', 'case "$2" in *version_info*) echo 3.12;; *venv*) exit 1;; *) echo /usr;; esac')
    const { status, output } = machine.setup()
    expect(status).toBe(1)
    expect(output).toMatch(/\(python3 has no venv module\)\. Install it:\n.*python3-venv|brew/)
  })

  test('a network, where libtorch must be installed', () => {
    machine.tools()
    machine.script('python3', `exec ${python} "$@"`)
    const nowhere = {
      PIP_INDEX_URL: 'http://127.0.0.1:9',
      PIP_EXTRA_INDEX_URL: '',
      PIP_NO_INDEX: '1',
      PIP_FIND_LINKS: machine.folder,
      PIP_RETRIES: '0',
    }
    const { status, output } = machine.setup([], nowhere)
    expect(status).toBe(1)
    expect(output).toContain('installing torch==')
    expect(output).toMatch(/libtorch could not be installed:/)
    expect(output).toMatch(/Ways out:\n {2}- connect to the network/)
  })
})

describe('the platform', () => {
  interface Facts {
    platform?: string
    arch?: string
    musl?: boolean
    node?: string
  }
  const here = { platform: 'linux', arch: 'x64', musl: false, node: '22.12.0' }
  const check = async (facts: Facts): Promise<void> => {
    const { checkPlatform } = (await import(join(root, 'scripts', 'setup', 'toolchain.mjs'))) as { checkPlatform(facts: Facts): void }
    checkPlatform({ ...here, ...facts })
  }

  test.each([
    [{ platform: 'win32' }, /does not run on Windows yet\. Use WSL 2/],
    [{ platform: 'freebsd' }, /runs on Linux and macOS, not on freebsd/],
    [{ arch: 'ia32' }, /built for x64 and arm64, not for ia32/],
    [{ musl: true }, /needs glibc, but this is musl \(Alpine\)\. Use an image of Debian/],
    [{ node: '18.20.4' }, /Node 18\.20\.4 is not supported: use \^20\.19 or >=22\.12/],
    [{ node: '20.18.0' }, /not supported/],
    [{ node: '21.7.0' }, /not supported/],
    [{ node: '22.11.0' }, /not supported/],
  ])('%j is refused', async (facts, expected) => {
    await expect(check(facts)).rejects.toThrow(expected)
  })

  test.each([
    {},
    { arch: 'arm64' },
    { platform: 'darwin', arch: 'arm64' },
    { node: '20.19.0' },
    { node: '22.12.0' },
    { node: '24.0.0' },
    { node: '26.1.0' },
  ])('%j is served', async (facts) => {
    await expect(check(facts)).resolves.toBeUndefined()
  })
})

test('an unknown flag of the set-up is wrong usage', () => {
  const { status, output } = machine.setup(['--forse'])
  expect(status).toBe(2)
  expect(output).toContain('unknown: --forse; known are --force, --verbose, --allow-cuda-build, --tests, --inspect')
})

test('the README names the versions that the set-up takes', async () => {
  const { SUPPORTED_VERSIONS } = (await import(join(root, 'scripts', 'setup', 'versions.cjs'))) as Record<string, string>
  const ranges = readFileSync(join(root, 'README.md'), 'utf8').match(/\b2\.\d+ to 2\.\d+\b/g)
  expect(new Set(ranges)).toEqual(new Set([SUPPORTED_VERSIONS]))
})
