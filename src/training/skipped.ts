import { printable } from '../common/text'

/** How many are named. */
const NAMED = 5

/** The first of what was skipped by its path, with the reasons, and how many more there are. */
export function firstSkipped(skipped: ReadonlyMap<string, string>): { named: (readonly [path: string, reason: string])[]; more: number } {
  const all = [...skipped].sort(([a], [b]) => (a < b ? -1 : 1))
  const named = all.slice(0, NAMED).map(([path, reason]) => [printable(path), printable(reason)] as const)
  return { named, more: all.length - named.length }
}
