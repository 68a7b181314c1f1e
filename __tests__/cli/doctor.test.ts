import { describe, expect, test } from '@jest/globals'
import { closeSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readStamp } from '../../src/native/load'
import { Machine, copyStamp } from '../scripts/machine'
import { temporary } from '../support/files'
import { pixelcl } from './pixelcl'

const stamp = readStamp()!

describe('doctor', () => {
  test('shows Node, compiler, libtorch and why, its ABI, CUDA, the shim, and that a tensor adds', async () => {
    const { code, stdout, stderr } = await pixelcl(['doctor'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^✓ Node +\d+\.\d+\.\d+ \((linux|darwin) (x64|arm64)\)$/m)
    expect(stdout).toMatch(/^✓ compiler +\S/m)
    expect(stdout).toMatch(/^✓ Make +\S/m)
    expect(stdout).toContain(`${stamp.libtorch.version} from ${stamp.libtorch.source}`)
    expect(stdout).toMatch(/^ +a supported version \(2\.11 to 2\.14\)$/m)
    expect(stdout).toContain(stamp.libtorch.path)
    expect(stdout).toContain(`_GLIBCXX_USE_CXX11_ABI=${stamp.libtorch.abi}`)
    expect(stdout).toMatch(/^ +its Python: \/.*python[\d.]* \(npx pixelcl python FILE\)$/m)
    expect(stdout).toMatch(/^· why +LIBTORCH: not set$/m)
    expect(stdout).toMatch(/^· CUDA +\S/m)
    expect(stdout).toContain(stamp.addon)
    expect(stdout).toMatch(/^✓ tensors +ones\(\[2, 2\]\) \+ ones\(\[2, 2\]\) adds up$/m)
    expect(stdout).toMatch(/All is well\.\n$/)
  })

  test('--json tells the same to programs', async () => {
    const { code, stdout } = await pixelcl(['doctor', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      node: process.versions.node,
      stamp: { addon: stamp.addon },
      support: { versions: '2.11 to 2.14', standing: 'supported' },
      trial: { adds: true, error: null },
    })
  })

  test('tells an untested libtorch, which may serve all the same', async () => {
    const machine = new Machine()
    try {
      const path = machine.forgeLibtorch('newer', '2.15.0')
      copyStamp(machine, (copy) => (copy['libtorch'] = { ...stamp.libtorch, path, version: '2.15.0' }))
      const { code, stdout } = await pixelcl(['doctor'], { env: { PIXELCL_CACHE: machine.cache } })
      expect(stdout).toMatch(/^· libtorch +2\.15\.0 from .*\n +untested: newer than the supported versions \(2\.11 to 2\.14\)$/m)
      expect(stdout).toMatch(/^✓ tensors /m)
      expect(code).toBe(0)
    } finally {
      machine.remove()
    }
  })

  test('ends with 1 and names the set-up where it has not run', async () => {
    const { code, stdout } = await pixelcl(['doctor'], { env: { PIXELCL_CACHE: temporary('nothing') } })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^✗ shim +pixelcl is not set up for this version yet/m)
    expect(stdout).toContain('npx pixelcl setup')
    expect(stdout).not.toMatch(/tensors/)
  })

  test('ends with 1 and says why where libtorch is damaged', async () => {
    const cache = temporary('damaged')
    const libtorch = join(cache, 'torch')
    mkdirSync(join(libtorch, 'lib'), { recursive: true })
    writeFileSync(join(libtorch, 'version.py'), `__version__ = '${stamp.libtorch.version}'\n`)
    const head = Buffer.alloc(4096)
    const whole = openSync(join(stamp.libtorch.path, 'lib', 'libtorch_cpu.so'), 'r')
    readSync(whole, head)
    closeSync(whole)
    for (const name of ['libtorch.so', 'libtorch_cpu.so', 'libc10.so']) writeFileSync(join(libtorch, 'lib', name), head)
    const { stdout: described } = await pixelcl(['doctor', '--json'], { env: { PIXELCL_CACHE: cache } })
    const { stampPath } = JSON.parse(described) as { stampPath: string }
    mkdirSync(join(cache, 'stamps'), { recursive: true })
    writeFileSync(stampPath, JSON.stringify({ ...stamp, libtorch: { ...stamp.libtorch, path: libtorch } }))
    const { code, stdout } = await pixelcl(['doctor'], { env: { PIXELCL_CACHE: cache } })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^✗ shim +libtorch .*cannot be loaded.* is truncated/m)
    expect(stdout).not.toMatch(/\n\s+at /)
    expect(stdout).toContain('Something is wrong')
  })
})

describe('setup', () => {
  test('is quick if nothing is to be done, and prints what there is', async () => {
    const { code, stdout, stderr } = await pixelcl(['setup', '--json'], {})
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ node: process.versions.node, stamp: { addon: stamp.addon } })
    expect(stderr).toContain(`set-up: ready (libtorch ${stamp.libtorch.version} from ${stamp.libtorch.source})`)
  })

  test('fails with what was tried where LIBTORCH is no libtorch', async () => {
    const { code, stderr } = await pixelcl(['setup'], { env: { LIBTORCH: temporary('none'), PIXELCL_CACHE: temporary('empty-cache') } })
    expect(code).toBe(1)
    expect(stderr).toMatch(/no libtorch that serves was found.*LIBTORCH=.*the folder does not exist.*Ways out/s)
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})
