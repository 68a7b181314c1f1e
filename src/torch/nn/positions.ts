interface Container extends Iterable<unknown> {
  set(index: number, entry: never): unknown
}

/** Brackets reach this many entries; `at` and `set` reach all. V8 stores names with a sign slowly, and few are asked for. */
const FROM_START = 1024
const FROM_END = 64

function accessorAt(index: number): PropertyDescriptor {
  return {
    get(this: Container) {
      return [...this].at(index)
    },
    set(this: Container, entry: never) {
      this.set(index, entry)
    },
    configurable: true,
  }
}

/**
 * @internal Lets brackets read and replace the entries of a container by their positions, as in Python.
 *
 * The prototype has the accessors, so nothing is kept in step with the container's entries, and positions are no fields.
 *
 * @param isFieldEach - Whether entries are fields named by their positions; then only positions from the end are missing.
 */
export function givePositions(prototype: Container, isFieldEach = false): void {
  for (let index = -FROM_END; index < (isFieldEach ? 0 : FROM_START); index++) Object.defineProperty(prototype, index, accessorAt(index))
}
