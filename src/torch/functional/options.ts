import type * as named from '../generated/declared/functional-signatures'

// What functions take by name behind their required arguments.
export type SplitOptions = Omit<named.SplitNamed, 'input' | 'splitSizeOrSections'>
export type StftOptions = Omit<named.StftNamed, 'input' | 'nFft'>
