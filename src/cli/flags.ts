import { Option } from 'commander'
import { z } from 'zod'
import { kebabCase } from '../common/text'
import { UsageError } from './exit'

/** The part of JSON Schema that tells how a flag is read. */
interface Shape {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Shape[]
  readonly prefixItems?: readonly Shape[]
  readonly default?: unknown
  readonly description?: string
}

/** One option of a schema as flags. */
export interface Flag {
  /** The option's name in the schema and in a configuration file. */
  readonly key: string
  /** Two for a switch: `--use-pixpro` and `--no-use-pixpro`. */
  readonly options: readonly Option[]
}

/** What stands for values that the schema alone does not name. */
export type Placeholders = Readonly<Record<string, string>>

/** `hiddenLayerPixel` as `--hidden-layer-pixel`. */
export function flagName(key: string): string {
  return `--${kebabCase(key)}`
}

/** The flags of a schema's options, in their order, with descriptions and defaults as help. */
export function flagsOf(schema: z.ZodObject, placeholders: Placeholders = {}): Flag[] {
  const { properties } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as { properties: Record<string, Shape> }
  const keys = Object.keys(properties)
  return Object.entries(properties).map(([key, shape]) => ({
    key,
    options: shape.type === 'boolean' ? switches(key, shape, keys) : [valued(key, shape, keys, placeholders)],
  }))
}

/** Names options as flags: `hiddenLayerPixel: 'layer4'` as `--hidden-layer-pixel layer4`, `imageSize` as `--image-size`. */
export function withFlagNames(text: string, keys: readonly string[]): string {
  return text
    .replaceAll(/\b(\w+): '([^']*)'/g, (all, key: string, value: string) => (keys.includes(key) ? `${flagName(key)} ${value}` : all))
    .replaceAll(/(?<![-\w])[a-z]+[A-Z]\w*/g, (word) => (keys.includes(word) ? flagName(word) : word))
}

function valued(key: string, shape: Shape, keys: readonly string[], placeholders: Placeholders): Option {
  const option = new Option(`${flagName(key)} <${placeholders[key] ?? placeholder(shape)}>`, describe(shape, keys))
  return option.argParser((text) => {
    if (text.startsWith('--')) throw new UsageError(`${flagName(key)}: a value is missing before ${text}`)
    return parse(text, shape)
  })
}

function switches(key: string, shape: Shape, keys: readonly string[]): Option[] {
  const name = flagName(key)
  const off = new Option(name.replace('--', '--no-'), 'the opposite').hideHelp()
  return [new Option(name, describe(shape, keys)), off]
}

function describe({ description = '', default: value }: Shape, keys: readonly string[]): string {
  const shown = typeof value === 'boolean' ? (value ? 'yes' : 'no') : Array.isArray(value) ? value.join(',') : String(value)
  return withFlagNames(description, keys) + (value === undefined ? '' : ` [${shown}]`)
}

function placeholder(shape: Shape): string {
  const choices = shape.enum ?? shape.anyOf?.map((part) => part.const)
  if (choices?.every((choice) => choice !== undefined) === true) return choices.join('|')
  if (shape.prefixItems !== undefined) return 'x,y'
  return shape.type === 'integer' ? 'n' : shape.type === 'number' ? 'x' : 'text'
}

/** A flag's text as the value that the schema then checks, and refuses. */
function parse(text: string, shape: Shape): unknown {
  if (shape.prefixItems !== undefined) return text.split(/[,x×]/).map((part, i) => parse(part.trim(), shape.prefixItems![i] ?? {}))
  if (shape.anyOf !== undefined) return /^-?\d+$/.test(text) ? Number(text) : text
  if (shape.type !== 'integer' && shape.type !== 'number') return text
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
}
