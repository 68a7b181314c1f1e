import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { OptionError, parseOptions, wordingOf, type OptionProblem } from '../common/options'
import { describe } from '../common/describe'
import { suggestion } from '../common/suggestions'
import { printable, shortened } from '../common/text'
import { readAs } from '../common/wording'
import { UsageError } from './exit'
import { asFlag, flagName } from './flags'
import { flattened, inSections, keyOf, leavesOf } from './sections'

type Options = Readonly<Record<string, unknown>>

/** The options that were given, by section, and all of them with the schema's defaults. */
interface Merged<Schema extends z.ZodObject> {
  readonly given: z.input<Schema>
  readonly options: z.output<Schema>
}

/**
 * Merges the options of a configuration file with those of the command line, which take precedence, checks them and groups them by section.
 *
 * A file may hold options at the top level, named like the flags, or in sections.
 *
 * @throws UsageError that lists every wrong option with its source, what was expected and what was received.
 */
export function mergeOptions<Schema extends z.ZodObject>(schema: Schema, typed: Options, file: string | undefined): Merged<Schema> {
  const configured = withoutReplaced(typed, file === undefined ? {} : flattened(schema, withoutDryRun(file, readConfig(file))))
  const given = { ...configured, ...typed }
  const leaves = new Map(leavesOf(schema).map((leaf) => [leaf.key, leaf]))
  const unknown = Object.keys(given)
    .filter((key) => !leaves.has(key))
    .map((key) => `${file === undefined ? '' : `${file}: `}unknown option '${shortened(key)}'${suggestion(key, [...leaves.keys()])}`)
  const wordingIn = ({ path, kind, expected }: OptionProblem): string => {
    const key = keyOf(path.slice(0, leaves.get(path[0]!)?.section === null ? 1 : 2).join('.'))
    if (kind === 'missing') return `${flagName(key)} is missing: ${readAs(asFlag, wordingOf(leaves.get(key)!.schema)) || 'it is required'}`
    const where = key in typed || !(key in configured) ? flagName(key) : `${file}: ${key}`
    return `${where}: ${expected} but received ${describe(given[key])}`
  }
  const sections = inSections(schema, given)
  const { options, problems } = parsed(schema, sections)
  const wrong = [...new Set([...unknown, ...problems.map(wordingIn)])]
  if (wrong.length === 0) return { given: sections as z.input<Schema>, options: options! }
  throw new UsageError(wrong.length === 1 ? wrong[0]! : ['wrong options:', ...wrong].join('\n  '))
}

/** The merged options with the schema's defaults. */
export function resolveOptions<Schema extends z.ZodObject>(schema: Schema, typed: Options, file: string | undefined): z.output<Schema> {
  return mergeOptions(schema, typed, file).options
}

/** Two ways to set the length of a training. */
const LENGTHS = ['steps', 'epochs']

/** A length on the command line replaces the file's, which may be given the other way. */
function withoutReplaced(typed: Options, configured: Options): Options {
  if (LENGTHS.every((key) => typed[key] === undefined)) return configured
  return Object.fromEntries(Object.entries(configured).filter(([key]) => !LENGTHS.includes(key)))
}

function parsed<Schema extends z.ZodObject>(
  schema: Schema,
  options: Options,
): { options: z.output<Schema> | null; problems: readonly OptionProblem[] } {
  try {
    return { options: parseOptions(schema, options, 'options'), problems: [] }
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    return { options: null, problems: error.problems }
  }
}

/** Rejects the configuration of a dry run, whose tiny sizes make no sense in a real run. */
function withoutDryRun(file: string, { dryRun, ...configured }: Options): Options {
  if (dryRun === true && process.env['PIXELCL_DRY_RUN'] !== '1')
    throw new UsageError(
      `--config ${file} is of a dry run (PIXELCL_DRY_RUN=1), which has sizes of its own: take that of a whole run, or flags`,
    )
  return configured
}

const READ_FAILURES: Readonly<Record<string, string>> = { ENOENT: 'there is no such file', EISDIR: 'it is a folder' }

function readConfig(file: string): Options {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageError(`--config ${file} cannot be read: ${READ_FAILURES[code ?? ''] ?? message}`)
  }
  let value: unknown
  try {
    // Some editors write a byte order mark.
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new UsageError(`--config ${file} is not JSON: ${printable((error as Error).message)}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Options
  throw new UsageError(
    `--config ${file}: expected an object of options, { "steps": 100, … }, but received ${Array.isArray(value) ? 'an array' : JSON.stringify(value)}`,
  )
}
