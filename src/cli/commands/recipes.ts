import type { Command } from 'commander'
import { Style } from '../../common/terminal'
import { wrapped } from '../../common/text'
import { RECIPES, RECIPE_NAMES, type RecipeName } from '../../training'
import { ExitCode } from '../exit'
import { asTyped, flagName } from '../flags'
import { widthOf } from '../measures'
import { print } from '../output'
import { differences, type Difference } from '../recipes'

export function defineRecipes(command: Command, end: (code: number) => void): void {
  command
    .description('Lists the sets of options that `pixelcl pretrain --recipe NAME` starts from, side by side.')
    .option('--json', 'print them as JSON on standard output')
    .action(async ({ json }: { json?: boolean }) => {
      await print(json === true ? `${JSON.stringify(asJson(), null, 2)}\n` : asText())
      end(ExitCode.done)
    })
}

/** The recipe of a run where none is named. */
const DEFAULT: RecipeName = RECIPE_NAMES[0]

function asJson(): object {
  const recipes = RECIPE_NAMES.map((name) => {
    const { summary, about } = RECIPES[name]
    const options = differences().map(({ key, values }) => [key, values[name]])
    return [name, { summary, about, options: Object.fromEntries(options) as object }]
  })
  return { default: DEFAULT, recipes: Object.fromEntries(recipes) as object }
}

/** The widest that lines are, and the narrowest terminal for whose columns there is room. */
const [WIDEST, NARROWEST] = [80, 60]
/** Width of the column of flags. */
const FLAG = 28

interface Layout {
  readonly width: number
  /** Width of each column of values. */
  readonly value: number
}

function asText(): string {
  const width = Math.max(NARROWEST, Math.min(widthOf(), WIDEST))
  const layout = { width, value: Math.floor((width - FLAG) / RECIPE_NAMES.length) }
  const lines = (text: string, indent: number) => linesOf(text, indent, width)
  const { bold, cyan } = new Style()
  const described = RECIPE_NAMES.map((name) => {
    const { summary, about } = RECIPES[name]
    const head = `${bold(name)}${name === DEFAULT ? ' (where none is named)' : ''}`
    return `${head}\n${lines(summary, 2)}${lines(about, 2)}`
  })
  const head = bold(
    `${'Option'.padEnd(FLAG)}${RECIPE_NAMES.map((name) => name.padEnd(layout.value))
      .join('')
      .trimEnd()}`,
  )
  const rows = differences().map((difference) => `${rowOf(difference, layout, cyan)}${lines(difference.about, 4)}`)
  const choices = RECIPE_NAMES.map((name) => choicesIn(name, layout, bold)).filter((text) => text !== '')
  return [...described, `${head}\n${rows.join('')}`, ...choices, lines(FOOT, 0)].join('\n')
}

const FOOT = 'Flags win over --config FILE, and that over the recipe. The class PixelCL has the defaults of the reference.'

function rowOf({ key, values }: Difference, { value }: Layout, style: (text: string) => string): string {
  const cells = RECIPE_NAMES.map((name) => shown(values[name]).padEnd(value))
  return `${style(flagName(key).padEnd(FLAG))}${cells.join('')}`.trimEnd() + '\n'
}

function shown({ value, chosen }: Difference['values'][RecipeName]): string {
  return chosen !== undefined ? 'chosen, see end' : value === undefined ? '–' : asTyped(value)
}

function choicesIn(name: RecipeName, { width }: Layout, bold: (text: string) => string): string {
  const rows = differences().flatMap(({ key, values }) => {
    const { chosen } = values[name]
    return chosen === undefined ? [] : [`  ${flagName(key)}\n${linesOf(chosen, 4, width)}`]
  })
  return rows.length === 0 ? '' : `${bold(`What ${name} chooses for the backbone and the images:`)}\n${rows.join('')}`
}

function linesOf(text: string, indent: number, width: number): string {
  return `${wrapped(' '.repeat(indent) + text, width, indent)}\n`
}
