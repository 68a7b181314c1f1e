import { native } from '../native'
import { declared, read } from './call/declared'

const SET_NUM_THREADS = declared<{ threads: number }>('setNumThreads', 'threads:i<1..4096>')

/** Threads that one operator may use on the CPU. */
export function getNumThreads(): number {
  return native.getNumThreads()
}

export function setNumThreads(threads: number): void {
  native.setNumThreads(read(SET_NUM_THREADS, [threads]).threads)
}
