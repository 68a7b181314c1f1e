import type { Hooks } from './forward-hooks'
import { Members, internals, type WithMembers } from './members'

/** The state of a module besides its fields. */
export class Internals {
  readonly members: Members
  readonly preHooks: Hooks = new Map()
  readonly hooks: Hooks = new Map()
  private isAdopted = false

  constructor(
    owner: object,
    public training: boolean,
  ) {
    this.members = new Members(owner)
  }

  /** Finds the fields before the first call, so that later assignments are checked. */
  adoptOnce(): void {
    if (this.isAdopted) return
    this.isAdopted = true
    this.members.adopt()
  }
}

/** Adds internals to an object. */
export function giveInternals<M extends WithMembers>(module: M, training: boolean): M {
  const value = new Internals(module, training)
  return Object.defineProperty(module, internals, { value, enumerable: false, configurable: true, writable: true })
}
