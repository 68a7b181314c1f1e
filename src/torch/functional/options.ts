import type * as named from '../generated/declared/functional-signatures'

// What functions take by name behind their required arguments.
export type SplitOptions = Omit<named.SplitNamed, 'input' | 'splitSizeOrSections'>
export type StftOptions = Omit<named.StftNamed, 'input' | 'nFft'>
export type NormOptions = Omit<named.NormNamed, 'input'>
export type CdistOptions = Omit<named.CdistNamed, 'x1' | 'x2'>
export type CdistMode = NonNullable<named.CdistNamed['computeMode']>
export type TensordotOptions = Omit<named.TensordotNamed, 'a' | 'b'>
export type LuOptions = Omit<named.LuNamed, 'input'>
export type UniqueOptions = Omit<named.UniqueNamed, 'input'>
export type UniqueConsecutiveOptions = Omit<named.UniqueConsecutiveNamed, 'input'>
