import { TorchError, native } from '../native'

/** True where the loaded libtorch has CUDA and sees a device. */
export function isAvailable(): boolean {
  return native.cudaDeviceCount() > 0
}

export function deviceCount(): number {
  return native.cudaDeviceCount()
}

/** @internal Throws, where there is no CUDA, what is loaded and how to get one with it. */
export function requireCuda(): void {
  if (native.cudaDeviceCount() > 0) return
  const { version, loadedFrom, cudaBuilt } = native.buildInfo()
  const why = cudaBuilt ? 'it has CUDA, but no NVIDIA driver or device is seen' : 'it is a CPU build'
  throw new TorchError(
    `CUDA is not available: libtorch ${version} is loaded from ${loadedFrom}, and ${why}.\n` +
      'To get one: install the NVIDIA driver and run `npx pixelcl setup --force`, or `pip install torch==2.13.0` (a CUDA build) for a python3 on the path and LIBTORCH_USE_PYTORCH=1 npx pixelcl setup.',
    { code: 'CUDA_NOT_AVAILABLE' },
  )
}

function indexOf(device: number | string): number {
  requireCuda()
  return typeof device === 'number' ? device : Number(device.split(':')[1] ?? 0)
}

/** Waits until the device has done all its work. */
export function synchronize(device: number | string = 0): void {
  native.cudaSynchronize(indexOf(device))
}

/** Bytes that tensors hold on the device. */
export function memoryAllocated(device: number | string = 0): number {
  return native.cudaMemoryStats(indexOf(device)).allocated
}

/** Bytes that the caching allocator holds on the device. */
export function memoryReserved(device: number | string = 0): number {
  return native.cudaMemoryStats(indexOf(device)).reserved
}

export function maxMemoryAllocated(device: number | string = 0): number {
  return native.cudaMemoryStats(indexOf(device)).peakAllocated
}

export function resetPeakMemoryStats(device: number | string = 0): void {
  native.cudaResetPeak(indexOf(device))
}

/** Gives the caching allocator's free memory back to the device; without CUDA there is none. */
export function emptyCache(): void {
  native.cudaEmptyCache()
}
