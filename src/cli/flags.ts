import { InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'

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
  /** `--hidden-layer-pixel` */
  readonly name: string
  readonly options: readonly Option[]
}

/** `hiddenLayerPixel` as `hidden-layer-pixel`. */
export function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** The flags of a schema's options, in their order, with descriptions and defaults as help. */
export function flagsOf(schema: z.ZodObject): Flag[] {
  const { properties } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as { properties: Record<string, Shape> }
  return Object.entries(properties).map(([key, shape]) => ({ key, name: `--${kebab(key)}`, options: optionsOf(key, shape) }))
}

function optionsOf(key: string, shape: Shape): Option[] {
  const name = kebab(key)
  const description = `${shape.description ?? ''}${shape.default === undefined ? '' : ` [${show(shape.default)}]`}`
  if (shape.type === 'boolean') {
    const [on, off] = [new Option(`--${name}`, shape.description), new Option(`--no-${name}`, `not: ${shape.description ?? ''}`)]
    // One of the two says what is so already; help shows the other.
    ;(shape.default === true ? on : off).hideHelp()
    return [on, off]
  }
  return [new Option(`--${name} <${placeholder(key, shape)}>`, description).argParser((text) => parse(text, shape))]
}

function placeholder(key: string, shape: Shape): string {
  if (shape.enum !== undefined) return shape.enum.join('|').length <= 24 ? shape.enum.join('|') : 'name'
  if (shape.anyOf?.every((part) => part.const !== undefined) === true) return shape.anyOf.map((part) => String(part.const)).join('|')
  if (shape.anyOf !== undefined) return 'layer'
  if (shape.prefixItems !== undefined) return key === 'inputSize' ? 'h,w' : 'low,high'
  if (shape.type === 'integer') return 'n'
  if (shape.type === 'number') return 'x'
  return { backbone: 'file', data: 'folder', out: 'folder' }[key] ?? 'text'
}

/** A flag's text as the value that the schema then checks. */
function parse(text: string, shape: Shape): unknown {
  if (text.startsWith('--')) throw new InvalidArgumentError(`A value is missing before ${text}.`)
  if (shape.prefixItems !== undefined) return text.split(/[,x]/).map((part, i) => parse(part.trim(), shape.prefixItems![i] ?? {}))
  if (shape.anyOf !== undefined) return /^-?\d+$/.test(text) ? Number(text) : text
  if (shape.type !== 'integer' && shape.type !== 'number') return text
  const value = text.trim() === '' ? NaN : Number(text)
  if (Number.isNaN(value)) throw new InvalidArgumentError('Expected a number.')
  return value
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value)
}
