import { z } from 'zod'
import { ArgumentError } from '../torch'
import { describe } from '../torch/internal'
import { suggestion } from '../common/suggestions'

export const probability = z.number().min(0).max(1)
export const positiveInt = z.number().int().positive()

/**
 * Checks options against a strict schema.
 *
 * @throws ArgumentError that names every wrong option, what was expected and what came, and for an unknown key the one that was meant.
 */
export function parseOptions<Schema extends z.ZodObject>(schema: Schema, options: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(options)
  if (result.success) return result.data
  const known = Object.keys(schema.shape)
  if (typeof options !== 'object' || options === null) {
    const required = known.filter((name) => !schema.shape[name]!.safeParse(undefined).success)
    throw new ArgumentError(`${what}: expected an object with ${required.join(', ') || 'options'} but received ${describe(options)}`)
  }
  const problems = result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `unknown option '${key}'${suggestion(key, known)}`)
    const came = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], options)
    return [`${issue.path.join('.')}: ${explain(schema, issue, came)}`]
  })
  throw new ArgumentError(`${what} received wrong options:\n  ${problems.join('\n  ')}`)
}

/** What zod found wrong with an option of the schema, as 'expected … but received …'. */
export function explain(schema: z.ZodObject, issue: z.core.$ZodIssue, came: unknown): string {
  return `${expectation(schema, issue)} but received ${describe(came)}`
}

function expectation(schema: z.ZodObject, issue: z.core.$ZodIssue): string {
  // The schema's own words.
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
}

/** How many values the option holds that is not even a list. */
function tupleLength(schema: z.ZodObject, { path }: z.core.$ZodIssue): number {
  let option = schema.shape[String(path[0])]
  while (option instanceof z.ZodDefault || option instanceof z.ZodOptional) option = option.unwrap() as z.ZodType
  return (option as z.ZodTuple).def.items.length
}
