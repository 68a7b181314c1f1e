import { beforeAll, describe, expect, test } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { flagName } from '../../src/cli/flags'
import { leavesOf } from '../../src/cli/sections'
import { pretrainOptions } from '../../src/training'
import { builtPackage } from '../support/child'
import { expectWith } from '../support/expect'
import { temporary } from '../support/files'
import { onTerminal } from '../support/terminal'
import { pixelcl, type Ended } from './pixelcl'

const { version } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }

describe('help', () => {
  let help: Ended
  beforeAll(async () => {
    help = await pixelcl(['pretrain', '--help'])
  })

  test('of pretrain shows a flag for every option, with its description and default', () => {
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const { key, schema } of leavesOf(pretrainOptions)) {
      expect(help.stdout.replaceAll('--[no-]', '--')).toMatch(new RegExp(`^  ${flagName(key)}( |$)`, 'm'))
      expectWith(schema.description, key).toBeTruthy()
    }
    expect(help.stdout).toMatch(/--lr <x> +the highest learning rate \[chosen by the recipe\]/)
    expect(help.stdout).toMatch(/--similarity-temperature <x>\n? +temperature of PixContrast \[0\.2\]/)
    expect(help.stdout).toMatch(/--cutout-ratio-range <low,high>\n +least and largest/)
    expect(help.stdout).toMatch(/--use-pixpro +PixPro \(pixel propagation\); else PixContrast\s+\[no\]/)
  })

  test('names other options as flags', () => {
    expect(help.stdout).toContain('--image-size for both when left out')
    expect(help.stdout).not.toMatch(/[^[]\b(imageSize|inputSize|hiddenLayerPixel)\b/)
  })

  test.each([60, 80, 200])('fits a terminal of %d columns, with every description beside or below its flag', (columns) => {
    for (const args of [
      ['--help'],
      ['pretrain', '--help'],
      ['export', '--help'],
      ['export-backbone', '--help'],
      ['python', '--help'],
      ['recipes', '--help'],
      ['setup', '--help'],
      ['doctor', '--help'],
    ]) {
      const command = [process.execPath, join(builtPackage(), 'cli', 'main.js'), ...args]
      const lines = onTerminal(columns, command, { ...process.env, NO_COLOR: '1' }).split('\n')
      expect(lines.length).toBeGreaterThanOrEqual(8)
      expect(lines.filter((line) => line.length > columns)).toEqual([])
      expect(lines).toContainEqual(expect.stringMatching(/^ {2}-h, --help +\S/))
    }
  })

  test.each([['recipes'], ['recipes', '--json']])('of the recipes is there before the set-up: %s %s', async (...args) => {
    const { code, stdout, stderr } = await pixelcl(args, { env: { PIXELCL_CACHE: temporary('no-set-up') } })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('reference')
  })

  test.each([60, 80, 200])('of the recipes fits %d columns side by side', (columns) => {
    const command = [process.execPath, join(builtPackage(), 'cli', 'main.js'), 'recipes']
    const lines = onTerminal(columns, command, { ...process.env, NO_COLOR: '1' }).split('\n')
    expect(lines.filter((line) => line.length > Math.min(columns, 80))).toEqual([])
    expect(lines).toContainEqual(expect.stringMatching(/^--color-jitter +0\.4,0\.4,0\.4,0\.1 +0\.8,0\.8,0\.8,0\.2$/))
  })

  test('fits 80 columns in a pipe', () => {
    expect(help.stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  test('of the whole lists the commands, and `help pretrain` is the help of pretrain', async () => {
    const { stdout } = await pixelcl(['--help'])
    for (const name of ['pretrain', 'recipes', 'export', 'export-backbone', 'python', 'setup', 'doctor'])
      expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
    expect((await pixelcl(['help', 'pretrain'])).stdout).toBe(help.stdout)
  })

  test('needs no libtorch, and no set-up', async () => {
    const env = { PIXELCL_CACHE: '/nonexistent' }
    expect((await pixelcl(['--help'], { env })).stdout).toContain('npx pixelcl setup')
    for (const [command, option] of [
      ['pretrain', '--hidden-layer-pixel'],
      ['export', '--to <format>'],
      ['export-backbone', '--weights <name|file>'],
      ['python', '-m module'],
      ['setup', '--allow-cuda-build'],
      ['doctor', '--json'],
    ] as const) {
      const { code, stdout, stderr } = await pixelcl([command, '--help'], { env })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain(option)
    }
    expect((await pixelcl(['help', 'pretrain'], { env })).stdout).toBe(help.stdout)
  })

  test('that is asked for by what turns out to be a value does not keep a command from its work', async () => {
    const { code, stderr } = await pixelcl(['export', 'no-such-file.pt', '--out', '-h', '--to', 'safetensors'])
    expect(code).toBe(1)
    expect(stderr).toContain('no-such-file.pt')
  })

  test('has no colours in a pipe', () => {
    expect(help.stdout).not.toMatch(/\x1b/)
  })
})

test("--version prints the package's version", async () => {
  expect(await pixelcl(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
})

describe('what is typed wrongly ends with 2 and says what was meant:', () => {
  test('no command at all', async () => {
    const { code, stdout, stderr } = await pixelcl([])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain('Usage: pixelcl')
  })

  test.each([
    [['pretrian'], "unknown command 'pretrian': did you mean 'pretrain'?"],
    [['pretrain', '--stpes', '3'], "unknown option '--stpes': did you mean '--steps'?"],
    [['pretrain', '--hidden_layer_pixel', 'x'], "did you mean '--hidden-layer-pixel'?"],
    [['pretrain', '--hiddenLayerPixel', 'x'], "did you mean '--hidden-layer-pixel'?"],
    [['pretrain', '--hiden-layer', 'x'], "did you mean '--hidden-layer-pixel' or '--hidden-layer-instance'?"],
    [
      ['pretrain', '--image-size', '200x100'],
      "--image-size: expected one number, for both sides, but received '200x100': --input-size takes",
    ],
    [['pretrain', '--input-size', '64'], "--input-size: expected 2 values, h,w, such as 64,64, but received '64'"],
    [['pretrain', '--xyzzyxyzzy'], "unknown option '--xyzzyxyzzy'; `pixelcl pretrain --help` lists what there is"],
    [['pretrain', '--use-pixpro=false'], '--use-pixpro takes no value: write --use-pixpro, or --no-use-pixpro'],
    [['pretrain', 'photos'], "unexpected argument 'photos'; `pixelcl pretrain --help` lists what there is"],
    [['pretrain', '--use-pixpro', 'false'], "unexpected argument 'false': --use-pixpro takes no value, write --no-use-pixpro"],
    [['pretrain', '--use-pixpro', 'true'], "unexpected argument 'true': --use-pixpro takes no value, write --use-pixpro"],
    [['pretrain', '-x'], "unknown option '-x'; `pixelcl pretrain --help` lists what there is"],
    [['pretrain', '-data', 'photos'], "unknown option '-data': did you mean '--data'?"],
    [['help', 'nope'], "unknown command 'nope'"],
    [['help', 'pretrian'], "unknown command 'pretrian' (did you mean 'pretrain'?)"],
    [['pretrain', '--out', '--overwrite'], '--out: a value is missing before --overwrite'],
    [['pretrain', '--out'], 'argument missing'],
    [['doctor', '--jsn'], "did you mean '--json'?"],
    [['setup', '--froce'], "did you mean '--force'?"],
    [['export'], "missing required argument 'file'"],
    [['export-backbone', 'renset50'], "unknown network 'renset50' (did you mean 'resnet50'?): expected one of resnet18, "],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await pixelcl(args)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^error: /)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

test('a pipe whose reader leaves early is no failure', () => {
  const main = join(builtPackage(), 'cli', 'main.js')
  const output = execFileSync('bash', [
    '-c',
    '"$0" "$1" pretrain --help 2>&1 | head -c 5; echo " ${PIPESTATUS[0]}"',
    process.execPath,
    main,
  ])
  expect(output.toString()).toBe('Usage 0\n')
})
