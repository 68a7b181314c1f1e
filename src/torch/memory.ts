import { declared, read } from './call/declared'
import { native, type MemoryStats } from '../native'
import { collectInto, isTensor, keep } from './tensor/base'
import { sweepHooks } from './autograd/hooks'
import { checkSynchronous } from './call/synchronous'
import type { Tensor } from './tensor/tensor'

export type { MemoryStats } from '../native'

const SCOPE = declared<unknown>('scope', 'body:c')
const SET_CACHE_LIMIT = declared<{ bytes: number }>('setCacheLimit', 'bytes:i<0..>')

/**
 * Runs `body` and disposes the tensors made in it, except returned and kept ones.
 *
 * Tensors inside returned arrays, maps, sets and objects are kept. Disposing drops a handle only: graphs and views keep their storage.
 *
 * @throws ArgumentError when the function is async.
 * @example
 * torch.scope(() => torch.ones([2]).add(1).sum()).item() // 4
 */
export function scope<T>(body: () => T): T {
  read(SCOPE, [body])
  const made = new Set<Tensor>()
  const outer = collectInto(made)
  let result: T
  try {
    result = checkSynchronous(body(), 'scope')
  } catch (error) {
    collectInto(outer)
    for (const tensor of made) tensor.dispose()
    throw error
  }
  collectInto(outer)
  const kept = new Set<unknown>()
  gather(result, kept)
  for (const tensor of made) {
    if (!kept.has(tensor)) tensor.dispose()
    else outer?.add(tensor)
  }
  return result
}

function gather(value: unknown, into: Set<unknown>): void {
  if (typeof value !== 'object' || value === null || into.has(value)) return
  into.add(value)
  if (isTensor(value) || ArrayBuffer.isView(value)) return
  if (value instanceof Map) for (const entry of value) gather(entry, into)
  else if (value instanceof Set) for (const item of value) gather(item, into)
  else for (const item of Object.values(value)) gather(item, into)
}

export { keep }

/** Live tensors of this environment, bytes of CPU memory in use and kept for reuse, their peak and the limit of the cache. */
export function memoryStats(): MemoryStats {
  sweepHooks()
  return native.memoryStats()
}

/** Returns cached CPU memory to the system. */
export function emptyCache(): void {
  native.emptyCache()
}

/** Sets the maximum of freed CPU memory that is kept for reuse, in bytes; 0 keeps none. Default: a quarter of the machine's memory. */
export function setCacheLimit(bytes: number): void {
  native.setCacheLimit(read(SET_CACHE_LIMIT, [bytes]).bytes)
}

export function resetPeakMemory(): void {
  native.resetPeakBytes()
}
