import { ArgumentError } from '../../native'

/** Maximum number of dimensions of a tensor. */
const DEEPEST = 64

/** From this many arrays on, those that come again are skipped: `a = [a, a]` sixty times over is 2^60 arrays. */
const MANY = 100_000

/** Arrays of more elements are skipped when they come again, whatever their number. */
const LONG = 1000

/** Less than the greatest Set of JavaScript. */
const REMEMBERED = 2 ** 23

const isNumberArray = (value: unknown): boolean => ArrayBuffer.isView(value) && !(value instanceof DataView)

const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || isNumberArray(value)

/**
 * @internal The shape of nested arrays; `see` gets every element, or one of a typed array's.
 *
 * Nothing is allocated for the elements, and an array that comes many times is read once, so the time is bounded by what the caller holds.
 *
 * @throws ArgumentError for ragged arrays and more than 64 levels.
 */
export function shapeOf(data: unknown, see: (element: unknown) => void): number[] {
  const shape: number[] = []
  for (let level = data; isList(level); level = level[0]) {
    shape.push(level.length)
    if (shape.length > DEEPEST) throw new ArgumentError('nested arrays are more than 64 deep: a tensor has at most 64 dimensions')
  }
  let visits = 0
  const known = shape.map(() => new Set<unknown>())
  const visit = (value: unknown, depth: number): void => {
    const items = listAt(value, depth, shape)
    if (items === null) return see(value)
    if (++visits > MANY || items.length > LONG) {
      const before = known[depth]!
      if (before.has(items)) return
      if (before.size >= REMEMBERED) before.clear()
      before.add(items)
    }
    if (isNumberArray(items)) {
      if (depth < shape.length - 1) throw ragged(shape, depth + 1)
      if (items.length > 0) see(items[0])
      return
    }
    for (let i = 0; i < items.length; i++) visit(items[i], depth + 1)
  }
  visit(data, 0)
  return shape
}

/** @internal Calls `put` with every element in order; the arrays must still have the shape, for a getter may have changed them. */
export function eachElement(data: unknown, shape: readonly number[], put: (element: unknown) => void): void {
  const visit = (value: unknown, depth: number): void => {
    const items = listAt(value, depth, shape)
    if (items === null) return put(value)
    for (let i = 0; i < items.length; i++) visit(items[i], depth + 1)
  }
  visit(data, 0)
}

/** The array at a depth, or null for an element. */
function listAt(value: unknown, depth: number, shape: readonly number[]): ArrayLike<unknown> | null {
  const isInside = depth < shape.length
  if (isList(value) !== isInside) throw ragged(shape, depth)
  if (!isInside) return null
  const items = value as ArrayLike<unknown>
  if (items.length !== shape[depth]) throw ragged(shape, depth, items.length)
  return items
}

function ragged(shape: readonly number[], depth: number, length?: number): ArgumentError {
  const came = length === undefined ? 'another nesting' : `one of ${length}`
  return new ArgumentError(`nested arrays must be even: expected ${shape[depth] ?? 'no'} elements at depth ${depth} but received ${came}`)
}
