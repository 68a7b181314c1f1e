/**
 * What a name of a result is where Array has a method of that name: `values` of `x.max(1)` is the tensor, and calling it does not compile.
 *
 * It has to be assignable to Array's method, or TypeScript would no longer take the result for a tuple.
 */
export type ArrayMember = (this: never) => never

/** A tuple whose elements also have names; `Hidden` are those of Array's members that a name takes the place of. */
export type Results<Elements extends readonly unknown[], Hidden extends keyof Elements = never> = Omit<Elements, Hidden>
