import { beforeAll, describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import ts from 'typescript'
import { languageServiceFor } from '../support/editor'

const root = join(__dirname, '../..')
const probe = join(root, 'src', 'hover-probe.ts')

/** What a user types up to the bracket; each stands on a line of its own in a program that has `x`, a tensor, and `model`, a module. */
const FORMS: readonly string[] = [
  'torch.nn.functional.crossEntropy',
  'torch.nn.functional.conv2d',
  'torch.nn.functional.interpolate',
  'new torch.nn.Conv2d',
  'new torch.nn.Linear',
  'new torch.nn.BatchNorm2d',
  'new torch.nn.MaxPool2d',
  'torch.add',
  'torch.cat',
  'torch.zeros',
  'torch.arange',
  'torch.stft',
  'torch.linalg.svd',
  'torch.fft.rfft',
  'x.add',
  'x.sum',
  'x.max',
  'x.abs_',
  'new torch.optim.AdamW',
  'new torch.optim.SGD',
  'new torch.optim.lrScheduler.CosineAnnealingLR',
  'torch.nn.init.kaimingUniform_',
  'torch.nn.init.truncNormal_',
  'torch.nn.utils.clipGradNorm_',
  'torch.einsum',
  'torch.norm',
  'torch.autograd.grad',
  'x.backward',
  'torch.save',
  'torch.load',
  'torch.jit.load',
  'model.loadStateDict',
  'model.registerBuffer',
]

interface Hover {
  readonly form: string
  /** What the list of parameters offers behind the bracket. */
  readonly signatures: readonly ts.SignatureHelpItem[]
  readonly documentation: string
  /** The text behind `@param` by its name. */
  readonly params: ReadonlyMap<string, string>
}

let service: ts.LanguageService
const start = "import * as torch from './torch'\ndeclare const x: torch.Tensor\ndeclare const model: torch.nn.Module\n"
const options = 'new torch.nn.Conv2d(3, 8, 3, {  })'
const program = `${start}${FORMS.map((form) => `${form}()\n`).join('')}${options}\n`
const shown = (parts: readonly ts.SymbolDisplayPart[] | undefined): string => ts.displayPartsToString(parts?.slice())

beforeAll(() => {
  service = languageServiceFor(probe, program)
})

function hover(form: string): Hover {
  const bracket = program.indexOf(`\n${form}()`) + 1 + form.length
  const info = service.getQuickInfoAtPosition(probe, bracket - 1)
  const signatures = service.getSignatureHelpItems(probe, bracket + 1, {})?.items ?? []
  const params = (info?.tags ?? []).filter(({ name }) => name === 'param').map(({ text }) => /^(\S+)(?: -)? ?([^]*)$/.exec(shown(text))!)
  return {
    form,
    signatures,
    documentation: shown(info?.documentation),
    params: new Map(params.map(([, name, text]) => [name!, text!])),
  }
}

function label({ prefixDisplayParts, parameters, separatorDisplayParts, suffixDisplayParts }: ts.SignatureHelpItem): string {
  const list = parameters.map(({ displayParts }) => shown(displayParts)).join(shown(separatorDisplayParts))
  return `${shown(prefixDisplayParts)}${list}${shown(suffixDisplayParts)}`.replaceAll(/\s+/g, ' ')
}

const sentenceOf = (text: string): string => text.split('\n', 1)[0]!

describe('what an editor shows', () => {
  const hovers: Hover[] = []
  beforeAll(() => {
    hovers.push(...FORMS.map(hover))
  })

  test('is one sentence on each form', () => {
    const poor = hovers.filter(({ documentation }) => !/^(?!`)\S.*\.$/.test(sentenceOf(documentation)))
    expect(poor.map(({ form, documentation }) => `${form}: ${documentation}`)).toEqual([])
  })

  test("is Python's name of each parameter", () => {
    const poor = hovers.filter(
      ({ form, signatures }) =>
        signatures.length === 0 ||
        (form !== 'torch.save' && signatures.some((item) => /\b(given|args|value|value_\d|a\d)\??:/.test(label(item)))),
    )
    expect(poor.map(({ form, signatures }) => `${form}: ${signatures.map(label).join('; ')}`)).toEqual([])
  })

  test('is the default of each parameter that may be left out', () => {
    const poor = hovers.flatMap(({ form, signatures, params }) =>
      (signatures[0]?.parameters ?? [])
        .filter(({ name, isOptional }) => isOptional && name !== 'options' && !params.get(name)?.includes('Default'))
        .map(({ name }) => `${form}: ${name}`),
    )
    expect(poor).toEqual([])
  })

  test('is, within the braces of the options, each by its name with its default', () => {
    const at = program.indexOf(options) + options.indexOf('{') + 2
    const names = ['stride', 'padding', 'dilation', 'groups', 'bias', 'paddingMode', 'device', 'dtype']
    const offered = service.getCompletionsAtPosition(probe, at, {})!.entries.map(({ name }) => name)
    expect(offered.sort()).toEqual(names.sort())
    const details = names.map((name) => service.getCompletionEntryDetails(probe, at, name, {}, undefined, {}, undefined)!)
    expect(details.map(({ name, documentation }) => `${name}: ${shown(documentation)}`)).toEqual([
      'bias: Default true.',
      'device: Default null.',
      'dilation: Default 1.',
      'dtype: Default null.',
      'groups: Default 1.',
      'padding: Default 0.',
      "paddingMode: Default 'zeros'.",
      'stride: Default 1.',
    ])
  })

  test('is as it stands in __tests__/fixtures/hover.txt', () => {
    const text = hovers.map(({ form, signatures, documentation, params }) => {
      const further = signatures.length - 1
      return [
        `${form}(`,
        `  ${label(signatures[0]!)}`,
        `  ${sentenceOf(documentation)}`,
        ...[...params].map(([name, text]) => `  ${name}: ${text}`),
        ...(further > 0 ? [`  and ${further} more, the last: ${label(signatures.at(-1)!)}`] : []),
        '',
      ].join('\n')
    })
    expect(text.join('\n')).toMatchFile('__tests__/fixtures/hover.txt')
  })
})
