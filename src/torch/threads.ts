import { native } from '../native'

/** Threads that one operator may use on the CPU. */
export function getNumThreads(): number {
  return native.getNumThreads()
}

export function setNumThreads(threads: number): void {
  native.setNumThreads(threads)
}
