import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtPackage } from '../support/child'
import { expectWith } from '../support/expect'
import { root } from './project'

const esbuild = createRequire(require.resolve('tsx/package.json'))('esbuild') as {
  buildSync(options: Readonly<Record<string, unknown>>): unknown
}
const folder = mkdtempSync(join(tmpdir(), 'pixelcl-bundle-'))

beforeAll(() => {
  builtPackage()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'pixelcl'))
  const sum = 'console.log(ones([2, 2]).sum().item())\n'
  writeFileSync(join(folder, 'app.mjs'), `import { ones } from 'pixelcl/torch'\n${sum}`)
  writeFileSync(join(folder, 'app.cjs'), `const { ones } = require('pixelcl/torch')\n${sum}`)
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Bundles the program by esbuild and runs the bundle. */
function bundled(name: string, options: Readonly<Record<string, unknown>>): { status: number | null; output: string } {
  const outfile = join(folder, 'out', name)
  esbuild.buildSync({
    absWorkingDir: folder,
    outfile,
    bundle: true,
    platform: 'node',
    logLevel: 'error',
    ...options,
  })
  const { status, stdout, stderr } = spawnSync(process.execPath, [outfile], { encoding: 'utf8', cwd: folder })
  return { status, output: stdout + stderr }
}

describe.each([
  ['a CommonJS bundle of CommonJS', 'required.cjs', { format: 'cjs', entryPoints: ['app.cjs'] }],
  ['a CommonJS bundle of ES modules', 'imported.cjs', { format: 'cjs', entryPoints: ['app.mjs'] }],
  ['an ES module bundle', 'imported.mjs', { format: 'esm', entryPoints: ['app.mjs'] }],
])('%s', (_, name, format) => {
  test('that holds the package says to leave it external', () => {
    const { status, output } = bundled(name, { ...format, external: ['sharp'] })
    expectWith(status, output).toBe(1)
    expect(output).toMatch(/SetupError\]?: pixelcl was copied into a bundle/)
    expect(output).toMatch(/\n {2}- esbuild +--external:pixelcl/)
    expect(output).not.toContain('ENOENT')
    expect(output).not.toContain('Dynamic require')
  })

  test.each([{ external: ['pixelcl'] }, { packages: 'external' }])('that leaves it out with %j runs', (option) => {
    expect(bundled(name, { ...format, ...option })).toEqual({ status: 0, output: '4\n' })
  })
})
