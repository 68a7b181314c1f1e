import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { copyFileSync, existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readStamp } from '../../src/native/load'
import { builtPackage } from '../support/child'
import { expectWith } from '../support/expect'
import { Machine, copyStamp, root } from './machine'

let machine: Machine
beforeEach(() => {
  machine = new Machine()
})
afterEach(() => machine.remove())

const entry = join(builtPackage(), 'torch', 'index.js')

function importing(): { status: number | null; output: string } {
  return machine.node(['-e', `require(${JSON.stringify(entry)}); console.log('loaded')`])
}

describe('importing, without the set-up', () => {
  test('names the set-up, every place it would look at, and the ways out', () => {
    machine.forgePython('python', '2.4.0')
    const { status, output } = importing()
    expect(status).toBe(1)
    expect(output).toMatch(/SetupError: pixelcl is not set up for this version yet: no stamp at .*\. Importing never compiles\./)
    expect(output).toMatch(
      /LIBTORCH: not set\n.*python3 \(.*\): version 2\.4\.0 is not supported.*\n.*the cache .*: no torch is installed there\n/,
    )
    expect(output).toMatch(/Ways out:\n {2}- npx pixelcl setup /)
    expect(existsSync(machine.cache)).toBe(false)
  })
})

describe('importing, after a set-up', () => {
  const tried = [
    { place: 'LIBTORCH', reason: 'not set' },
    { place: '/usr/bin/python3', reason: 'has no torch' },
  ]

  const refused = (): string => {
    const { status, output } = importing()
    expectWith(status, output).toBe(1)
    expect(output).toMatch(/Places that the set-up tried:\n {2}LIBTORCH: not set\n {2}\/usr\/bin\/python3: has no torch\n/)
    expect(output).toMatch(/Ways out:\n {2}- npx pixelcl setup /)
    return output
  }

  test('loads', () => {
    copyStamp(machine, () => {})
    expect(importing()).toMatchObject({ status: 0, output: 'loaded\n' })
  })

  test.each([
    ['libtorch_cpu.so', 2_000_000, /libtorch \S+ cannot be loaded: .*libtorch_cpu\.so is truncated: 2000000 of \d+ bytes/],
    ['libc10.so', 500, /libtorch \S+ cannot be loaded: .*libc10\.so is truncated/],
  ])('whose %s was cut short since, says so in place of dying', (library, bytes, expected) => {
    const path = machine.forgeTruncated('libtorch', library, bytes)
    copyStamp(machine, (stamp) => Object.assign(stamp, { tried, libtorch: { ...(stamp['libtorch'] as object), path } }))
    expect(refused()).toMatch(expected)
  })

  test('whose libtorch is gone, says so', () => {
    copyStamp(machine, (stamp) => Object.assign(stamp, { tried, libtorch: { ...(stamp['libtorch'] as object), path: '/gone' } }))
    expect(refused()).toContain('/gone/lib/libtorch.so is gone')
  })

  test('whose shim is gone, damaged or no library, says so', () => {
    const addon = join(machine.folder, 'pixelcl.node')
    copyStamp(machine, (stamp) => Object.assign(stamp, { tried, addon }))
    expect(refused()).toContain(`the compiled shim is gone: ${addon}`)
    copyFileSync(readStamp()!.addon, addon)
    truncateSync(addon, 100_000)
    expect(refused()).toMatch(/the compiled shim cannot be loaded: .*pixelcl\.node is truncated: 100000 of \d+ bytes/)
    writeFileSync(addon, 'no library')
    expect(refused()).toMatch(/pixelcl\.node is no ELF library/)
  })
})

describe('the stamp', () => {
  test('makes the next set-up search nothing and compile nothing, in under three seconds', () => {
    copyStamp(machine, () => {})
    // Other tests take cores meanwhile.
    const seconds = [1, 2, 3].map(() => {
      const began = performance.now()
      // Nothing is on the path: neither Python nor a compiler could be asked.
      const { status, output } = machine.setup()
      expect(output).toMatch(/^set-up: ready \(libtorch .*\)\n$/)
      expect(status).toBe(0)
      return (performance.now() - began) / 1000
    })
    expect(Math.min(...seconds)).toBeLessThan(3)
  })

  test.each([
    ['its shim is gone', (stamp: Record<string, unknown>) => (stamp['addon'] = '/gone/pixelcl.node')],
    ['its libtorch is gone', (stamp: Record<string, unknown>) => ((stamp['libtorch'] as { path: string }).path = '/gone')],
    [
      'its libtorch is of another version now',
      (stamp: Record<string, unknown>) => ((stamp['libtorch'] as { version: string }).version = '2.12.0'),
    ],
    ['other compiler flags are asked for', (stamp: Record<string, unknown>) => (stamp['flags'] = '-march=native')],
  ])('does not serve when %s', (_, change) => {
    copyStamp(machine, change)
    expect(machine.inspect().stamp).toBeNull()
  })

  test('does not serve when its libtorch is damaged', () => {
    const path = machine.forgeTruncated('libtorch', 'libtorch_cpu.so', 1_000_000)
    copyStamp(machine, (stamp) => ((stamp['libtorch'] as { path: string }).path = path))
    expect(machine.inspect().stamp).toBeNull()
  })

  test('does not serve when LIBTORCH names another', () => {
    copyStamp(machine, () => {})
    expect(machine.inspect().stamp).not.toBeNull()
    expect(machine.inspect({ LIBTORCH: machine.folder }).stamp).toBeNull()
  })

  test('is of these sources: other sources have another', () => {
    copyStamp(machine, () => {})
    const importer = `import(${JSON.stringify(join(root, 'scripts', 'setup', 'cache.mjs'))}).then(({ stampPath }) => console.log(stampPath(process.argv[1])))`
    const copy = join(machine.folder, 'copy')
    mkdirSync(join(copy, 'binding'), { recursive: true })
    for (const file of ['package.json', 'CMakeLists.txt']) copyFileSync(join(root, file), join(copy, file))
    writeFileSync(join(copy, 'binding', 'addon.cc'), '// another source\n')
    const first = machine.node(['-e', importer, copy]).output
    expect(first).not.toBe(machine.node(['-e', importer, root]).output)
    mkdirSync(join(copy, 'binding', 'room'))
    writeFileSync(join(copy, 'binding', 'room', 'more.cc'), '// in a folder of binding\n')
    expect(machine.node(['-e', importer, copy]).output).not.toBe(first)
  })
})

test('a checkout that is ready is ready again in under three seconds', () => {
  const program = `import(${JSON.stringify(join(root, 'scripts', 'tasks', 'ready.mjs'))}).then(async ({ ready }) => {
    await ready(() => {})
    const times = []
    for (let i = 0; i < 3; i++) {
      const began = performance.now()
      await ready((line) => console.log(line))
      times.push(performance.now() - began)
    }
    console.log(Math.round(Math.min(...times)))
  })`
  const { status, output } = machine.node(['-e', program], {
    PIXELCL_CACHE: process.env['PIXELCL_CACHE'],
    HOME: process.env['HOME'],
    PATH: process.env['PATH'],
  })
  expectWith(status, output).toBe(0)
  expect(Number(output)).toBeLessThan(3000)
})
