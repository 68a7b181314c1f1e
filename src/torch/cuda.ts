import { native } from '../native'
import { cudaIndex } from './tensor/device'

/** Whether the loaded libtorch has CUDA and finds a device. */
export function isAvailable(): boolean {
  return native.cudaDeviceCount() > 0
}

export function deviceCount(): number {
  return native.cudaDeviceCount()
}

/** Waits until the device has finished all work. */
export function synchronize(device: number | string = 0): void {
  native.cudaSynchronize(cudaIndex(device))
}

/** Bytes that tensors hold on the device. */
export function memoryAllocated(device: number | string = 0): number {
  return native.cudaMemoryStats(cudaIndex(device)).allocated
}

/** Bytes that the caching allocator holds on the device. */
export function memoryReserved(device: number | string = 0): number {
  return native.cudaMemoryStats(cudaIndex(device)).reserved
}

export function maxMemoryAllocated(device: number | string = 0): number {
  return native.cudaMemoryStats(cudaIndex(device)).peakAllocated
}

export function resetPeakMemoryStats(device: number | string = 0): void {
  native.cudaResetPeak(cudaIndex(device))
}

/** Returns the caching allocator's free memory to the device; does nothing without CUDA. */
export function emptyCache(): void {
  native.cudaEmptyCache()
}
