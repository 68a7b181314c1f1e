/** A record of a forged archive; what is left out is as it should be. */
export interface ForgedRecord {
  readonly data: Buffer
  readonly method?: number
  readonly size?: number
  readonly compressedSize?: number
  readonly crc?: number
  /** Where the directory says that the record lies. */
  readonly offset?: number
  readonly flags?: number
}

export interface Forgery {
  /** What the end of the directory claims. */
  readonly count?: number
  readonly directoryOffset?: number
  readonly directorySize?: number
}

/** A zip archive of these records, with whatever lies its directory shall tell; checksums are left out. */
export function forgedZip(records: readonly (readonly [string, ForgedRecord])[], forgery: Forgery = {}): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const [name, record] of records) {
    const { data, method = 0, compressedSize = data.length, size = compressedSize, crc = 0, flags = 0 } = record
    const encoded = Buffer.from(name)
    const header = Buffer.alloc(30)
    header.writeUInt32LE(0x04034b50, 0)
    header.writeUInt16LE(method, 8)
    header.writeUInt16LE(encoded.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(flags, 8)
    entry.writeUInt16LE(method, 10)
    entry.writeUInt32LE(crc, 16)
    entry.writeUInt32LE(compressedSize, 20)
    entry.writeUInt32LE(size, 24)
    entry.writeUInt16LE(encoded.length, 28)
    entry.writeUInt32LE(record.offset ?? at, 42)
    parts.push(header, encoded, data)
    directory.push(entry, encoded)
    at += header.length + encoded.length + data.length
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(forgery.count ?? records.length, 8)
  end.writeUInt16LE(forgery.count ?? records.length, 10)
  end.writeUInt32LE(forgery.directorySize ?? listed.length, 12)
  end.writeUInt32LE(forgery.directoryOffset ?? at, 16)
  return Buffer.concat([...parts, listed, end])
}

/** A file of torch.save with this pickle and these storages. */
export function forgedFile(pickle: Buffer, storages: readonly Buffer[] = []): Buffer {
  return forgedZip([
    ['archive/data.pkl', { data: pickle }],
    ...storages.map((data, i) => [`archive/data/${i}`, { data }] as const),
    ['archive/version', { data: Buffer.from('3\n') }],
  ])
}

type Part = string | number | Buffer

/** A pickle of protocol 2: text as it is, numbers as bytes. */
export function pickleOf(...parts: readonly Part[]): Buffer {
  const bytes = parts.map((part) =>
    typeof part === 'number' ? Buffer.from([part]) : typeof part === 'string' ? Buffer.from(part, 'latin1') : part,
  )
  return Buffer.concat([Buffer.from([0x80, 2]), ...bytes, Buffer.from('.')])
}

/** The opcode and text of BINUNICODE. */
export function textOf(value: string): Buffer {
  const encoded = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(encoded.length)
  return Buffer.concat([Buffer.from('X'), length, encoded])
}

/** A non-negative int as BININT or LONG1. */
export function intOf(value: number): Buffer {
  const bytes = Buffer.alloc(10)
  bytes[0] = 0x8a
  bytes[1] = 8
  bytes.writeBigInt64LE(BigInt(value), 2)
  return bytes
}

/** A storage's persistent id. */
export function storageOf(length: number, key = '0', type = 'FloatStorage'): Buffer {
  return Buffer.concat([
    Buffer.from('('),
    textOf('storage'),
    Buffer.from(`ctorch\n${type}\n`),
    textOf(key),
    textOf('cpu'),
    intOf(length),
    Buffer.from('tQ'),
  ])
}

/** A call of `_rebuild_tensor_v2` on storage 0. */
export function tensorOf(parts: {
  length?: number
  offset?: number
  shape?: readonly number[]
  stride?: readonly number[]
  storage?: Buffer
}): Buffer {
  const tuple = (values: readonly number[]) => Buffer.concat([Buffer.from('('), ...values.map(intOf), Buffer.from('t')])
  const { length = 4, offset = 0, shape = [4], stride = [1], storage = storageOf(length) } = parts
  return Buffer.concat([
    Buffer.from('ctorch._utils\n_rebuild_tensor_v2\n('),
    storage,
    intOf(offset),
    tuple(shape),
    tuple(stride),
    Buffer.from([0x89]),
    Buffer.from('ccollections\nOrderedDict\n)RtR'),
  ])
}

/** A TorchScript file of one module, `__torch__.M`, with a parameter `w` of four numbers; what is left out is as it should be. */
export function forgedProgram(
  parts: {
    /** The lines of forward. */
    forward?: string
    /** Lines of the class after its attributes, and after the class. */
    attributes?: string
    after?: string
    /** Pickled values of further attributes. */
    values?: Readonly<Record<string, Buffer>>
    /** The pickle of `w`. */
    weight?: Buffer
    records?: readonly (readonly [string, ForgedRecord])[]
  } = {},
): Buffer {
  const {
    forward = '    return torch.add(x, self.w)',
    attributes = '',
    after = '',
    values = {},
    weight = tensorOf({}),
    records = [],
  } = parts
  const code = `class M(Module):
  __parameters__ = ["w", ]
  __buffers__ = []
  w : Tensor
  training : bool
${attributes}  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
${forward}
${after}`
  const entries = Object.entries({ w: weight, training: Buffer.from([0x88]), ...values }).flatMap(([name, value]) => [textOf(name), value])
  return forgedZip([
    ['m/data.pkl', { data: pickleOf('c__torch__\nM\n)', 0x81, '}(', ...entries, 'ub') }],
    ['m/data/0', { data: Buffer.from(Float32Array.of(1, 2, 3, 4).buffer) }],
    ['m/code/__torch__.py', { data: Buffer.from(code, 'latin1') }],
    ['m/constants.pkl', { data: pickleOf(')') }],
    ['m/version', { data: Buffer.from('3\n') }],
    ...records,
  ])
}

/** A value with the type that a program's writer notes for lists and dicts. */
export function taggedOf(value: Buffer, type: string): Buffer {
  return Buffer.concat([Buffer.from('ctorch.jit._pickle\nrestore_type_tag\n('), value, textOf(type), Buffer.from('tR')])
}
