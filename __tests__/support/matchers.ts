import { expect } from '@jest/globals'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isTensor } from '../../src/torch/tensor/base'
import type { Tensor } from '../../src/torch/tensor/tensor'
import { isClose } from './close'

const root = join(__dirname, '..', '..')

export interface Tolerance {
  /** Default: PyTorch's for the received tensor's dtype (float32: 1.3e-6 and 1e-5, float64: both 1e-7). */
  rtol?: number
  atol?: number
}

type Values = Tensor | number | bigint | boolean | readonly Values[]

declare module 'expect' {
  interface Matchers<R> {
    /** Same shape, and every element within `atol + rtol · |expected|`; NaN equals NaN. */
    toBeAllclose(expected: Values, tolerance?: Tolerance): R
    /** Same dtype, shape and values; NaN equals NaN. */
    toEqualTensor(expected: Tensor): R
    /** The text of a committed file, by its path from the package's root; `npm test -- <test file> -u` updates it. */
    toMatchFile(path: string): R
  }
}

const tolerances: Readonly<Record<string, Required<Tolerance>>> = {
  float16: { rtol: 1e-3, atol: 1e-5 },
  bfloat16: { rtol: 1.6e-2, atol: 1e-5 },
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  complex64: { rtol: 1.3e-6, atol: 1e-5 },
  float64: { rtol: 1e-7, atol: 1e-7 },
  complex128: { rtol: 1e-7, atol: 1e-7 },
}

interface Flat {
  readonly dtype: string
  readonly shape: readonly number[]
  /** Elements in order, complex ones interleaved. */
  readonly data: ArrayLike<number | bigint>
}

function flat(value: unknown): Flat {
  if (isTensor(value)) return { dtype: value.dtype, shape: value.shape, data: value.detach().toTypedArray() }
  const shape: number[] = []
  for (let level = value; Array.isArray(level); level = (level as unknown[])[0]) shape.push(level.length)
  const elements = (Array.isArray(value) ? value.flat(Infinity) : [value]) as (number | bigint | boolean)[]
  if (elements.some((element) => !['number', 'bigint', 'boolean'].includes(typeof element)))
    throw new TypeError('expected a Tensor, a number or nested arrays of numbers')
  return { dtype: 'number', shape, data: elements.map(Number) }
}

function positionOf(index: number, { shape, data }: Flat): string {
  const elements = shape.reduce((product, size) => product * size, 1)
  let rest = Math.floor(index / Math.max(1, data.length / elements))
  const position = [...shape].reverse().map((size) => {
    const at = rest % size
    rest = Math.floor(rest / size)
    return at
  })
  return `[${position.reverse().join(', ')}]`
}

interface Difference {
  readonly count: number
  readonly worst: number
}

function compare(received: Flat, expected: Flat, rtol: number, atol: number): Difference {
  let count = 0
  let worst = -1
  let excess = -1
  for (let i = 0; i < received.data.length; i++) {
    const a = received.data[i]!
    const b = expected.data[i]!
    if (a === b) continue
    const x = Number(a)
    const y = Number(b)
    if (Number.isNaN(x) && Number.isNaN(y)) continue
    const error = Math.abs(x - y) - (rtol * Math.abs(y) + atol)
    // Comparisons with NaN are false, so NaN against a number counts as the largest error.
    if (error <= 0 && Number.isFinite(y)) continue
    count++
    const rank = Number.isNaN(error) ? Infinity : error
    if (rank <= excess) continue
    worst = i
    excess = rank
  }
  return { count, worst }
}

function report(received: unknown, expected: unknown, options: Tolerance | null): { pass: boolean; message: () => string } {
  if (!isTensor(received)) return { pass: false, message: () => `expected a Tensor but received ${String(received)}` }
  const a = flat(received)
  const b = flat(expected)
  if (options === null && a.dtype !== b.dtype) return { pass: false, message: () => `expected dtype ${b.dtype} but received ${a.dtype}` }
  if (a.shape.join() !== b.shape.join())
    return { pass: false, message: () => `expected shape [${b.shape.join(', ')}] but received [${a.shape.join(', ')}]` }
  const usual = options === null ? undefined : tolerances[a.dtype]
  const rtol = options?.rtol ?? (options?.atol === undefined ? (usual?.rtol ?? 0) : 0)
  const atol = options?.atol ?? (options?.rtol === undefined ? (usual?.atol ?? 0) : 0)
  const { count, worst } =
    isTensor(expected) && isClose(received, expected, rtol, atol) ? { count: 0, worst: -1 } : compare(a, b, rtol, atol)
  if (count === 0)
    return {
      pass: true,
      message: () => `expected the tensors to differ (rtol ${rtol}, atol ${atol}), but they are ${options === null ? 'equal' : 'close'}`,
    }
  const [x, y] = [a.data[worst]!, b.data[worst]!]
  const difference = Math.abs(Number(x) - Number(y))
  return {
    pass: false,
    message: () =>
      `${count} of ${a.data.length} elements differ (${a.dtype} [${a.shape.join(', ')}]). Worst at ${positionOf(worst, a)}: ` +
      `expected ${y} but received ${x}, off by ${difference} (relative ${difference / Math.abs(Number(y))}; allowed rtol ${rtol}, atol ${atol})`,
  }
}

expect.extend({
  toBeAllclose(received: unknown, expected: unknown, tolerance: Tolerance = {}) {
    return report(received, expected, tolerance)
  },
  toEqualTensor(received: unknown, expected: unknown) {
    return report(received, expected, null)
  },
  toMatchFile(received: unknown, name: unknown) {
    const path = join(root, String(name))
    if (updatesSnapshots) writeFileSync(path, String(received))
    const text = existsSync(path) ? readFileSync(path, 'utf8') : null
    const difference = this.utils.diff(text ?? '', received)
    return { pass: text === received, message: () => `${String(name)} should be written anew, with -u:\n${difference ?? ''}` }
  },
})
