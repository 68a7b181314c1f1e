import type { Hooks } from './forward-hooks'
import { Members, internals, type WithMembers } from './members'

/** What a module keeps beside its fields. */
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

  /** Looks for fields before the first call, so that assignments are checked from then on. */
  adoptOnce(): void {
    if (this.isAdopted) return
    this.isAdopted = true
    this.members.adopt()
  }
}

/** Gives an object internals of its own. */
export function giveInternals<M extends WithMembers>(module: M, training: boolean): M {
  const value = new Internals(module, training)
  return Object.defineProperty(module, internals, { value, enumerable: false, configurable: true, writable: true })
}
