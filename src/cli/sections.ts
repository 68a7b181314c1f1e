import type { z } from 'zod'
import { sectionsOf } from '../common/options'

/** Flat names of the options whose name within their section would be ambiguous. */
const KEYS: Readonly<Record<string, string>> = {
  'backbone.file': 'backbone',
  'data.folder': 'data',
  'optimizer.algorithm': 'optimizer',
  'schedule.shape': 'schedule',
}

/** An option with its names in the schema and on the command line. */
export interface Leaf {
  /** Its flat name: the flag in camelCase, and its key in a flat configuration file. */
  readonly key: string
  /** Its section; null if it is in none. */
  readonly section: string | null
  /** Its name in the section. */
  readonly name: string
  readonly schema: z.ZodType
}

type Values = Readonly<Record<string, unknown>>

/** The flat name of an option that a message names, such as `backbone.file` or `lr`. */
export function keyOf(name: string): string {
  return KEYS[name] ?? name.slice(name.lastIndexOf('.') + 1)
}

/** All options of a schema in order, including those in sections. */
export function leavesOf(schema: z.ZodObject): Leaf[] {
  const sections = new Map(sectionsOf(schema))
  return Object.entries(schema.shape).flatMap(([name, type]): Leaf[] => {
    const section = sections.get(name)
    if (section === undefined) return [{ key: keyOf(name), section: null, name, schema: type as z.ZodType }]
    return Object.entries(section.shape).map(([inner, innerType]) => ({
      key: keyOf(`${name}.${inner}`),
      section: name,
      name: inner,
      schema: innerType as z.ZodType,
    }))
  })
}

/** Options by flat name; the input may have sections or be flat already. Unknown names are kept. */
export function flattened(schema: z.ZodObject, options: Values): Record<string, unknown> {
  const sections = new Set(leavesOf(schema).map(({ section }) => section))
  const flat = Object.entries(options).flatMap(([name, value]) =>
    sections.has(name) && typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([inner, innerValue]) => [keyOf(`${name}.${inner}`), innerValue as unknown] as const)
      : [[name, value] as const],
  )
  return Object.fromEntries(flat)
}

/** Options grouped by section, from flat names; unknown names are dropped. */
export function inSections(schema: z.ZodObject, flat: Values): Record<string, unknown> {
  const nested: Record<string, unknown> = {}
  for (const { key, section, name } of leavesOf(schema)) {
    const target = section === null ? nested : ((nested[section] ??= {}) as Record<string, unknown>)
    if (Object.hasOwn(flat, key)) target[name] = flat[key]
  }
  return nested
}
