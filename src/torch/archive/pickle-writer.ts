/** Writes values with the opcodes of protocol 2 that Python's `torch.load` accepts with `weights_only=True`. */
export class PickleWriter {
  private buffer = Buffer.allocUnsafe(64 * 1024)
  private length = 0
  private readonly memo = new Map<unknown, number>()

  constructor() {
    this.bytes(0x80, 2)
  }

  /** Ends the pickle and returns its bytes. */
  finish(): Buffer {
    this.bytes(STOP)
    return this.buffer.subarray(0, this.length)
  }

  bytes(...values: readonly number[]): void {
    this.reserve(values.length)
    for (const value of values) this.buffer[this.length++] = value
  }

  /** Writes a reference if the value was written before; returns whether it was. */
  recall(value: unknown): boolean {
    const index = this.memo.get(value)
    if (index === undefined) return false
    this.indexed(BINGET, LONG_BINGET, index)
    return true
  }

  /** Memoizes the value just written, so that `recall` finds it. */
  memoize(value: unknown): void {
    const index = this.memo.size
    this.memo.set(value, index)
    this.indexed(BINPUT, LONG_BINPUT, index)
  }

  none(): void {
    this.bytes(NONE)
  }

  bool(value: boolean): void {
    this.bytes(value ? NEWTRUE : NEWFALSE)
  }

  int(value: number | bigint): void {
    if (typeof value === 'bigint' || value < -(2 ** 31) || value >= 2 ** 31) this.long(BigInt(value))
    else if (value >= 0 && value < 256) this.bytes(BININT1, value)
    else if (value >= 0 && value < 65_536) this.bytes(BININT2, value & 255, value >> 8)
    else {
      this.bytes(BININT)
      this.length = this.room(4).writeInt32LE(value, this.length)
    }
  }

  float(value: number): void {
    this.bytes(BINFLOAT)
    this.length = this.room(8).writeDoubleBE(value, this.length)
  }

  string(text: string): void {
    if (this.recall(text)) return
    this.unicode(Buffer.from(text))
    this.memoize(text)
  }

  /** Writes bytes as text in latin-1 and a call that encodes it, because protocol 2 has no opcode for bytes. */
  binary(data: Uint8Array): void {
    this.call('_codecs', 'encode', () => {
      this.unicode(Buffer.from(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1')))
      this.string('latin1')
      this.bytes(TUPLE2)
    })
  }

  global(module: string, name: string): void {
    const line = `${module}\n${name}\n`
    const key = `global ${line}`
    if (this.recall(key)) return
    this.bytes(GLOBAL)
    this.raw(Buffer.from(line))
    this.memoize(key)
  }

  /** Calls a global with the tuple that `args` writes. */
  call(module: string, name: string, args: () => void): void {
    this.global(module, name)
    args()
    this.bytes(REDUCE)
  }

  /** A tuple of what `items` write. */
  tuple(items: readonly (() => void)[]): void {
    if (items.length === 0) return this.bytes(EMPTY_TUPLE)
    if (items.length > 3) this.bytes(MARK)
    for (const item of items) item()
    this.bytes([TUPLE1, TUPLE2, TUPLE3][items.length - 1] ?? TUPLE)
  }

  private long(value: bigint): void {
    const bits = (value < 0n ? -value - 1n : value).toString(2).length + 1
    const size = value === 0n ? 0 : Math.ceil(bits / 8)
    if (size > 255) throw new RangeError('an integer of more than 255 bytes')
    const digits = BigInt.asUintN(size * 8, value)
      .toString(16)
      .padStart(size * 2, '0')
    this.bytes(LONG1, size)
    this.raw(Buffer.from(size === 0 ? '' : digits, 'hex').reverse())
  }

  private unicode(encoded: Buffer): void {
    this.bytes(BINUNICODE)
    this.length = this.room(4).writeUInt32LE(encoded.length, this.length)
    this.raw(encoded)
  }

  private indexed(short: number, long: number, index: number): void {
    if (index < 256) return this.bytes(short, index)
    this.bytes(long)
    this.length = this.room(4).writeUInt32LE(index, this.length)
  }

  private raw(data: Buffer): void {
    this.reserve(data.length)
    data.copy(this.buffer, this.length)
    this.length += data.length
  }

  private room(bytes: number): Buffer {
    this.reserve(bytes)
    return this.buffer
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.length + bytes))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }
}

export const MARK = 0x28
const STOP = 0x2e
const NONE = 0x4e
const NEWTRUE = 0x88
const NEWFALSE = 0x89
const BININT = 0x4a
const BININT1 = 0x4b
const BININT2 = 0x4d
const LONG1 = 0x8a
const BINFLOAT = 0x47
const BINUNICODE = 0x58
const GLOBAL = 0x63
const REDUCE = 0x52
const BINGET = 0x68
const LONG_BINGET = 0x6a
const BINPUT = 0x71
const LONG_BINPUT = 0x72
const EMPTY_TUPLE = 0x29
const TUPLE = 0x74
const TUPLE1 = 0x85
const TUPLE2 = 0x86
const TUPLE3 = 0x87
export const EMPTY_LIST = 0x5d
export const APPENDS = 0x65
export const EMPTY_DICT = 0x7d
export const SETITEMS = 0x75
export const BUILD = 0x62
export const BINPERSID = 0x51
