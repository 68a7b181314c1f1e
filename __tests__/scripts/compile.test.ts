import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Machine, libtorch, root } from './machine'

let machine: Machine
beforeEach(() => {
  machine = new Machine()
})
afterEach(() => machine.remove())

const where = (name: string): string => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim()

/** Everything that compiling needs, but a compiler that refuses the shim's own sources and keeps the arguments of the first. */
function forgeToolchain(): { readonly refused: string } {
  const refused = join(machine.folder, 'arguments')
  for (const name of ['cmake', 'ninja', 'make', 'as', 'ld', 'ar', 'ranlib']) if (where(name)) machine.link(name, where(name))
  const sources = '*/unity_*_cxx.cxx*'
  machine.script(
    'c++',
    `case "$*" in ${sources}) echo "$*" > ${refused}; echo "no, says the compiler" >&2; exit 1;; esac\nexec ${where('c++')} "$@"`,
  )
  return { refused }
}

describe('the set-up compiles by cmake-js', () => {
  const compile = (args: readonly string[], more: NodeJS.ProcessEnv = {}) => machine.setup(args, { LIBTORCH: libtorch.path, ...more })

  test("and gives the compiler libtorch's headers, those of Node-API from node_modules, and the flags of the environment", () => {
    const { refused } = forgeToolchain()
    expect(compile([], { CXXFLAGS: '-DFROM_CXXFLAGS' }).status).toBe(1)
    const given = readFileSync(refused, 'utf8')
    for (const folder of [join(libtorch.path, 'include'), join(root, 'node_modules', 'node-addon-api')])
      expect(given).toMatch(new RegExp(`-isystem ${folder} `))
    expect(given).toMatch(/-isystem \S*node_modules\/node-api-headers\/include /)
    expect(given).toContain(' -DFROM_CXXFLAGS ')
    expect(given).toContain(` -D_GLIBCXX_USE_CXX11_ABI=${libtorch.abi} `)
    expect(given).toContain(' -O2 ')
  })

  test("and shows the compiler's output and the build folder, without a stack: an empty home stays empty", () => {
    forgeToolchain()
    const { status, output } = compile([])
    expect(status).toBe(1)
    expect(output).toMatch(
      /^set-up: libtorch .*\nset-up: compiling the shim against libtorch .* \(cmake-js \d\S*, cmake version \S+, c\+\+ /,
    )
    expect(output).toContain('no, says the compiler')
    expect(output).toMatch(/The build folder is \S+; remove it to start afresh\.\n$/)
    expect(output).not.toMatch(/\n {4}at /)
    // cmake-js downloads Node's own headers into ~/.cmake-js for addons that are not written for Node-API.
    expect(readdirSync(machine.folder).filter((name) => name.startsWith('.'))).toEqual([])
    expect(output.slice(0, output.indexOf('ended with'))).not.toContain('INFO')
  })

  test('and shows the output of CMake as it comes with --verbose', () => {
    forgeToolchain()
    const { output } = compile(['--verbose'])
    expect(output.indexOf('Configuring done')).toBeGreaterThan(0)
    expect(output.indexOf('no, says the compiler')).toBeLessThan(output.indexOf('ended with'))
  })

  test('afresh where the build folder no longer fits', () => {
    forgeToolchain()
    compile([])
    const builds = join(machine.cache, 'builds')
    const cache = join(builds, readdirSync(builds)[0]!, 'CMakeCache.txt')
    const other = readFileSync(cache, 'utf8').replace(/(CMAKE_GENERATOR:INTERNAL=).*/, '$1Another Generator')
    writeFileSync(cache, other)
    const { output } = compile([])
    expect(output).toContain('no, says the compiler')
    expect(readFileSync(cache, 'utf8')).not.toContain('Another Generator')
  })
})

test('the set-up names the package that is missing where dependencies are not installed', () => {
  const copy = join(machine.folder, 'copy')
  for (const part of ['scripts', 'binding', 'package.json', 'CMakeLists.txt'])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  forgeToolchain()
  const { status, output } = machine.node([join(copy, 'scripts', 'setup.mjs')], { LIBTORCH: libtorch.path })
  expect(status).toBe(1)
  expect(output).toMatch(/cmake-js, which compiles the shim, is not installed beside pixelcl .*\n.*npm install brings it\.\n$/)
  expect(output).not.toMatch(/\n {4}at /)
  expect(existsSync(join(machine.cache, 'builds'))).toBe(false)
})
