import { ArgumentError, TorchError, cudaAdvice, native } from '../native'
import { describe } from './call/describe'

/** Throws, where there is no CUDA, what is loaded and how to get one with it. */
export function requireCuda(): void {
  if (native.cudaDeviceCount() > 0) return
  throw new TorchError(cudaAdvice(native), { code: 'CUDA_NOT_AVAILABLE' })
}

/** The index of a CUDA device that is there. */
export function cudaIndex(device: number | string): number {
  requireCuda()
  const match = typeof device === 'number' ? device : /^cuda(?::(\d+))?$/.exec(device)
  const index = typeof match === 'number' ? match : Number(match?.[1] ?? (match === null ? NaN : 0))
  const count = native.cudaDeviceCount()
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new ArgumentError(`expected a CUDA device from 'cuda:0' to 'cuda:${count - 1}' but received ${describe(device)}`)
  }
  return index
}
