import { z } from 'zod'
import { describe } from './describe'
import { ArgumentError } from './errors'
import { nearestName, suggestion } from './suggestions'
import { shortened } from './text'
import { Wording } from './wording'

export const probability = z.number().min(0).max(1)
export const positiveInt = z.number().int().positive()

/** One wrong option. */
export interface OptionProblem {
  /** The option's path, such as `['optimizer', 'lr']`; empty if the options are not an object. */
  readonly path: readonly string[]
  readonly kind: 'unknown' | 'missing' | 'invalid'
  /** For example `expected a number above 0`; empty for an unknown option. */
  readonly expected: string
  /** Description of the received value. */
  readonly received: string
  /** For an unknown option: the options that exist in its section. */
  readonly known: readonly string[]
}

/** Options that do not fit their schema; lists all problems at once. */
export class OptionError extends ArgumentError {
  constructor(
    message: string,
    readonly problems: readonly OptionProblem[],
  ) {
    super(message)
  }
}

/**
 * Checks options against a strict schema, which may have sections.
 *
 * @throws OptionError that lists every wrong option with what was expected and received, and suggests a name for an unknown one.
 */
export function parseOptions<Schema extends z.ZodObject>(schema: Schema, options: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(options)
  if (result.success) return result.data
  if (typeof options !== 'object' || options === null) {
    const required = Object.keys(schema.shape).filter((name) => !schema.shape[name]!.safeParse(undefined).success)
    const expected = `expected an object with ${required.join(', ') || 'options'}`
    const received = describe(options)
    throw new OptionError(`${what}: ${expected} but received ${received}`, [{ path: [], kind: 'invalid', expected, received, known: [] }])
  }
  const problems = result.error.issues.flatMap((issue) => problemsOf(schema, issue, options))
  throw new OptionError(
    `${what} received wrong options:\n  ${problems.map((problem) => messageOf(problem, schema)).join('\n  ')}`,
    problems,
  )
}

function problemsOf(schema: z.ZodObject, issue: z.core.$ZodIssue, options: object): OptionProblem[] {
  const path = issue.path.map(String)
  const receivedAt = (at: readonly PropertyKey[]) => describe(valueAt(options, at))
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(sectionAt(schema, path).shape)
    return issue.keys.map((key) => ({
      path: [...path, key],
      kind: 'unknown',
      expected: '',
      received: receivedAt([...issue.path, key]),
      known,
    }))
  }
  const kind = valueAt(options, issue.path) === undefined ? 'missing' : 'invalid'
  return [{ path, kind, expected: expectation(schema, issue), received: receivedAt(issue.path), known: [] }]
}

function messageOf({ path, kind, expected, received, known }: OptionProblem, schema: z.ZodObject): string {
  if (kind !== 'unknown') return `${path.join('.')}: ${expected} but received ${received}`
  const name = path.at(-1)!
  const elsewhere = sectionsOf(schema).flatMap(([section, { shape }]) =>
    Object.keys(shape).map((key) => ({ key, place: `${section}.${key}` })),
  )
  const meant = nearestName(
    name,
    elsewhere.map(({ key }) => key),
  )
  // An option of a section is often given at the top level by mistake.
  const hint =
    path.length > 1 || meant === null ? suggestion(name, known) : ` (did you mean '${elsewhere.find(({ key }) => key === meant)!.place}'?)`
  return `unknown option '${shortened(path.join('.'))}'${hint}`
}

function valueAt(options: object, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], options)
}

function sectionAt(schema: z.ZodObject, path: readonly string[]): z.ZodObject {
  return path.reduce((at, name) => sectionIn(at, name) ?? at, schema)
}

/** The sections of a schema: the members that are objects of options. */
export function sectionsOf(schema: z.ZodObject): [name: string, section: z.ZodObject][] {
  return Object.keys(schema.shape).flatMap((name) => {
    const section = sectionIn(schema, name)
    return section === null ? [] : [[name, section]]
  })
}

function sectionIn({ shape }: z.ZodObject, name: string): z.ZodObject | null {
  const inner = unwrapped(shape[name])
  return inner instanceof z.ZodObject ? inner : null
}

/** The type of an option without its default. */
function unwrapped(type: unknown): unknown {
  return type instanceof z.ZodDefault || type instanceof z.ZodPrefault || type instanceof z.ZodOptional ? unwrapped(type.unwrap()) : type
}

function expectation(schema: z.ZodObject, issue: z.core.$ZodIssue): string {
  // The schema brings its own message.
  if (issue.message.startsWith('expected')) return issue.message
  switch (issue.code) {
    case 'invalid_value':
      return `expected one of ${issue.values.join(', ')}`
    case 'too_small':
      if (issue.origin === 'string') return 'expected a text'
      if (issue.origin === 'array') return `expected ${issue.minimum} values`
      return `expected a number ${issue.inclusive === true ? 'of at least' : 'above'} ${issue.minimum}`
    case 'too_big':
      return issue.origin === 'array' ? `expected ${issue.maximum} values` : `expected a number of at most ${issue.maximum}`
    case 'invalid_type':
      return issue.expected === 'tuple'
        ? `expected ${tupleLength(schema, issue)} numbers`
        : `expected ${TYPES[issue.expected] ?? issue.expected}`
    case 'invalid_union':
      return 'expected a name or a whole number'
    default:
      return issue.message
  }
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'a text',
  object: 'an object of options',
}

/** Length of the tuple that a missing option must have. */
function tupleLength(schema: z.ZodObject, { path }: z.core.$ZodIssue): number {
  const section = sectionAt(schema, path.slice(0, -1).map(String))
  return (unwrapped(section.shape[String(path.at(-1))]) as z.ZodTuple).def.items.length
}

/** Describes an option by a text that names other options; `wordingOf` reads it. */
export function describedBy<Schema extends z.ZodType>(schema: Schema, wording: Wording): Schema {
  return schema.meta({ description: String(wording), wording })
}

/** The description of an option. */
export function wordingOf(schema: z.ZodType): string | Wording {
  const { wording, description } = schema.meta() ?? {}
  return wording instanceof Wording ? wording : (description ?? '')
}
