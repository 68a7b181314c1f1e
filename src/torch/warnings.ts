import { native } from '../native'
import { declared, read } from './call/declared'

const SET_WARN_ALWAYS = declared<unknown>('setWarnAlways', 'b:b')

/**
 * Makes libtorch repeat its warnings; by default each is a process warning once. For tests of code that warns.
 *
 * @param b - true to repeat, false to warn once; other threads of the process are affected, too
 * @throws ArgumentError for what is neither true nor false.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.set_warn_always.html
 * @example
 * torch.setWarnAlways(true)
 * torch.isWarnAlwaysEnabled() // true
 * torch.setWarnAlways(false)
 */
export function setWarnAlways(b: boolean): void {
  read(SET_WARN_ALWAYS, [b])
  native.setWarnAlways(b)
}

/** Whether libtorch repeats its warnings. */
export function isWarnAlwaysEnabled(): boolean {
  return native.isWarnAlways()
}
