/** Whether a process of this machine runs. */
export function isRunning(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    // A process of another user may not be signalled, but it runs.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
