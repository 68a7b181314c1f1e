import { beforeAll, describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import ts from 'typescript'
import type { z } from 'zod'
import { augmentationOptions, pixelCLOptions, type AugmentationOptions, type PixelCLOptions } from '../../src/pixelcl'
import { pretrainOptions, type PretrainOptions } from '../../src/training'
import { languageServiceFor } from '../support/editor'
import { interfaceOf } from '../support/option-types'

const HEADER = '// Written from the schemas by `npm test -- pixelcl/option-types -u`; do not edit.'

// The compiler compares each interface with its schema, in both directions.
type Fits<A, B> = [A, B] extends [B, A] ? true : never
const fits: [
  Fits<PixelCLOptions, z.input<typeof pixelCLOptions>>,
  Fits<AugmentationOptions, z.input<typeof augmentationOptions>>,
  Fits<PretrainOptions, z.input<typeof pretrainOptions>>,
] = [true, true, true]

describe('the interfaces of options', () => {
  test('of the learner and the augmentations say what their schemas say', () => {
    expect(fits).toHaveLength(3)
    const augment = 'nn.Module | ((images: Tensor) => Tensor)'
    const parts = [
      `${HEADER}\nimport type { Tensor, nn } from '../torch'`,
      interfaceOf('PixelCLOptions', "The learner's options, with the reference's defaults.", pixelCLOptions, {
        augmentFn: augment,
        augmentFn2: augment,
      }),
      interfaceOf('AugmentationOptions', "Strengths of the augmentations, with the reference's defaults.", augmentationOptions),
    ]
    expect(`${parts.join('\n\n')}\n`).toMatchFile('src/pixelcl/option-types.ts')
  })

  test('of a pretraining run say what its schema says', () => {
    const text = interfaceOf('PretrainOptions', 'All options of a pretraining run.', pretrainOptions)
    expect(`${HEADER}\n${text}\n`).toMatchFile('src/training/option-types.ts')
  })
})

describe('hovering an option shows its description, range and default', () => {
  const probe = join(__dirname, '../../src', 'options-probe.ts')
  const program = [
    "import { PixelCL, defaultAugmentation, type Backbone } from './pixelcl'",
    "import { pretrain } from './training'",
    'declare const net: Backbone',
    'new PixelCL(net, { imageSize: 64, distanceThres: 0.7, cutoutRatioRange: [0.6, 0.8], contrast: "pixel", augmentFn: (x) => x })',
    'defaultAugmentation({ colorJitter: [0.4, 0.4, 0.2, 0.1], probBlur: 0 })',
    'pretrain({ backbone: { file: "a.pt" }, data: { folder: "photos", batchSize: 8 }, run: { out: "run", device: "cpu" },',
    '  schedule: { steps: 1 }, optimizer: { lr: 0.1 }, learner: { ppmGamma: 2 } })',
    'new PixelCL(net, { ',
  ].join('\n')
  let service: ts.LanguageService
  beforeAll(() => {
    service = languageServiceFor(probe, program)
    service.getSemanticDiagnostics(probe)
  }, 180_000)

  test.each([
    ['imageSize', 'number', /dry run.* A whole number of at least 1\.$/],
    ['distanceThres', 'number | undefined', /positive pair.* A number above 0\. Default 0\.7\.$/],
    ['cutoutRatioRange', '[number, number] | undefined', /box has\. 0 < low ≤ high ≤ 1\. Default \[0\.6, 0\.8\]\.$/],
    ['contrast', /"batch"/, /Default 'batch'\.$/],
    ['augmentFn', /Module/, /augmentations of the first view/],
    ['colorJitter', '[number, number, number, number] | undefined', /from 0 to 0\.5\. Default \[0\.8, 0\.8, 0\.8, 0\.2\]\.$/],
    ['probBlur', 'number | undefined', /A number from 0 to 1\. Default 0\.1\.$/],
    ['batchSize', 'number | undefined', /A whole number of at least 2\. Default 16\.$/],
    ['device', 'string | undefined', /cpu, cuda:0, …\. Default 'cpu'\.$/],
    ['lr', 'number | undefined', /learning rate.* A number above 0\. Default 0\.0001\.$/],
    ['ppmGamma', 'number | undefined', /A number above 0\. Default 2\.$/],
    ['schedule', /steps/, /schedules of the learning rate/],
  ] as const)('%s', (name, type, documentation) => {
    const info = service.getQuickInfoAtPosition(probe, program.indexOf(` ${name}: `) + 1)
    const shown = ts.displayPartsToString(info?.displayParts)
    if (typeof type === 'string') expect(shown.endsWith(`: ${type}`) ? type : shown).toBe(type)
    else expect(shown).toMatch(type)
    expect(ts.displayPartsToString(info?.documentation)).toMatch(documentation)
  })

  test('and so does completion, for every option', () => {
    const entries = service.getCompletionsAtPosition(probe, program.length, {})!.entries.map(({ name }) => name)
    expect(entries.sort()).toEqual(Object.keys(pixelCLOptions.shape).sort())
    const poor = entries.filter((name) => {
      const details = service.getCompletionEntryDetails(probe, program.length, name, {}, undefined, {}, undefined)
      return !/^\S.*\.$/.test(ts.displayPartsToString(details?.documentation))
    })
    expect(poor).toEqual([])
  })
})
