import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { explain } from '../vision/validation'
import { suggestion } from '../common/suggestions'
import { UsageError } from './exit'
import { flagName } from './flags'

type Options = Readonly<Record<string, unknown>>

/**
 * The options of a configuration file and those typed, which win, checked against their schema.
 *
 * @throws UsageError that names every wrong option where it stands, what was expected and what came.
 */
export function resolveOptions<Schema extends z.ZodObject>(schema: Schema, typed: Options, file: string | undefined): z.output<Schema> {
  const configured = file === undefined ? {} : withoutDryRun(file, readConfig(file))
  const given = { ...configured, ...typed }
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const nameOf = (key: string) => (key in typed || !(key in configured) ? flagName(key) : `${file}: ${key}`)
  const problems = result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => `${file}: unknown option '${key}'${suggestion(key, Object.keys(schema.shape))}`)
    const key = String(issue.path[0])
    return given[key] === undefined
      ? `${flagName(key)} is missing: ${schema.shape[key]!.description ?? 'it is required'}`
      : `${nameOf(key)}: ${explain(schema, issue, given[key])}`
  })
  const [first, ...others] = new Set(problems)
  throw new UsageError(others.length === 0 ? first! : ['wrong options:', first, ...others].join('\n  '))
}

/** A dry run's sizes are its own, and no one means them for a run. */
function withoutDryRun(file: string, { dryRun, ...configured }: Options): Options {
  if (dryRun === true && process.env['PIXELCL_DRY_RUN'] !== '1')
    throw new UsageError(
      `--config ${file} is of a dry run (PIXELCL_DRY_RUN=1), which has sizes of its own: take that of a whole run, or flags`,
    )
  return configured
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
    // Some editors write a byte order mark.
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new UsageError(`--config ${file} is not JSON: ${(error as Error).message}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Options
  throw new UsageError(
    `--config ${file}: expected an object of options, { "steps": 100, … }, but received ${Array.isArray(value) ? 'an array' : JSON.stringify(value)}`,
  )
}
