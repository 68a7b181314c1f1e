import { native } from '../native'
import { cudaIndex } from './tensor/device'

/** True where the loaded libtorch has CUDA and sees a device. */
export function isAvailable(): boolean {
  return native.cudaDeviceCount() > 0
}

export function deviceCount(): number {
  return native.cudaDeviceCount()
}

/** Waits until the device has done all its work. */
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

/** Gives the caching allocator's free memory back to the device; without CUDA there is none. */
export function emptyCache(): void {
  native.cudaEmptyCache()
}
