import { spawnSync } from 'node:child_process'

/** Runs a command on a terminal of that width and returns what the terminal receives; python3 makes the terminal. */
export function onTerminal(columns: number, command: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const terminal = ['-c', 'import pty, sys; pty.spawn(sys.argv[1:])', '/bin/sh', '-c', `/bin/stty cols ${columns}; exec "$@"`, 'sh']
  const options = { env, encoding: 'utf8', input: '', timeout: 120_000 } as const
  return spawnSync(systemPython(), [...terminal, ...command], options).stdout.replaceAll('\r\n', '\n')
}

/** The interpreter itself, because a version manager's shim looks at the path that a test replaces. */
export function systemPython(): string {
  const { stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' })
  return stdout.trim()
}
