import { ArgumentError, TorchError, cudaAdvice, native } from '../../native'
import { describe } from '../../common/describe'
import { isDevice, type Device } from './dtype'

/**
 * Checks the name of a device that is known only at run time, such as an option of the command line.
 *
 * @param device - A name such as `'cuda'` or `'cuda:1'`, or the index of a CUDA device.
 * @param index - Which of the devices of that type.
 * @throws ArgumentError for an invalid name; whether the device exists is checked when it is used.
 * @see https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.device
 * @example
 * torch.device('cuda', 1) // 'cuda:1'
 */
export function device(device: string | number, index?: number | null): Device {
  const received = [device, ...(index == null ? [] : [index])]
  const name = typeof device === 'number' ? `cuda:${device}` : received.every(isPlain) ? received.join(':') : null
  if (isDevice(name)) return name
  throw new ArgumentError(`device(): expected a device such as 'cpu', 'cuda' or 'cuda:0' but received ${received.map(describe).join(', ')}`)
}

const isPlain = (part: unknown): boolean => typeof part === 'string' || typeof part === 'number'

/** Throws an error without CUDA, which names the loaded libtorch and how to get one with CUDA. */
export function requireCuda(): void {
  if (native.cudaDeviceCount() > 0) return
  throw new TorchError(cudaAdvice(native), { code: 'CUDA_NOT_AVAILABLE' })
}

/** The index of an existing CUDA device. */
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
