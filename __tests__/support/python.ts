import { afterAll } from '@jest/globals'
import { existsSync, readFileSync } from 'node:fs'
import { type Socket, connect } from 'node:net'
import { join } from 'node:path'
import { native } from '../../src/native'
import { cacheFolder } from '../../src/native/load'
import { isTensor, wrap } from '../../src/torch/tensor/base'
import type { Tensor } from '../../src/torch/tensor/tensor'
import '../../src/torch/tensor/tensor'
import { temporary } from './files'
import { PYTHON_SOCKET } from './python-server'

/** The set-up's Python; throws if the set-up has not installed one. */
export function pythonPath(): string {
  const path = join(cacheFolder(), 'python', 'bin', 'python')
  if (!existsSync(path))
    throw new Error(
      `the set-up's Python is missing: expected ${path}. Run \`npm test\`, which installs it, or \`node scripts/setup.mjs --tests\``,
    )
  return path
}

interface Frame {
  readonly text: Buffer
  readonly payload: Buffer
}

/** The process of this test file, forked from the one that `python-server.ts` starts; it ends with the connection. */
class PythonProcess {
  private readonly socket: Socket
  /** What it prints. */
  private readonly errors = temporary('python-errors.txt')
  private received: Buffer[] = []
  private receivedLength = 0
  private waiting: { resolve: (frame: Frame) => void; reject: (error: Error) => void } | null = null

  constructor() {
    pythonPath()
    this.socket = connect(process.env[PYTHON_SOCKET]!)
    this.socket.on('data', (data: Buffer) => {
      this.received.push(data)
      this.receivedLength += data.length
      this.deliver()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      if (python === this) python = null
      this.waiting?.reject(new Error(`Python ended:\n${this.printed().slice(-4000)}`))
    })
    const env = { ...process.env, OMP_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' }
    this.send(JSON.stringify({ env, cwd: process.cwd(), errors: this.errors }), [])
  }

  exchange(text: string, payload: readonly Uint8Array[]): Promise<Frame> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
      this.send(text, payload)
    })
  }

  end(): void {
    this.socket.destroy()
  }

  private printed(): string {
    return existsSync(this.errors) ? readFileSync(this.errors, 'utf8') : ''
  }

  private send(text: string, payload: readonly Uint8Array[]): void {
    const encoded = Buffer.from(text)
    const header = Buffer.alloc(16)
    header.writeBigUInt64LE(BigInt(encoded.length), 0)
    header.writeBigUInt64LE(BigInt(payload.reduce((sum, part) => sum + part.length, 0)), 8)
    for (const part of [header, encoded, ...payload]) this.socket.write(part)
  }

  private deliver(): void {
    if (this.receivedLength < 16) return
    if (this.received[0]!.length < 16) this.received = [Buffer.concat(this.received)]
    const textLength = Number(this.received[0]!.readBigUInt64LE(0))
    const payloadLength = Number(this.received[0]!.readBigUInt64LE(8))
    if (this.receivedLength < 16 + textLength + payloadLength) return
    const whole = Buffer.concat(this.received)
    this.received = []
    this.receivedLength = 0
    const waiting = this.waiting
    this.waiting = null
    waiting?.resolve({ text: whole.subarray(16, 16 + textLength), payload: whole.subarray(16 + textLength) })
  }
}

let python: PythonProcess | null = null
let last: Promise<unknown> = Promise.resolve()

/**
 * Runs Python code with `torch`, `np` and the dict `inputs`, and returns the value that it assigns to `outputs`.
 *
 * Tensors, numbers, strings, arrays, plain objects, Maps and Uint8Arrays travel both ways, at any depth; a whole number is an int
 * and `torch.float(1)` a float. Calls share one process per test file and run in order, each in a new namespace.
 *
 * @throws Error with Python's traceback.
 * @example
 * const { y } = await runPython(`outputs = { 'y': inputs['x'] + 1 }`, { x: torch.ones([2]) })
 */
export function runPython<T extends object = Record<string, Tensor>>(
  code: string,
  inputs: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  const payload: Uint8Array[] = []
  const text = JSON.stringify({ code, inputs: encode(inputs, payload) })
  const answer = last.then(async () => {
    python ??= new PythonProcess()
    const frame = await python.exchange(text, payload)
    const result = JSON.parse(frame.text.toString()) as { outputs?: unknown; error?: string }
    if (result.error !== undefined) throw new Error(`Python: ${result.error}`)
    return decode(result.outputs, frame.payload) as T
  })
  last = answer.catch(() => {})
  return answer
}

afterAll(() => {
  python?.end()
  python = null
})

function put(data: Uint8Array, payload: Uint8Array[]): [number, number] {
  const start = payload.reduce((sum, part) => sum + part.length, 0)
  payload.push(data)
  return [start, data.length]
}

function encode(value: unknown, payload: Uint8Array[]): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $float: String(value) }
  if (typeof value === 'bigint') return { $int: String(value) }
  if (typeof value !== 'object') return value
  if (isTensor(value))
    return { $tensor: [value.dtype, value.shape, ...put(new Uint8Array(native.toBytes(value._h)), payload), value.requiresGrad] }
  if (Array.isArray(value)) return value.map((item) => encode(item, payload))
  if (value instanceof Uint8Array) return { $bytes: put(value, payload) }
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [encode(key, payload), encode(item, payload)]) }
  if ('float' in value && Object.keys(value).length === 1) return { $float: String(value.float) }
  return { $object: Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item, payload)])) }
}

interface Tagged {
  readonly $tensor?: [dtype: string, shape: number[], start: number, length: number, requiresGrad: boolean]
  readonly $bytes?: [start: number, length: number]
  readonly $float?: string
  readonly $int?: string
  readonly $map?: [unknown, unknown][]
  readonly $object?: Record<string, unknown>
}

function decode(value: unknown, payload: Buffer): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => decode(item, payload))
  const tagged = value as Tagged
  if (tagged.$tensor !== undefined) {
    const [dtype, shape, start, length, requiresGrad] = tagged.$tensor
    const tensor = wrap(native.fromBytes(new Uint8Array(payload.subarray(start, start + length)), shape, dtype))
    if (requiresGrad) tensor.requiresGrad = true
    return tensor
  }
  if (tagged.$bytes !== undefined) return new Uint8Array(payload.subarray(tagged.$bytes[0], tagged.$bytes[0] + tagged.$bytes[1]))
  if (tagged.$float !== undefined) return { inf: Infinity, '-inf': -Infinity, nan: NaN }[tagged.$float] ?? Number(tagged.$float)
  if (tagged.$int !== undefined) return BigInt(tagged.$int)
  if (tagged.$map !== undefined) return new Map(tagged.$map.map(([key, item]) => [decode(key, payload), decode(item, payload)]))
  return Object.fromEntries(Object.entries(tagged.$object ?? {}).map(([key, item]) => [key, decode(item, payload)]))
}
