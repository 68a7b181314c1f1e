import { describe, expect, test } from '@jest/globals'
import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { Command } from 'commander'
import { mergeOptions, resolveOptions } from '../../src/cli/config'
import { asFlag, flagsOf } from '../../src/cli/flags'
import { flattened, inSections, leavesOf } from '../../src/cli/sections'
import { option, worded } from '../../src/common/wording'
import { pretrainOptions } from '../../src/training'
import { temporary } from '../support/files'

const needed = { backbone: 'resnet50.pt', data: 'photos', out: 'runs/a', steps: 10 }

/** What the flags of a command line stand for. */
function typed(...args: string[]): Record<string, unknown> {
  const command = new Command().exitOverride()
  for (const { options } of flagsOf(pretrainOptions)) for (const option of options) command.addOption(option)
  return command.parse(args, { from: 'user' }).opts()
}

function configFile(content: unknown): string {
  const file = temporary('config.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

/** A value other than the default for every option, in JSON and as typed. */
const others: Record<string, [json: unknown, text: string]> = {
  recipe: ['reference', 'reference'],
  epochs: [2.5, '2.5'],
  backbone: ['b.pt', 'b.pt'],
  data: ['d', 'd'],
  out: ['o', 'o'],
  arch: ['resnet34', 'resnet34'],
  prefix: ['module.encoder_k', 'module.encoder_k'],
  overwrite: [true, ''],
  steps: [7, '7'],
  batchSize: [8, '8'],
  optimizer: ['sgd', 'sgd'],
  lr: [0.5, '5e-1'],
  weightDecay: [0.1, '.1'],
  schedule: ['constant', 'constant'],
  warmupSteps: [3, '3'],
  movingAverageDecayEnd: [1, '1'],
  seed: [5, '5'],
  device: ['cuda:1', 'cuda:1'],
  threads: [2, '2'],
  prefetch: [0, '0'],
  inputSize: [[64, 96], '64x96'],
  resize: ['stretch', 'stretch'],
  heldOut: [0, '0'],
  masks: ['masks', 'masks'],
  maskClasses: ['names.txt', 'names.txt'],
  maskIgnore: [0, '0'],
  saveEvery: [4, '4'],
  imageSize: [64, '64'],
  channels: [1, '1'],
  hiddenLayerPixel: ['layer4', 'layer4'],
  hiddenLayerInstance: [-3, '-3'],
  projectionSize: [16, '16'],
  projectionHiddenSize: [32, '32'],
  probRandHflip: [0, '0'],
  movingAverageDecay: [0.9, '0.9'],
  ppmNumLayers: [2, '2'],
  ppmGamma: [1, '1'],
  distanceThres: [1.5, '1.5'],
  similarityTemperature: [0.1, '0.1'],
  alpha: [-1, '-1'],
  usePixpro: [false, ''],
  cutoutRatioRange: [[0.2, 1], '0.2,1'],
  cutoutInterpolateMode: ['bilinear', 'bilinear'],
  coordCutoutInterpolateMode: ['nearest', 'nearest'],
  instanceWeight: [0, '0'],
  contrast: ['pixel', 'pixel'],
  cropPer: ['sample', 'sample'],
  distance: ['bin', 'bin'],
  viewSize: [[32, 48], '32,48'],
  colorJitter: [[0.4, 0.4, 0.2, 0.1], '0.4,0.4,0.2,0.1'],
  probColorJitter: [1, '1'],
  probGrayscale: [0, '0'],
  probBlur: [0.5, '.5'],
  probSolarize: [0.2, '0.2'],
}

describe('every option', () => {
  test('is tried below', () =>
    expect(Object.keys(others).sort()).toEqual(
      leavesOf(pretrainOptions)
        .map(({ key }) => key)
        .sort(),
    ))

  test.each(Object.entries(others))('is a flag and a key of --config: %s', (key, [json, text]) => {
    const name = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    const flag = text !== '' ? [name, text] : json === true ? [name] : [name.replace('--', '--no-')]
    const byFlag = resolveOptions(pretrainOptions, { ...needed, ...typed(...flag) }, undefined)
    const files = { backbone: 'resnet50.pt', data: 'photos', out: 'runs/a' }
    const rest = key === 'epochs' ? files : needed
    const byFile = resolveOptions(
      pretrainOptions,
      Object.fromEntries(Object.entries(files).filter(([name]) => name !== key)),
      configFile({ ...rest, [key]: json }),
    )
    expect(flattened(pretrainOptions, byFlag)[key]).toEqual(json)
    if (!(key in needed) && key !== 'epochs') expect(byFile).toEqual(byFlag)
    expect(flattened(pretrainOptions, byFile)[key]).toEqual(json)
    expect(flattened(pretrainOptions, resolveOptions(pretrainOptions, needed, undefined))[key]).not.toEqual(json)
  })
})

test('flags win over the file, the file over the defaults', () => {
  const file = configFile({ ...needed, lr: 0.5, seed: 3, usePixpro: false })
  const options = resolveOptions(pretrainOptions, typed('--seed', '4', '--use-pixpro'), file)
  expect(flattened(pretrainOptions, options)).toMatchObject({ ...needed, lr: 0.5, seed: 4, usePixpro: true, batchSize: 16 })
})

test('a length on the command line takes the place of either of the file', () => {
  const given = (flag: Record<string, unknown>, content: Record<string, unknown>) =>
    mergeOptions(pretrainOptions, flag, configFile({ ...needed, ...content })).given.schedule
  expect(given({ epochs: 3 }, { steps: 10 })).toEqual({ epochs: 3 })
  expect(given({ steps: 7 }, { steps: undefined, epochs: 2 })).toEqual({ steps: 7 })
  expect(given({}, { steps: undefined, epochs: 2 })).toEqual({ epochs: 2 })
})

test('what is given is kept apart from the defaults, so that a recipe can stand between them', () => {
  const { given, options } = mergeOptions(pretrainOptions, { ...needed, lr: 0.5 }, undefined)
  expect(given).toMatchObject({ optimizer: { lr: 0.5 }, learner: {}, data: { folder: 'photos' } })
  expect(given.learner).toEqual({})
  expect(options.learner.usePixpro).toBe(true)
})

test('a file may hold options in their sections, too, as the library takes them', () => {
  const flat = { ...needed, arch: 'resnet18', optimizer: 'sgd', schedule: 'constant', lr: 0.5, probBlur: 0, inputSize: [8, 9] }
  const sections = inSections(pretrainOptions, flat)
  expect(sections).toEqual({
    backbone: { file: 'resnet50.pt', arch: 'resnet18' },
    data: { folder: 'photos', inputSize: [8, 9] },
    run: { out: 'runs/a' },
    schedule: { steps: 10, shape: 'constant' },
    optimizer: { algorithm: 'sgd', lr: 0.5 },
    evaluation: {},
    learner: {},
    augmentation: { probBlur: 0 },
  })
  expect(resolveOptions(pretrainOptions, {}, configFile(sections))).toEqual(resolveOptions(pretrainOptions, {}, configFile(flat)))
  expect(flattened(pretrainOptions, sections)).toEqual(flat)
})

describe('wrong options', () => {
  const refusal = (given: Record<string, unknown>, file?: string): string => {
    try {
      resolveOptions(pretrainOptions, given, file)
    } catch (error) {
      expect(error).toMatchObject({ code: 'USAGE' })
      return (error as Error).message
    }
    throw new Error('they were taken')
  }

  test.each<[string[], string]>([
    [['--steps', 'many'], "--steps: expected a number but received 'many'"],
    [['--steps', '1.5'], '--steps: expected a whole number but received 1.5'],
    [['--steps', '0'], '--steps: expected a number above 0 but received 0'],
    [['--batch-size', '1'], '--batch-size: expected a number of at least 2 but received 1'],
    [['--moving-average-decay', '2'], '--moving-average-decay: expected a number of at most 1 but received 2'],
    [['--contrast', 'row'], "--contrast: expected one of batch, pixel but received 'row'"],
    [['--ppm-num-layers', '3'], '--ppm-num-layers: expected 0, 1 or 2 but received 3'],
    [['--cutout-ratio-range', '0.9,0.2'], '--cutout-ratio-range: expected 0 < low ≤ high ≤ 1 but received [0.9, 0.2]'],
    [['--input-size', '64,a'], '--input-size: expected'],
    [['--prefetch', '1000000'], '--prefetch: expected a number of at most 64 but received 1000000'],
    [['--mask-ignore', '-1'], '--mask-ignore: expected a number of at least 0 but received -1'],
    [['--device', 'gpu'], "--device: expected cpu, cuda, cuda:0, … but received 'gpu'"],
  ])('%j are reported with what was expected and received', (args, message) => {
    expect(refusal({ ...needed, ...typed(...args) })).toContain(message)
  })

  test('with too few values are reported where they are read', () => {
    expect(() => typed('--cutout-ratio-range', '0.9')).toThrow(
      "--cutout-ratio-range: expected 2 values, x,y, such as 0.9,0.9, but received '0.9'",
    )
  })

  test('are reported all at once', () => {
    const message = refusal({ lr: -1 })
    for (const part of ['--backbone is missing', '--data is missing', '--out is missing', '--lr: expected a number above 0'])
      expect(message).toContain(part)
  })

  test("of a file are reported with its name, and unknown keys with a suggestion, also in Python's spelling", () => {
    const file = configFile({ hidden_layer_pixel: 'layer4', stesp: 3, alpha: 'x', augmentFn: 1, colorJitter: 0.4 })
    const message = refusal(needed, file)
    expect(message).toContain(`${file}: unknown option 'hidden_layer_pixel' (did you mean 'hiddenLayerPixel'?)`)
    expect(message).toContain(`${file}: unknown option 'stesp' (did you mean 'steps'?)`)
    expect(message).toContain(`${file}: alpha: expected a number but received 'x'`)
    expect(message).toContain(`${file}: colorJitter: expected 4 numbers but received 0.4`)
    expect(message).toMatch(/unknown option 'augmentFn'; known are recipe, backbone, arch, prefix, data/)
  })

  test('of a file are reported short and soon, however long a name or a value is', () => {
    const file = configFile({ ['k'.repeat(1e6)]: 1, alpha: 'x'.repeat(1e6) })
    const message = refusal(needed, file)
    expect(message).toMatch(/unknown option 'k{200}…'; known are recipe, backbone/)
    expect(message).toMatch(/alpha: expected a number but received 'x{200}…'/)
  })

  test('of a file are reported as written, even values that are not JSON', () => {
    const file = configFile('{"alpha": 1e999, "viewSize": [1, 1e999]}')
    expect(refusal(needed, file)).toContain(`${file}: alpha: expected a number but received Infinity`)
    expect(refusal(needed, file)).toMatch(/viewSize: expected .* but received \[1, Infinity\]/)
  })

  test("a dry run's, which no one means", () => {
    expect(refusal(needed, configFile({ dryRun: true, steps: 2 }))).toContain('is of a dry run (PIXELCL_DRY_RUN=1)')
  })

  test('a file that is missing, a folder, no JSON, or no object', () => {
    expect(refusal(needed, temporary('none.json'))).toContain('cannot be read: there is no such file')
    expect(refusal(needed, __dirname)).toBe(`--config ${__dirname} cannot be read: it is a folder`)
    expect(refusal(needed, configFile('{"steps": '))).toContain('is not JSON')
    expect(refusal(needed, configFile([1]))).toContain('expected an object of options, { "steps": 100, … }, but received an array')
    expect(refusal(needed, configFile('null'))).toContain('but received null')
  })
})

test('a file may begin with a byte order mark', () => {
  expect(resolveOptions(pretrainOptions, needed, configFile('\uFEFF{"alpha": 2}'))).toMatchObject({ learner: { alpha: 2 } })
})

test('options in a message are named as flags, and nothing else in it is', () => {
  const message = worded`${'lr of hiddenLayerPixel'}: write ${option('hiddenLayerPixel', 'layer4')}, or another ${option('data.folder')} than ${3}`
  expect(message.in(asFlag)).toBe('lr of hiddenLayerPixel: write --hidden-layer-pixel layer4, or another --data than 3')
  expect(String(message)).toBe("lr of hiddenLayerPixel: write hiddenLayerPixel: 'layer4', or another data.folder than 3")
})

test('a flag reads what its schema says, whatever the schema', () => {
  const schema = z.strictObject({ wide: z.boolean().default(true), point: z.tuple([z.number(), z.number()]), name: z.string() })
  const command = new Command().exitOverride()
  for (const { options } of flagsOf(schema)) for (const option of options) command.addOption(option)
  expect(command.parse(['--no-wide', '--point', '1,-2', '--name', '12'], { from: 'user' }).opts()).toEqual({
    wide: false,
    point: [1, -2],
    name: '12',
  })
})
