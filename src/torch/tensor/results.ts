/**
 * The type of a named result that hides a method of Array: `values` of `x.max(1)` is the tensor, and calling it does not compile.
 *
 * It must be assignable to Array's method, else TypeScript would not accept the result as a tuple.
 */
export type ArrayMember = (this: never) => never

/** A tuple whose elements also have names; `Hidden` lists the members of Array that a name hides. */
export type Results<Elements extends readonly unknown[], Hidden extends keyof Elements = never> = Omit<Elements, Hidden>
