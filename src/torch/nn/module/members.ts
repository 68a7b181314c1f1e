import { ArgumentError } from '../../../native'
import { isTensor, keep } from '../../tensor/base'
import { describe } from '../../../common/describe'
import { Parameter } from '../parameter'
import { checkName, savedName } from './names'

/** The key of a module's `Internals`. */
export const internals = Symbol('internals')

/** @internal Whether a value is a Module. */
export function isModule(value: unknown): value is WithMembers {
  return typeof value === 'object' && value !== null && internals in value
}

export type Kind = 'parameter' | 'buffer' | 'module'

export interface Member {
  /** The name of the field, or the registered name. */
  readonly name: string
  readonly kind: Kind
  /** The property that holds the value: a hidden one, or the field itself if it cannot be redefined. */
  readonly slot: PropertyKey
  /** For buffers: whether the state dict includes it. */
  readonly isPersistent: boolean
  /** False for names that are not properties of the module, such as a Sequential's numbers. */
  readonly isField: boolean
  /** The default name in state dicts. */
  readonly pythonName: string
  /** The name in state dicts, which follows the spelling of the last loaded one. */
  savedName: string
}

interface Accessor {
  readonly slot: symbol
  readonly descriptor: PropertyDescriptor
}

export interface WithMembers {
  readonly [internals]: { readonly members: Members }
}

type Owner = Record<PropertyKey, unknown> & WithMembers

/**
 * One accessor per field name, shared by all modules, so that V8 gives modules of one class the same hidden class. Each value is in a hidden
 * property, which takes half the time of a Map.
 */
const accessors = new Map<string, Accessor>()

function accessorFor(name: string): Accessor {
  const known = accessors.get(name)
  if (known !== undefined) return known
  const slot = Symbol(name)
  const descriptor: PropertyDescriptor = {
    get(this: Owner) {
      return this[slot]
    },
    set(this: Owner, value: unknown) {
      this[internals].members.assign(name, value)
    },
    enumerable: true,
    configurable: true,
  }
  const accessor = { slot, descriptor }
  accessors.set(name, accessor)
  return accessor
}

const EXPECTED: Readonly<Record<Kind, string>> = {
  parameter: 'a Parameter or null',
  buffer: 'a Tensor or null',
  module: 'a Module or null',
}

/**
 * The parameters, buffers and children of one module, in the order in which their names appeared on it.
 *
 * JavaScript does not report class fields, so `adopt` looks for new ones before members are read and turns them into accessors, which reject the
 * values that Python's `__setattr__` rejects.
 */
export class Members {
  /** Members in order; null for a field that is not a member, which keeps its place in case it becomes one. */
  private readonly places = new Map<string, Member | null>()
  private readonly bySavedName = new Map<string, Member>()
  /** Number of members that are not fields. */
  private registeredOnly = 0

  constructor(private readonly owner: object) {}

  private get fields(): Owner {
    return this.owner as Owner
  }

  /** Finds fields that were assigned, redeclared or deleted since the last call. */
  adopt(): void {
    const { fields, places } = this
    const keys = Object.keys(fields)
    for (const key of keys) {
      const value = fields[key]
      const member = places.get(key)
      if (member === undefined || member === null) {
        // The value of a user's accessor is not a field.
        const isMember = (value instanceof Parameter || isModule(value)) && 'value' in Object.getOwnPropertyDescriptor(fields, key)!
        if (isMember) this.assign(key, value)
        else if (member === undefined) places.set(key, null)
      } else if (!member.isField || value !== fields[member.slot]) {
        // A data property replaced the accessor, because a subclass redeclared the field, or the name was registered without a field.
        this.assign(key, value)
      }
    }
    if (places.size - this.registeredOnly > keys.length) this.forgetDeleted()
  }

  private forgetDeleted(): void {
    for (const [name, member] of this.places) {
      if (member?.isField === false || Object.hasOwn(this.fields, name)) continue
      this.places.delete(name)
      if (member !== null) this.bySavedName.delete(member.savedName)
    }
  }

  /**
   * Sets a field as Python's `__setattr__` does.
   *
   * @throws ArgumentError for a value that cannot replace a parameter, a buffer or a child.
   */
  assign(name: string, value: unknown): void {
    const member = this.places.get(name) ?? null
    const kind = this.kindOf(member, value)
    if (kind === null) this.refuse(name, member!, value)
    if (isTensor(value)) keep(value)
    const isPersistent = member?.kind === kind ? member.isPersistent : true
    this.put({ ...namesOf(name, member), kind, isPersistent, isField: true }, value)
  }

  /** The kind that a value has under a name; null if the name's member cannot hold it. */
  private kindOf(member: Member | null, value: unknown): Kind | null {
    if (value instanceof Parameter) return 'parameter'
    if (isModule(value) && member?.kind !== 'parameter') return 'module'
    if (member === null) return null
    const isFitting = value === null || (member.kind === 'buffer' && isTensor(value))
    return isFitting ? member.kind : null
  }

  private refuse(name: string, { kind }: Member, value: unknown): never {
    const remedy =
      kind === 'parameter' && isTensor(value)
        ? `: to change its values write ${name}.data = …, for a new parameter new torch.nn.Parameter(tensor)`
        : value === undefined
          ? `: a class that declares the field again without a value, as ${name};, does this: write declare ${name}, or leave it out`
          : ''
    const what = kind === 'module' ? 'child' : kind
    throw new ArgumentError(
      `cannot assign ${describe(value)} as ${what} '${name}' of ${this.owner.constructor.name}: expected ${EXPECTED[kind]}${remedy}`,
    )
  }

  /** Registers a parameter or a buffer as a field, saved under Python's spelling of its name unless another is given. */
  register(kind: 'parameter' | 'buffer', name: string, value: unknown, isPersistent = true, spelling?: string): void {
    checkName(kind === 'buffer' ? 'registerBuffer' : 'registerParameter', name)
    const pythonName = spelling ?? savedName(name)
    this.adopt()
    const current = name in this.fields ? this.fields[name] : null
    if (current !== null && current !== undefined && !isTensor(current)) throw taken(name)
    if (isTensor(value)) keep(value)
    const known = this.places.get(name) ?? null
    const names = known === null ? { name, pythonName, savedName: pythonName } : namesOf(name, known)
    this.put({ ...names, kind, isPersistent, isField: true }, value)
  }

  /** Forgets a member or another field, and deletes it. */
  remove(name: string): void {
    const { fields, places } = this
    const member = places.get(name)
    places.delete(name)
    if (member?.isField !== false) Reflect.deleteProperty(fields, name)
    if (member === undefined || member === null) return
    Reflect.deleteProperty(fields, member.slot)
    this.bySavedName.delete(member.savedName)
    if (!member.isField) this.registeredOnly--
  }

  /** Registers a child, as a field if the name is free. */
  registerModule(name: string, value: object): void {
    checkName('registerModule', name)
    this.adopt()
    const own = Object.hasOwn(this.fields, name) ? this.fields[name] : null
    const member = this.places.get(name)
    if (own !== null && own !== undefined && member?.kind !== 'module') throw taken(name)
    // JavaScript orders properties with integer names before all others.
    const isField = member?.isField ?? (Object.hasOwn(this.fields, name) || !(name in this.fields || /^\d+$/.test(name)))
    const names = member === undefined || member === null ? { name, pythonName: name, savedName: name } : namesOf(name, member)
    this.put({ ...names, kind: 'module', isPersistent: true, isField }, value)
  }

  private put(given: Omit<Member, 'slot'>, value: unknown): void {
    const { name, kind, isPersistent, isField } = given
    const { fields, places } = this
    const known = places.get(name) ?? null
    const { slot: ownSlot, descriptor } = accessorFor(name)
    const isFixed = isField && !isOpen(fields, name)
    const slot = isFixed ? name : ownSlot
    if (known?.kind !== kind || known.isPersistent !== isPersistent || known.isField !== isField) {
      const member: Member = { ...given, slot }
      this.claim(member, known)
      if (known?.isField === false) this.registeredOnly--
      if (!isField) this.registeredOnly++
      places.set(name, member)
    }
    if (isFixed) return
    if (Object.hasOwn(fields, slot)) fields[slot] = value
    else Object.defineProperty(fields, slot, { value, writable: true, enumerable: false, configurable: true })
    if (isField && Object.getOwnPropertyDescriptor(fields, name)?.set !== descriptor.set) Object.defineProperty(fields, name, descriptor)
  }

  /** Rejects a second field with the same name in state dicts. */
  private claim(member: Member, before: Member | null): void {
    const other = this.bySavedName.get(member.savedName)
    if (other !== undefined && other !== before) {
      throw new ArgumentError(
        `'${other.name}' and '${member.name}' of ${this.owner.constructor.name} would both be saved as '${member.savedName}': rename one of them`,
      )
    }
    this.bySavedName.set(member.savedName, member)
  }

  /** The members of a kind that are not null, with their values. */
  *of(kind: Kind): IterableIterator<readonly [Member, unknown]> {
    this.adopt()
    for (const member of this.places.values()) {
      if (member === null || member.kind !== kind) continue
      const value = this.fields[member.slot]
      if (value !== null && value !== undefined) yield [member, value]
    }
  }

  /** All own string properties and registered names in order, with their members. */
  all(): ReadonlyMap<string, Member | null> {
    this.adopt()
    return this.places
  }

  valueOf({ slot }: Member): unknown {
    return this.fields[slot]
  }

  /** The member saved under this name. */
  savedAs(name: string): Member | undefined {
    this.adopt()
    return this.bySavedName.get(name)
  }

  /** Changes the spelling of a member's name in state dicts. */
  respell(member: Member, name: string): void {
    if (this.bySavedName.has(name)) return
    this.bySavedName.delete(member.savedName)
    member.savedName = name
    this.bySavedName.set(name, member)
  }

  /** Copies a member from the original of a copied module. */
  copy(member: Member, value: unknown): void {
    this.put({ ...member }, value)
  }

  /** Reserves the place of a field that is not a member. */
  reserve(name: string): void {
    this.places.set(name, null)
  }
}

/** Whether a field can be replaced by an accessor and a hidden property, which `Object.freeze` prevents. */
function isOpen(fields: object, name: string): boolean {
  return Object.isExtensible(fields) && Object.getOwnPropertyDescriptor(fields, name)?.configurable !== false
}

function namesOf(name: string, member: Member | null): Pick<Member, 'name' | 'pythonName' | 'savedName'> {
  const { pythonName, savedName: saved } = member ?? { pythonName: savedName(name), savedName: savedName(name) }
  return { name, pythonName, savedName: saved }
}

function taken(name: string): ArgumentError {
  return new ArgumentError(`the name '${name}' is already taken by something else`)
}
