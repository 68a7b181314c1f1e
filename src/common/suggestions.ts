/** ' (did you mean …?)' with the nearest known name, also for names in Python's spelling. */
export function suggestion(name: string, known: readonly string[]): string {
  return nearestHint(name, known) || (known.length > 0 ? `; known are ${known.join(', ')}` : '')
}

/** ' (did you mean …?)' with the nearest known name; empty if none is near. */
export function nearestHint(name: unknown, known: readonly string[]): string {
  const meant = typeof name === 'string' ? nearestName(name, known) : null
  return meant === null ? '' : ` (did you mean '${meant}'?)`
}

/** Names that are longer are no misspelling; comparing them takes time by the square of their length. */
const LONGEST_NAME = 100

/** The known name nearest to `name` in any spelling (camelCase, snake_case, kebab-case); null if none is near. */
export function nearestName(name: string, known: readonly string[]): string | null {
  const plain = (text: string) => text.replaceAll(/[_-]/g, '').toLowerCase()
  const exact = known.find((candidate) => plain(candidate) === plain(name))
  if (exact !== undefined) return exact
  if (name.length > LONGEST_NAME) return null
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(plain(candidate), plain(name)) }))
    .sort((a, b) => a.distance - b.distance)
  return nearest !== undefined && nearest.distance <= Math.max(2, name.length / 3) ? nearest.candidate : null
}

/** At most forty known names, nearest first. */
export function nearestFirst(name: string, known: readonly string[]): string {
  const sorted = known
    .map((candidate, i) => ({ candidate, i, distance: name.length > LONGEST_NAME ? 0 : editDistance(candidate, name) }))
    .sort((a, b) => a.distance - b.distance || a.i - b.i)
    .map(({ candidate }) => candidate)
  return `${sorted.slice(0, 40).join(', ')}${sorted.length > 40 ? ` and ${sorted.length - 40} more` : ''}`
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++)
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    previous = row
  }
  return previous[b.length]!
}
