import type { Libtorch } from './stamp.cjs'

/**
 * The Python that a libtorch belongs to, by its path: the one that the set-up took it from, else the one beside its folder, else that of the
 * cache; null if there is none, as for a libtorch without Python.
 */
export function pythonOf(libtorch: Pick<Libtorch, 'path' | 'source'>, env?: Readonly<Record<string, string | undefined>>): string | null
