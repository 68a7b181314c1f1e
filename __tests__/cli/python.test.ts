import { describe, expect, test } from '@jest/globals'
import { writeFileSync } from 'node:fs'
import { pythonOf, readStamp } from '../../src/native/load'
import { Machine, copyStamp } from '../scripts/machine'
import { temporary } from '../support/files'
import { pixelcl } from './pixelcl'

describe('python', () => {
  test('runs the Python that has the torch of the set-up, with all arguments as they are', async () => {
    const code = 'import importlib.util, sys; print(importlib.util.find_spec("torch") is not None, sys.argv[1:])'
    const { code: exit, stdout, stderr } = await pixelcl(['python', '-c', code, '--help', '--json', '-x', 'a b'], {})
    expect({ exit, stdout, stderr }).toEqual({ exit: 0, stdout: "True ['--help', '--json', '-x', 'a b']\n", stderr: '' })
  })

  test('runs a file or a module, and ends with its exit code', async () => {
    const file = temporary('script.py')
    writeFileSync(file, 'import sys\nsys.exit(int(sys.argv[1]))\n')
    expect((await pixelcl(['python', file, '37'], {})).code).toBe(37)
    const { code, stdout } = await pixelcl(['python', '-m', 'platform', '--terse'], {})
    expect(code).toBe(0)
    expect(stdout).toMatch(/Linux|macOS/)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('passes %s on, and ends as Python ends', async (signal) => {
    const wait = `import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.SIG_DFL)
print('ready', file=sys.stderr, flush=True)
time.sleep(60)`
    const ended = await pixelcl(['python', '-c', wait], { onStderr: (_, child) => child.kill(signal) })
    expect(ended).toMatchObject({ code: null, signal })
    const handle = `import signal, sys, time
signal.signal(signal.${signal}, lambda *_: sys.exit(5))
print('ready', file=sys.stderr, flush=True)
time.sleep(60)`
    const handled = await pixelcl(['python', '-c', handle], { onStderr: (_, child) => child.kill(signal) })
    expect(handled.code).toBe(5)
  })

  test('says what to do before the set-up', async () => {
    const { code, stderr } = await pixelcl(['python', 'x.py'], { env: { PIXELCL_CACHE: temporary('nothing') } })
    expect(code).toBe(1)
    expect(stderr).toContain('pixelcl is not set up, so no Python with torch is known: run npx pixelcl setup')
  })

  test('says what to do where the libtorch has no Python', async () => {
    const machine = new Machine()
    try {
      const path = machine.forgeLibtorch('libtorch')
      copyStamp(machine, (copy) => (copy['libtorch'] = { ...readStamp()!.libtorch, path, source: 'LIBTORCH' }))
      const { code, stderr } = await pixelcl(['python', 'x.py'], { env: { PIXELCL_CACHE: machine.cache } })
      expect(code).toBe(1)
      expect(stderr).toContain(`no Python belongs to the libtorch that is set up (${path}): pip install torch into a Python of yours`)
    } finally {
      machine.remove()
    }
  })
})

test('a libtorch belongs to the Python that it was found in, else to that beside its folder', () => {
  const { path } = readStamp()!.libtorch
  const own = pythonOf({ path, source: 'cache' })!
  expect(own).toMatch(/\/bin\/python[\d.]*$/)
  expect(path.startsWith(own.slice(0, own.indexOf('/bin/python')))).toBe(true)
  expect(pythonOf({ path, source: process.execPath })).toBe(process.execPath)
  expect(pythonOf({ path: '/opt/libtorch', source: 'LIBTORCH' }, { PIXELCL_CACHE: '/nowhere' })).toBeNull()
})
