import { z } from 'zod'
import { sectionsOf, wordingOf } from '../../src/common/options'

/** The parts of JSON Schema that an option's type and range are printed from. */
interface Shape {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Shape[]
  readonly prefixItems?: readonly Shape[]
  readonly items?: Shape
  readonly default?: unknown
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly exclusiveMaximum?: number
}

/** Types of options that JSON Schema cannot say, by the option's name. */
export type Customs = Readonly<Record<string, string>>

/** The interface of a schema's input, as Prettier prints it: each option with its description, range and default. */
export function interfaceOf(name: string, about: string, schema: z.ZodObject, customs: Customs = {}): string {
  return [`/** ${about} */`, `export interface ${name} {`, ...membersOf(schema, customs, '  '), '}'].join('\n')
}

function membersOf(schema: z.ZodObject, customs: Customs, indent: string): string[] {
  const sections = new Map(sectionsOf(schema))
  const shapes = (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as { properties: Record<string, Shape> }).properties
  return Object.entries(schema.shape).flatMap(([name, type]) => {
    const option = type as z.ZodType
    const optional = option.safeParse(undefined).success
    const key = `${indent}${name}${optional ? '?' : ''}: `
    const end = optional ? ' | undefined' : ''
    const section = sections.get(name)
    if (section !== undefined) {
      const members = membersOf(section, customs, `${indent}  `)
      return [`${indent}/** ${sentence(String(wordingOf(option)))} */`, `${key}{`, ...members, `${indent}}${end}`]
    }
    const shape = shapes[name]!
    const about = String(wordingOf(option))
    // A sentence that begins with one of the choices keeps its spelling.
    const begun = shape.enum?.some((choice) => about.startsWith(`${String(choice)} `)) === true ? `${about}.` : sentence(about)
    const words = [begun, ...rangesOf(option, shape).map(sentence)]
    if (shape.default !== undefined) words.push(sentence(`default ${printed(shape.default)}`))
    return [`${indent}/** ${words.join(' ')} */`, `${key}${typeOf(shape, customs[name])}${end}`]
  })
}

/** A description as a sentence. */
function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`
}

function printed(value: unknown): string {
  return JSON.stringify(value).replaceAll('"', "'").replaceAll(',', ', ')
}

function typeOf(shape: Shape, custom: string | undefined): string {
  if (custom !== undefined) return custom
  const choices = shape.enum ?? (shape.const === undefined ? undefined : [shape.const])
  if (choices !== undefined) return choices.map(printed).join(' | ')
  if (shape.anyOf !== undefined) return shape.anyOf.map((part) => typeOf(part, undefined)).join(' | ')
  if (shape.prefixItems !== undefined) return `[${shape.prefixItems.map((part) => typeOf(part, undefined)).join(', ')}]`
  if (shape.type === 'array') return `${typeOf(shape.items ?? {}, undefined)}[]`
  if (shape.type === 'integer' || shape.type === 'number') return 'number'
  if (shape.type === 'string' || shape.type === 'boolean') return shape.type
  throw new Error(`no type is known for ${JSON.stringify(shape)}`)
}

/** Which values are allowed, where the type does not say it. */
function rangesOf(option: z.ZodType, shape: Shape): string[] {
  if (shape.prefixItems !== undefined) {
    const messages = messagesOf(option)
    if (messages.length > 0) return messages
    const ranges = shape.prefixItems.map(rangeOf)
    if (ranges.every((range) => range === '')) return []
    return new Set(ranges).size === 1 ? [`each ${ranges[0]}`] : [ranges.map((range) => range.replace(/^a number (of )?/, '')).join(', ')]
  }
  const range = rangeOf(shape)
  return range === '' ? [] : [range]
}

/** What a schema's own messages say that JSON Schema does not: `expected 0 < low ≤ high ≤ 1`. */
function messagesOf(option: z.ZodType): string[] {
  if (option instanceof z.ZodDefault || option instanceof z.ZodOptional) return messagesOf(option.unwrap() as z.ZodType)
  return (option.def.checks ?? []).flatMap((check) => {
    const message = check._zod.def.error?.({} as never)
    return typeof message === 'string' ? [message.replace(/^expected /, '')] : []
  })
}

function rangeOf({ type, minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Shape): string {
  if (type !== 'integer' && type !== 'number') return ''
  const kind = type === 'integer' ? 'a whole number' : 'a number'
  // JSON Schema bounds whole numbers by those that JavaScript holds exactly.
  const low = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum
  const high = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  if (low !== undefined && high !== undefined) return `${kind} from ${low} to ${high}`
  const bounds = [
    exclusiveMinimum === undefined ? null : type === 'integer' ? `of at least ${exclusiveMinimum + 1}` : `above ${exclusiveMinimum}`,
    low === undefined ? null : `of at least ${low}`,
    high === undefined ? null : `of at most ${high}`,
    exclusiveMaximum === undefined ? null : `below ${exclusiveMaximum}`,
  ].filter((bound) => bound !== null)
  return bounds.length === 0 ? (type === 'integer' ? kind : '') : `${kind} ${bounds.join(' and ')}`
}
