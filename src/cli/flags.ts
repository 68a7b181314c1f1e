import { Option } from 'commander'
import { z } from 'zod'
import { sectionsOf, wordingOf } from '../common/options'
import { kebabCase } from '../common/text'
import { readAs, type Naming } from '../common/wording'
import { UsageError } from './exit'
import { keyOf, leavesOf, type Leaf } from './sections'

/** The parts of JSON Schema that determine how a flag is parsed. */
interface Shape {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Shape[]
  readonly prefixItems?: readonly Shape[]
  readonly default?: unknown
}

/** The flags of one option. */
export interface Flag extends Leaf {
  /** Two for a switch: `--use-pixpro` and `--no-use-pixpro`. */
  readonly options: readonly Option[]
}

/** Placeholders in the help for options whose type suggests none. */
export type Placeholders = Readonly<Record<string, string>>

/** `hiddenLayerPixel` as `--hidden-layer-pixel`. */
export function flagName(key: string): string {
  return `--${kebabCase(key)}`
}

/** Formats an option in a message as a flag: `--lr`, `--hidden-layer-pixel layer4`. */
export const asFlag: Naming = ({ name, value }) => {
  const flag = flagName(keyOf(name))
  return value === undefined ? flag : `${flag} ${value}`
}

/**
 * The flags of a schema's options in order, with descriptions and defaults for the help.
 *
 * @param defaults - Shown in place of the schema's own, by flat name.
 */
export function flagsOf(schema: z.ZodObject, placeholders: Placeholders = {}, defaults: Readonly<Record<string, unknown>> = {}): Flag[] {
  const sections = new Map(sectionsOf(schema))
  const shapes = new Map([schema, ...sections.values()].map((part) => [part, shapesOf(part)]))
  return leavesOf(schema).map((leaf) => {
    const section = leaf.section === null ? schema : sections.get(leaf.section)!
    const own = shapes.get(section)![leaf.name]!
    const shape = leaf.key in defaults ? { ...own, default: defaults[leaf.key] } : own
    return { ...leaf, options: shape.type === 'boolean' ? switches(leaf, shape) : [valued(leaf, shape, placeholders)] }
  })
}

function shapesOf(schema: z.ZodObject): Record<string, Shape> {
  return (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as { properties: Record<string, Shape> }).properties
}

function valued({ key, schema }: Leaf, shape: Shape, placeholders: Placeholders): Option {
  const option = new Option(`${flagName(key)} <${placeholders[key] ?? placeholder(shape)}>`, helpOf(schema, shape))
  return option.argParser((text) => {
    if (text.startsWith('--')) throw new UsageError(`${flagName(key)}: a value is missing before ${text}`)
    checkCount(key, text, shape, placeholders[key] ?? placeholder(shape))
    return parse(text, shape)
  })
}

/** Explains a number in place of several, and several in place of one. */
function checkCount(key: string, text: string, { prefixItems }: Shape, placeholder: string): void {
  const count = text.split(SEPARATOR).length
  if (prefixItems !== undefined && count !== prefixItems.length) {
    const example = count === 1 ? `, such as ${prefixItems.map(() => text).join(',')},` : ''
    throw new UsageError(`${flagName(key)}: expected ${prefixItems.length} values, ${placeholder}${example} but received '${text}'`)
  }
  if (key === 'imageSize' && /^\d+\s*[,x×]\s*\d+$/.test(text))
    throw new UsageError(
      `${flagName(key)}: expected one number, for both sides, but received '${text}': ${flagName('inputSize')} takes height and width`,
    )
}

/** Between the values of an option that has several. */
const SEPARATOR = /[,x×]/

function switches({ key, schema }: Leaf, shape: Shape): Option[] {
  const name = flagName(key)
  const off = new Option(name.replace('--', '--no-'), 'the opposite').hideHelp()
  return [new Option(name, helpOf(schema, shape)), off]
}

function helpOf(schema: z.ZodType, { default: value }: Shape): string {
  return readAs(asFlag, wordingOf(schema)) + (value === undefined ? '' : ` [${asTyped(value)}]`)
}

/** A value as it is typed on the command line; a switch is yes or no. */
export function asTyped(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : Array.isArray(value) ? value.join(',') : String(value)
}

function placeholder(shape: Shape): string {
  const choices = shape.enum ?? shape.anyOf?.map((part) => part.const)
  if (choices?.every((choice) => choice !== undefined) === true) return choices.join('|')
  if (shape.prefixItems !== undefined) return 'x,y'
  return shape.type === 'integer' ? 'n' : shape.type === 'number' ? 'x' : 'text'
}

/** Parses a flag's text by its type; the schema checks the value afterwards. */
function parse(text: string, shape: Shape): unknown {
  if (shape.prefixItems !== undefined) return text.split(SEPARATOR).map((part, i) => parse(part.trim(), shape.prefixItems![i] ?? {}))
  if (shape.anyOf !== undefined) return /^-?\d+$/.test(text) ? Number(text) : text
  if (shape.type !== 'integer' && shape.type !== 'number') return text
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
}
