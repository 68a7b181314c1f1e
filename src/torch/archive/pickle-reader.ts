import { constants } from 'node:buffer'
import { FileError } from '../../native'
import { safeNumber } from '../tensor/values'
import { Budget, costs, Deferred, PickledDict, PickledObject, PickledTuple, PickleFunction, WholeFloat } from './pickle-values'

export interface PickleHandlers {
  /** Resolves a global to a PickleFunction or a value; throws FileError for an unknown one. */
  findGlobal(module: string, name: string): unknown
  /** Resolves a persistent id; in PyTorch's files it is a storage. */
  persistentLoad(id: unknown): unknown
  /** Receives every value that the pickle puts on its stack. */
  made?(value: unknown): void
}

/** The value of one pickle, and the offset of its end. */
export interface PickleResult {
  readonly value: unknown
  readonly end: number
}

/** The bytes end inside the pickle; reading may succeed with more bytes. */
export class PickleEnd extends FileError {
  constructor() {
    super('the pickle ends early: the file is truncated or damaged')
    this.name = 'FileError'
  }
}

const MAX_LONG = 1024

/**
 * Reads one pickle without running code from it: a closed set of opcodes, and only the functions that `handlers` resolves.
 *
 * The result still contains the classes of pickle-values for dicts, tuples and deferred values; `finish` converts it.
 *
 * @throws FileError for a damaged pickle, an unknown opcode or global, or excessive memory.
 * @see https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
export function readPickle(bytes: Buffer, handlers: PickleHandlers, start = 0): PickleResult {
  const machine = new PickleMachine(bytes, handlers, start)
  try {
    return machine.run()
  } catch (error) {
    if (error instanceof RangeError) throw new FileError(`the pickle is damaged: ${error.message}`, { cause: error })
    throw error
  }
}

type Step = (machine: PickleMachine) => void

class PickleMachine {
  private readonly stack: unknown[] = []
  private readonly marks: number[] = []
  private readonly memo = new Map<number, unknown>()
  private readonly budget: Budget

  constructor(
    private readonly bytes: Buffer,
    private readonly handlers: PickleHandlers,
    private at: number,
  ) {
    this.budget = new Budget(bytes.length - at)
  }

  run(): PickleResult {
    for (;;) {
      const opcode = this.take(1)[0]!
      if (opcode === STOP) return { value: this.pop(), end: this.at }
      const step = steps[opcode]
      if (step === undefined)
        throw new FileError(`the pickle has the opcode 0x${opcode.toString(16)} at byte ${this.at - 1}, which is not supported`)
      step(this)
    }
  }

  take(length: number): Buffer {
    if (length > this.bytes.length - this.at) throw new PickleEnd()
    const piece = this.bytes.subarray(this.at, this.at + length)
    this.at += length
    return piece
  }

  takeWide(): Buffer {
    return this.take(Number(this.take(8).readBigUInt64LE(0)))
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at)
    if (end < 0) throw new PickleEnd()
    return this.take(end + 1 - this.at)
      .toString('utf8')
      .slice(0, -1)
  }

  push(value: unknown): void {
    this.budget.charge(costs.value)
    this.handlers.made?.(value)
    this.stack.push(value)
  }

  pop(): unknown {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw new FileError('the pickle is damaged: it takes more than it put')
    return this.stack.pop()
  }

  top(): unknown {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw new FileError('the pickle is damaged: it takes more than it put')
    return this.stack[this.stack.length - 1]
  }

  mark(): void {
    this.marks.push(this.stack.length)
  }

  popMark(): unknown[] {
    const mark = this.marks.pop()
    if (mark === undefined) throw new FileError('the pickle is damaged: a mark is missing')
    return this.stack.splice(mark)
  }

  pushTuple(count: number): void {
    const items = Array.from({ length: count }, () => this.pop()).reverse()
    this.pushItems(items)
  }

  pushItems(items: readonly unknown[]): void {
    this.budget.charge(costs.tuple)
    this.push(new PickledTuple(items))
  }

  pushList(): void {
    this.budget.charge(costs.list)
    this.push([])
  }

  pushDict(): void {
    this.budget.charge(costs.dict)
    this.push(new PickledDict())
  }

  pushSet(items: readonly unknown[] = []): void {
    this.budget.charge(costs.dict)
    this.push(new Set(items))
  }

  pushBytes(bytes: Buffer): void {
    this.budget.charge(costs.bytes)
    this.push(Uint8Array.from(bytes))
  }

  put(index: number): void {
    if (index > this.bytes.length) throw new FileError(`the pickle is damaged: it numbers a value ${index}, more than it has bytes`)
    this.budget.charge(costs.memo)
    this.memo.set(index, this.top())
  }

  memoize(): void {
    this.put(this.memo.size)
  }

  get(index: number): void {
    if (!this.memo.has(index)) throw new FileError(`the pickle is damaged: it refers to value ${index}, which it did not make`)
    this.push(this.memo.get(index))
  }

  append(items: readonly unknown[]): void {
    const list = this.top()
    const target = list instanceof PickledObject ? list.items : list
    if (!Array.isArray(target)) throw new FileError('the pickle is damaged: it appends to something that is no list')
    for (const item of items) target.push(item)
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top()
    if (!(dict instanceof PickledDict || dict instanceof PickledObject))
      throw new FileError('the pickle is damaged: it sets items of something that is no dict')
    if (items.length % 2 !== 0) throw new FileError('the pickle is damaged: a key has no value')
    for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i], items[i + 1])
  }

  addItems(items: readonly unknown[]): void {
    const set = this.top()
    if (!(set instanceof Set)) throw new FileError('the pickle is damaged: it adds to something that is no set')
    for (const item of items) set.add(item)
  }

  global(module: string, name: string): void {
    this.budget.charge(costs.object)
    this.push(this.handlers.findGlobal(module, name))
  }

  stackGlobal(): void {
    const name = this.pop()
    const module = this.pop()
    if (typeof name !== 'string' || typeof module !== 'string') throw new FileError('the pickle is damaged: a global has no name')
    this.global(module, name)
  }

  /** REDUCE and NEWOBJ: calls one of the known functions with a tuple of arguments. */
  reduce(): void {
    const args = this.pop()
    const target = this.pop()
    if (!(target instanceof PickleFunction)) throw new FileError('the pickle calls something that is no known function')
    if (!(args instanceof PickledTuple)) throw new FileError(`the pickle is damaged: ${target.name} is not called with a tuple`)
    this.budget.charge(costs.object)
    this.push(target.call(args.items, this.budget))
  }

  reduceWithNames(): void {
    const names = this.pop()
    if (!(names instanceof PickledDict) || names.entries.size > 0)
      throw new FileError('the pickle calls a function with named arguments, which is not supported')
    this.reduce()
  }

  build(): void {
    const state = this.pop()
    const target = this.top()
    if (!(target instanceof PickledDict || target instanceof Deferred || target instanceof PickledObject)) {
      throw new FileError('the pickle gives a state to something that takes none')
    }
    target.build(state)
  }

  persistent(): void {
    this.push(this.handlers.persistentLoad(this.pop()))
  }

  float(): void {
    const value = this.take(8).readDoubleBE(0)
    this.push(Number.isInteger(value) ? new WholeFloat(value) : value)
  }
}

function long(bytes: Buffer): number | bigint {
  if (bytes.length > MAX_LONG) throw new FileError(`the pickle has an integer of ${bytes.length} bytes, more than ${MAX_LONG}`)
  if (bytes.length === 0) return 0
  const magnitude = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
  return safeNumber(BigInt.asIntN(bytes.length * 8, magnitude))
}

function text(bytes: Buffer): string {
  if (bytes.length > constants.MAX_STRING_LENGTH)
    throw new FileError(`the pickle has a text of ${bytes.length} bytes, more than a string may hold`)
  return bytes.toString('utf8')
}

/** A string of Python 2, which has one type for text and bytes: text if it is valid UTF-8, else bytes. */
function oldString(bytes: Buffer): string | Uint8Array {
  const decoded = text(bytes)
  return Buffer.from(decoded).equals(bytes) ? decoded : Uint8Array.from(bytes)
}

const STOP = 0x2e

const steps: Readonly<Record<number, Step>> = {
  0x80: (m) => void m.take(1), // PROTO
  0x95: (m) => void m.take(8), // FRAME
  0x28: (m) => m.mark(),
  0x30: (m) => void m.pop(),
  0x31: (m) => void m.popMark(),
  0x32: (m) => m.push(m.top()), // DUP
  0x4e: (m) => m.push(null),
  0x88: (m) => m.push(true),
  0x89: (m) => m.push(false),
  0x4b: (m) => m.push(m.take(1)[0]), // BININT1
  0x4d: (m) => m.push(m.take(2).readUInt16LE(0)),
  0x4a: (m) => m.push(m.take(4).readInt32LE(0)),
  0x8a: (m) => m.push(long(m.take(m.take(1)[0]!))), // LONG1
  0x8b: (m) => m.push(long(m.take(m.take(4).readUInt32LE(0)))),
  0x47: (m) => m.float(), // BINFLOAT
  0x58: (m) => m.push(text(m.take(m.take(4).readUInt32LE(0)))), // BINUNICODE
  0x8c: (m) => m.push(text(m.take(m.take(1)[0]!))),
  0x8d: (m) => m.push(text(m.takeWide())),
  0x55: (m) => m.push(oldString(m.take(m.take(1)[0]!))), // SHORT_BINSTRING
  0x54: (m) => m.push(oldString(m.take(m.take(4).readUInt32LE(0)))),
  0x43: (m) => m.pushBytes(m.take(m.take(1)[0]!)), // SHORT_BINBYTES
  0x42: (m) => m.pushBytes(m.take(m.take(4).readUInt32LE(0))),
  0x8e: (m) => m.pushBytes(m.takeWide()),
  0x96: (m) => m.pushBytes(m.takeWide()), // BYTEARRAY8
  0x29: (m) => m.pushItems([]), // EMPTY_TUPLE
  0x85: (m) => m.pushTuple(1),
  0x86: (m) => m.pushTuple(2),
  0x87: (m) => m.pushTuple(3),
  0x74: (m) => m.pushItems(m.popMark()), // TUPLE
  0x5d: (m) => m.pushList(), // EMPTY_LIST
  0x6c: (m) => m.push(m.popMark()), // LIST
  0x61: (m) => m.append([m.pop()]), // APPEND
  0x65: (m) => m.append(m.popMark()),
  0x7d: (m) => m.pushDict(), // EMPTY_DICT
  0x73: (m) => m.setItems([m.pop(), m.pop()].reverse()), // SETITEM
  0x75: (m) => m.setItems(m.popMark()),
  0x8f: (m) => m.pushSet(), // EMPTY_SET
  0x90: (m) => m.addItems(m.popMark()),
  0x91: (m) => m.pushSet(m.popMark()), // FROZENSET
  0x71: (m) => m.put(m.take(1)[0]!), // BINPUT
  0x72: (m) => m.put(m.take(4).readUInt32LE(0)),
  0x94: (m) => m.memoize(),
  0x68: (m) => m.get(m.take(1)[0]!), // BINGET
  0x6a: (m) => m.get(m.take(4).readUInt32LE(0)),
  0x63: (m) => m.global(m.line(), m.line()), // GLOBAL
  0x93: (m) => m.stackGlobal(),
  0x52: (m) => m.reduce(),
  0x81: (m) => m.reduce(), // NEWOBJ
  0x92: (m) => m.reduceWithNames(), // NEWOBJ_EX
  0x62: (m) => m.build(),
  0x51: (m) => m.persistent(), // BINPERSID
}
