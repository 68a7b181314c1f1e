import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { nearestName } from '../torch/dispatch/suggestion'
import { UsageError } from './exit'
import { flagName } from './flags'

type Options = Readonly<Record<string, unknown>>

/**
 * The options of a configuration file and those typed, which win, checked against their schema.
 *
 * @throws UsageError that names every wrong option where it stands, what was expected and what came.
 */
export function resolveOptions<Schema extends z.ZodObject>(schema: Schema, typed: Options, file: string | undefined): z.output<Schema> {
  const configured = file === undefined ? {} : readConfig(file)
  const given = { ...configured, ...typed }
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const nameOf = (key: string) => (key in typed || !(key in configured) ? flagName(key) : `${file}: ${key}`)
  const problems = result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(`${file}: `, key, Object.keys(schema.shape)))
    const key = String(issue.path[0])
    return given[key] === undefined
      ? `${flagName(key)} is missing: ${schema.shape[key]!.description ?? 'it is required'}`
      : `${nameOf(key)}: ${explain(issue, given[key])}`
  })
  const [first, ...others] = new Set(problems)
  throw new UsageError(others.length === 0 ? first! : ['wrong options:', first, ...others].join('\n  '))
}

function readConfig(file: string): Options {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageError(`--config ${file} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : message}`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`--config ${file} is not JSON: ${(error as Error).message}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Options
  throw new UsageError(
    `--config ${file}: expected an object of options, { "steps": 100, … }, but received ${Array.isArray(value) ? 'an array' : JSON.stringify(value)}`,
  )
}

function unknownKey(place: string, key: string, known: readonly string[]): string {
  const meant = nearestName(key, known)
  return `${place}unknown option '${key}'${meant === null ? `; known are ${known.join(', ')}` : ` (did you mean '${meant}'?)`}`
}

/** zod's finding in the words of the help. */
function explain(issue: z.core.$ZodIssue, came: unknown): string {
  const received = `but received ${typeof came === 'string' ? `'${came}'` : JSON.stringify(came)}`
  switch (issue.code) {
    case 'invalid_value':
      return `expected one of ${issue.values.join(', ')} ${received}`
    case 'too_small':
      if (issue.origin === 'string') return `expected a text ${received}`
      return `expected ${issue.origin === 'array' ? `${issue.minimum} values` : `a number ${issue.inclusive === true ? 'of at least' : 'above'} ${issue.minimum}`} ${received}`
    case 'too_big':
      return `expected ${issue.origin === 'array' ? `${issue.maximum} values` : `a number of at most ${issue.maximum}`} ${received}`
    case 'invalid_type':
      return `expected ${TYPES[issue.expected] ?? issue.expected} ${received}`
    case 'custom':
      return `${issue.message} ${received}`
    case 'invalid_union':
      return `${issue.message.startsWith('expected') ? issue.message : 'expected a name or a whole number'} ${received}`
    default:
      return `${issue.message} ${received}`
  }
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'a text',
  tuple: 'two numbers',
}
