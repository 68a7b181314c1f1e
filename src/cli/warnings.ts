import { OptionWarning, readAs } from '../common/wording'
import { asFlag } from './flags'

/** Passes the package's warnings to `say`; Node prints all others. */
export function sayWarnings(say: (line: string) => void): void {
  const others = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning: Error & { code?: string }) => {
    if (warning.code?.startsWith('PIXELCL_') === true)
      say(`warning: ${warning instanceof OptionWarning ? readAs(asFlag, warning.wording) : warning.message}`)
    else for (const listener of others) listener(warning)
  })
}
