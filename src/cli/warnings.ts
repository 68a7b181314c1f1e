/** Gives the package's own warnings to `say` as lines; all others are printed as Node prints them. */
export function sayWarnings(say: (line: string) => void): void {
  const others = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning: Error & { code?: string }) => {
    if (warning.code?.startsWith('PIXELCL_') === true) say(`warning: ${warning.message}`)
    else for (const listener of others) listener(warning)
  })
}
